"""PyTorch's answers for a narrow R3GAN at 64 pixels in float64: outputs, first gradients, R1's second gradients.

Writes Tests/NetworksTests/Reference/r3gan64.json. Weights, latents and images come from formula.py, in Saddle's layouts
and in the order in which Saddle declares them: filters [kh][kw][in / groups][out], images NHWC. Gradients likewise.
"""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from tools.reference import formula
from tools.reference.dcgan64 import Summary, write

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/NetworksTests/Reference/r3gan64.json"
BATCH, SIZE, CHANNELS, LATENT = 2, 64, 3, 8
WIDTHS = [32, 32, 32, 32, 16]  # from 4 x 4 pixels up
EXPANSION, GROUP_WIDTH, BLOCKS = 2, 16, 2


class Weights:
    """A player's parameters: made when they are first asked for, then handed out in the same order."""

    def __init__(self, player: str, tensors: list[Summary]) -> None:
        self.player, self.tensors = player, tensors
        self.named: dict[str, Tensor] = {}
        self.cursor = 0

    def next(self, *shape: int, kind: str = "filter") -> Tensor:
        name = f"{self.player}.{self.cursor}"
        self.cursor += 1
        if name not in self.named:
            self.named[name] = numbers(self.tensors, name, shape, kind).requires_grad_()
        return self.named[name]

    def filter(self, kernel: int, inputs: int, outputs: int) -> Tensor:
        return self.next(kernel, kernel, inputs, outputs).permute(3, 2, 0, 1)


def numbers(tensors: list[Summary], name: str, shape: tuple[int, ...], kind: str) -> Tensor:
    index = len(tensors)
    tensors.append({"index": index, "name": name, "kind": kind, "shape": list(shape)})
    return torch.from_numpy(formula.tensor(index, shape, kind)).double()


def resample(x: Tensor, doubling: bool) -> Tensor:
    """The filter 1 3 3 1 along both axes, of weight 1, zeros outside."""
    line = torch.tensor([1.0, 3, 3, 1], dtype=x.dtype) / 8
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 4, 4)
    if doubling:
        return F.conv_transpose2d(x, 4 * kernel, stride=2, padding=1, groups=x.shape[1])
    return F.conv2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


def block(x: Tensor, weights: Weights) -> Tensor:
    width, inner = x.shape[1], x.shape[1] * EXPANSION
    y = F.conv2d(x, weights.filter(1, width, inner), weights.next(inner, kind="beta"))
    y = F.conv2d(F.leaky_relu(y, 0.2), weights.filter(3, GROUP_WIDTH, inner), weights.next(inner, kind="beta"),
                 padding=1, groups=inner // GROUP_WIDTH)
    return x + F.conv2d(F.leaky_relu(y, 0.2), weights.filter(1, inner, width))


def stage(x: Tensor, weights: Weights) -> Tensor:
    for _ in range(BLOCKS):
        x = block(x, weights)
    return x


def generator(latents: Tensor, weights: Weights) -> Tensor:
    weights.cursor = 0
    basis, linear = weights.next(4, 4, WIDTHS[0]), weights.next(LATENT, WIDTHS[0])
    x = stage(basis.permute(2, 0, 1) * (latents @ linear)[:, :, None, None], weights)
    for width in WIDTHS[1:]:
        if width != x.shape[1]:
            x = F.conv2d(x, weights.filter(1, x.shape[1], width))
        x = stage(resample(x, doubling=True), weights)
    return F.conv2d(x, weights.filter(1, x.shape[1], CHANNELS))


def discriminator(images: Tensor, weights: Weights) -> Tensor:
    weights.cursor = 0
    x = stage(F.conv2d(images, weights.filter(1, CHANNELS, WIDTHS[-1])), weights)
    for width in reversed(WIDTHS[:-1]):
        x = resample(x, doubling=False)
        if width != x.shape[1]:
            x = F.conv2d(x, weights.filter(1, x.shape[1], width))
        x = stage(x, weights)
    basis = weights.next(4, 4, x.shape[1]).permute(2, 0, 1)[:, None]
    x = F.conv2d(x, basis, groups=x.shape[1]).flatten(1)
    return x @ weights.next(x.shape[1], 1)


def summary(values: Tensor, samples: int) -> Summary:
    """What a test compares: norms, sum, and elements spread by the golden ratio so that they meet every axis."""
    flat = values.detach().flatten()
    golden = torch.arange(1, samples + 1, dtype=torch.float64) * 0.6180339887498949 % 1
    indices = sorted({int(i) for i in golden * len(flat)})
    return {"count": len(flat), "sum": flat.sum().item(), "l1": flat.abs().sum().item(), "l2": flat.norm().item(),
            "max": flat.abs().max().item(), "indices": indices, "values": flat[indices].tolist()}


def nhwc(images: Tensor) -> Tensor:
    return images.permute(0, 2, 3, 1)


def main() -> None:
    tensors: list[Summary] = []
    latents = numbers(tensors, "latents", (BATCH, LATENT), "latent")
    images = numbers(tensors, "images", (BATCH, SIZE, SIZE, CHANNELS), "image").requires_grad_()
    g, d = Weights("generator", tensors), Weights("discriminator", tensors)

    fake = generator(latents, g)
    real_logits = discriminator(images.permute(0, 3, 1, 2), d)
    quantities = {"generator/output": summary(nhwc(fake), 64), "discriminator/real_logits": summary(real_logits, 16)}

    def gradients(prefix: str, loss: Tensor, weights: Weights) -> dict[str, Summary]:
        found = torch.autograd.grad(loss, list(weights.named.values()), retain_graph=True)
        rows = {f"{prefix}/{name}": summary(values, 8) for name, values in zip(weights.named, found)}
        return {f"loss/{prefix}": summary(loss, 1)} | rows

    # Relativistic pairing, and R1 with gamma 1.
    quantities |= gradients("discriminator_loss", F.softplus(discriminator(fake.detach(), d) - real_logits).mean(), d)
    quantities |= gradients("generator_loss", F.softplus(real_logits - discriminator(fake, d)).mean(), g)
    slopes, = torch.autograd.grad(real_logits.sum(), images, create_graph=True)
    quantities["r1/slopes"] = summary(slopes, 64)
    quantities |= gradients("r1", 0.5 * slopes.square().sum((1, 2, 3)).mean(), d)

    write({
        "about": "R3GAN at 64 pixels, width 32, in float64, made by tools/reference/run; layouts in tools/reference.",
        "torch": torch.__version__,
        "formula": {"scales": {kind: {"offset": o, "scale": s} for kind, (o, s) in formula.SCALES.items()}},
        "tolerance": {"relative": 1e-9, "rule": "values by max, l2 by l2, sum by l1"},
        "tensors": tensors,
        "quantities": quantities,
    }, OUTPUT)


if __name__ == "__main__":
    main()
