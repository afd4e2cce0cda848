"""PyTorch's answers for single layers in float64: outputs, first and second gradients, what they keep beside them.

Writes Tests/NetworksTests/Reference/layers.json, with all tensors in Saddle's layouts: dense weights [in][out], filters
[kh][kw][in][out] (transposed convolutions [kh][kw][out][in]), images NHWC. Every case makes two training passes over two
batches. With y the outputs of the second, `gradients` are those of the sum of y^3, `second` those of the squared norm of
the gradient of the sum of y^2 by the inputs; `inference` is the output for the first batch afterwards.
"""

import json
from pathlib import Path
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/NetworksTests/Reference/layers.json"
CLASSES, BATCH = 3, 4


class ConditionalBatchNorm(nn.Module):
    """BatchNorm2d whose scale and shift are rows of tables (Dumoulin et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gamma_table = nn.Embedding(CLASSES, channels)
        self.beta_table = nn.Embedding(CLASSES, channels)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        gamma, beta = (table(labels)[:, :, None, None] for table in (self.gamma_table, self.beta_table))
        return gamma * self.norm(x) + beta


class LatentBatchNorm(nn.Module):
    """BatchNorm1d whose scale and shift are linear in the last two of the inputs themselves (Brock et al. 2019)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(features, affine=False)
        self.gamma = nn.Linear(2, features, bias=False)
        self.beta = nn.Linear(2, features, bias=False)

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        return (1 + self.gamma(x[:, -2:])) * self.norm(x) + self.beta(x[:, -2:])


class ProjectionHead(nn.Module):
    """Miyato and Koyama 2018."""

    def __init__(self, features: int, wrap: Callable[[nn.Module], nn.Module]) -> None:
        super().__init__()
        self.psi = wrap(nn.Linear(features, 1))
        self.table = wrap(nn.Embedding(CLASSES, features))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.psi(x) + (self.table(labels) * x).sum(1, keepdim=True)


class Resampling(nn.Module):
    """Twice the size and back by the filter 1 3 3 1, zeros outside, convolutions before and between."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        self.second = nn.Conv2d(4, 6, 3, padding=1, groups=2)

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        line = torch.tensor([1.0, 3, 3, 1], dtype=x.dtype) / 8
        kernel = torch.outer(line, line)
        x = self.first(x)
        x = F.conv_transpose2d(x, 4 * kernel.expand(4, 1, 4, 4), stride=2, padding=1, groups=4)
        return F.conv2d(self.second(x), kernel.expand(6, 1, 4, 4), stride=2, padding=1, groups=6)


class MinibatchDeviation(nn.Module):
    """A convolution, and one more plane: how far samples i and i + 2 deviate from each other (Karras et al. 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        y = self.inner(x)
        deviations = []
        for pair in (y[0::2], y[1::2]):
            deviations.append((pair.var(0, unbiased=False) + 1e-8).sqrt().mean())
        plane = torch.stack(deviations * 2).view(-1, 1, 1, 1).expand(-1, 1, *y.shape[2:])
        return torch.cat([y, plane], 1)


class MinibatchDiscrimination(nn.Module):
    """Three kernels of two dimensions in openai/improved-gan's form (Salimans et al. 2016)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.theta_table = nn.Parameter(torch.empty(features, 6))
        self.log_length = nn.Parameter(torch.empty(6))
        self.bias = nn.Parameter(torch.empty(3))

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        m = (x @ (self.theta_table * self.log_length.exp() / self.theta_table.norm(dim=0))).view(len(x), 3, 2)
        rows = []
        for i in range(len(x)):
            others = torch.cat([m[:i], m[i + 1:]])
            rows.append(torch.exp(-(m[i] - others).abs().sum(2)).sum(0) + self.bias)
        return torch.cat([x, torch.stack(rows)], 1)


class Referenced(nn.Module):
    """Two convolutions behind leaky ReLUs, each normalized with a reference batch (Salimans et al. 2016)."""

    def __init__(self, is_virtual: bool) -> None:
        super().__init__()
        self.is_virtual = is_virtual
        self.inner = nn.ModuleList([nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.Conv2d(4, 2, 2, bias=False)])
        self.gamma = nn.ParameterList([torch.empty(4), torch.empty(2)])
        self.beta = nn.ParameterList([torch.empty(4), torch.empty(2)])
        generator = torch.Generator().manual_seed(9)
        self.register_buffer("reference", torch.randn(5, 3, 2, 3, generator=generator, dtype=torch.float64))

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        reference = self.reference
        for layer, gamma, beta in zip(self.inner, self.gamma, self.beta):
            reference, x = layer(F.leaky_relu(reference, 0.2)), layer(F.leaky_relu(x, 0.2))
            mean, square = reference.mean((0, 2, 3), keepdim=True), reference.square().mean((0, 2, 3), keepdim=True)
            share = 1 / (len(reference) + 1) if self.is_virtual else 0
            own, own_square = x.mean((2, 3), keepdim=True), x.square().mean((2, 3), keepdim=True)

            def normalized(x: Tensor, mean: Tensor, square: Tensor) -> Tensor:
                z = (x - mean) / (1e-2 + square - mean.square()).sqrt()
                return z * gamma[:, None, None] + beta[:, None, None]

            x = normalized(x, share * own + (1 - share) * mean, share * own_square + (1 - share) * square)
            reference = normalized(reference, mean, square)
        return x


class Unlabelled(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        return self.inner(x)


def to_saddle(values: Tensor, is_table: bool = False) -> Tensor:
    """Both kinds of filters, dense weights and tables of classes, in Saddle's order of axes."""
    if values.dim() == 4:
        return values.permute(2, 3, 1, 0)
    return values.T if values.dim() == 2 and not is_table else values


def image(values: Tensor) -> Tensor:
    return values.permute(0, 2, 3, 1) if values.dim() == 4 else values


def listed(values: Tensor) -> dict[str, Any]:
    values = values.detach()
    return {"shape": list(values.shape), "values": [float(f"{v:.13g}") for v in values.flatten().tolist()]}


def kept(module: nn.Module) -> list[dict[str, Any]]:
    """Reference batches, vectors of spectral normalization, means and variances, each in the order of the layers."""
    buffers = dict(module.named_buffers())
    vectors = [listed(b) for name, b in buffers.items() if name.endswith("weight_u")]
    means = [name for name in buffers if name.endswith("running_mean")]
    pairs = [torch.stack([buffers[name], buffers[name.replace("mean", "var")]]) for name in means]
    references = [listed(image(b)) for name, b in buffers.items() if name.endswith("reference")]
    return references + vectors + [listed(pair) for pair in pairs]


def case(name: str, module: nn.Module, shape: tuple[int, ...], order: tuple[str, ...]) -> dict[str, Any]:
    """One layer's answers; `order` names its parameters as Saddle declares them."""
    module.double()
    generator = torch.Generator().manual_seed(7)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    named = dict(module.named_parameters())
    assert sorted(order) == sorted(named), f"{name}: the parameters are {sorted(named)}"
    parameters = [named[key] for key in order]
    is_table = ["table" in key for key in order]
    row: dict[str, Any] = {
        "name": name, "parameters": [listed(to_saddle(p, t)) for p, t in zip(parameters, is_table)],
        "before": kept(module)}

    batches = [torch.randn(BATCH, *shape, generator=generator, dtype=torch.float64) for _ in range(2)]
    labels = torch.tensor([2, 0, 1, 0])
    row |= {"inputs": [listed(image(x)) for x in batches], "labels": labels.tolist()}
    module(batches[0], labels)
    x = batches[1].requires_grad_()
    y = module(x, labels)
    row |= {"output": listed(image(y)), "after": kept(module)}

    def saddle(gradients: tuple[Tensor | None, ...]) -> list[dict[str, Any]]:
        zeros = (g if g is not None else torch.zeros_like(p) for g, p in zip(gradients, parameters))
        return [listed(to_saddle(g, t)) for g, t in zip(zeros, is_table)]

    row["gradients"] = saddle(torch.autograd.grad((y**3).sum(), parameters, retain_graph=True))
    slope, = torch.autograd.grad((y**2).sum(), x, create_graph=True)
    row["slope"] = listed(image(slope))
    row["second"] = saddle(torch.autograd.grad((slope**2).sum(), parameters, allow_unused=True))

    # The vectors of spectral normalization move once more, as in a pass of Saddle's that stores nothing.
    for layer in module.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            layer.eval()
    row["inference"] = listed(image(module(batches[0], labels)))
    return row


def main() -> None:
    torch.manual_seed(3)
    one = ("inner.weight_orig", "inner.bias")
    referenced = tuple(f"{part}.{i}{rest}" for i in range(2)
                       for part, rest in (("inner", ".weight"), ("gamma", ""), ("beta", "")))
    rows = [
        case("spectral dense", Unlabelled(spectral_norm(nn.Linear(5, 3))), (5,), one),
        case("spectral convolution", Unlabelled(spectral_norm(nn.Conv2d(3, 4, 3, 2, 1))), (3, 5, 4), one),
        case("spectral transposed convolution", Unlabelled(spectral_norm(nn.ConvTranspose2d(3, 4, 4, 2, 1))), (3, 2, 3),
             one),
        case("conditional batch norm", ConditionalBatchNorm(3), (3, 2, 3),
             ("gamma_table.weight", "beta_table.weight")),
        case("latent batch norm", LatentBatchNorm(5), (5,), ("gamma.weight", "beta.weight")),
        case("projection head", ProjectionHead(5, lambda layer: layer), (5,),
             ("psi.weight", "psi.bias", "table.weight")),
        case("spectral projection head", ProjectionHead(5, spectral_norm), (5,),
             ("psi.weight_orig", "psi.bias", "table.weight_orig")),
        case("grouped convolution", Unlabelled(nn.Conv2d(4, 6, (3, 3), 2, 1, 2, groups=2)), (4, 5, 4),
             ("inner.weight", "inner.bias")),
        case("depthwise convolution", Unlabelled(nn.Conv2d(3, 6, 3, padding=1, groups=3)), (3, 4, 2),
             ("inner.weight", "inner.bias")),
        case("bilinear resampling", Resampling(), (3, 3, 2),
             ("first.weight", "first.bias", "second.weight", "second.bias")),
        case("minibatch standard deviation", MinibatchDeviation(), (3, 2, 3), ("inner.weight", "inner.bias")),
        case("minibatch discrimination", MinibatchDiscrimination(4), (4,), ("theta_table", "log_length", "bias")),
        case("virtual batch norm", Referenced(is_virtual=True), (3, 2, 3), referenced),
        case("reference batch norm", Referenced(is_virtual=False), (3, 2, 3), referenced),
    ]
    lines = [",\n     ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in row.items()) for row in rows]
    about = "Layers in float64, made by tools/reference/run; layouts in tools/reference/layers.py."
    head = f'"about": {json.dumps(about)},\n  "torch": {json.dumps(torch.__version__)}'
    OUTPUT.write_text("{\n  " + head + ',\n  "cases": [\n    {' + "},\n    {".join(lines) + "}\n  ]\n}\n")
    print(f"wrote {OUTPUT} ({OUTPUT.stat().st_size / 1024:.0f} KiB)")


if __name__ == "__main__":
    main()
