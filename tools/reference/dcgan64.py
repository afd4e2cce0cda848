"""PyTorch's answers for DCGAN-64 in float64: outputs, first gradients, R1's second gradients, running statistics.

Writes Tests/NetworksTests/Reference/dcgan64.json. Weights, latents and images come from formula.py, in Saddle's
layouts: filters [kh][kw][in][out], where a transposed convolution from A to B maps is stored as the convolution whose
input gradient it is, [kh][kw][B][A]; images NHWC. Gradients are given in the same layouts.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tools.peers.dcgan import LATENT, discriminator, generator
from tools.peers.game import discriminator_loss, generator_loss
from tools.reference import formula

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/NetworksTests/Reference/dcgan64.json"
SIZE, CHANNELS = 64, 3
Summary = dict[str, Any]


def to_saddle(values: Tensor) -> Tensor:
    """Both kinds of PyTorch's filters, and its images, in Saddle's order of axes."""
    if values.dim() != 4:
        return values
    is_filter = values.shape[2:] == (4, 4)
    return values.permute(2, 3, 1, 0) if is_filter else values.permute(0, 2, 3, 1)


def summary(values: Tensor, samples: int) -> Summary:
    """What a test compares: norms, sum, and elements spread by the golden ratio so that they meet every axis."""
    flat = to_saddle(values.detach()).double().flatten().numpy()
    golden = (np.arange(1, samples + 1) * 0.6180339887498949) % 1
    indices = sorted({int(i) for i in golden * len(flat)})
    return {"count": len(flat), "sum": flat.sum(), "l1": np.abs(flat).sum(), "l2": np.sqrt((flat**2).sum()),
            "max": np.abs(flat).max(), "indices": indices, "values": flat[indices].tolist()}


class Run:
    """Every reference quantity in one precision."""

    def __init__(self, precision: torch.dtype, batch: int) -> None:
        self.precision = precision
        self.tensors: list[Summary] = []  # the list that gives each its index in the formula
        self.players = {"generator": generator(SIZE, CHANNELS), "discriminator": discriminator(SIZE, CHANNELS)}
        self.parameters: dict[str, dict[str, nn.Parameter]] = {}
        for player, network in self.players.items():
            network.to(precision)
            self.parameters[player] = self.fill(player, network)
        self.latents = self.next("latents", (batch, LATENT), "latent")[:, :, None, None]
        self.images = self.next("images", (batch, SIZE, SIZE, CHANNELS), "image").permute(0, 3, 1, 2)

    def next(self, name: str, shape: tuple[int, ...], kind: str) -> Tensor:
        index = len(self.tensors)
        self.tensors.append({"index": index, "name": name, "kind": kind, "shape": list(shape)})
        return torch.from_numpy(formula.tensor(index, shape, kind)).to(self.precision)

    def fill(self, player: str, network: nn.Module) -> dict[str, nn.Parameter]:
        """Sets the parameters, and gives them under the names that the file uses."""
        named = {}
        for name, layer in network.named_children():
            rows = {"gamma": layer.weight, "beta": layer.bias} if isinstance(layer, nn.BatchNorm2d) else \
                {"weight": layer.weight} if hasattr(layer, "weight") else {}
            for role, parameter in rows.items():
                full = f"{player}.{name}.{role}"
                shape = tuple(to_saddle(parameter).shape)
                values = self.next(full, shape, "filter" if role == "weight" else role)
                with torch.no_grad():
                    parameter.copy_(values.permute(3, 2, 0, 1) if role == "weight" else values)
                named[full] = parameter
        return named

    def gradients(self, prefix: str, loss: Tensor, player: str) -> dict[str, Summary]:
        wanted = self.parameters[player]
        found = torch.autograd.grad(loss, list(wanted.values()), retain_graph=True)
        return {f"{prefix}/{name}": summary(values, 16) for name, values in zip(wanted, found)}

    def running_statistics(self, player: str) -> dict[str, Summary]:
        return {f"running/{player}.{name}": summary(values, 16)
                for name, values in self.players[player].named_buffers() if "running" in name}

    def quantities(self) -> dict[str, Summary]:
        g, d = self.players["generator"], self.players["discriminator"]
        kinks = self.watch_kinks()
        fake = g(self.latents)
        results = {"generator/output": summary(fake, 64)} | self.running_statistics("generator")
        real_logits = d(self.images)
        results |= self.running_statistics("discriminator")  # after one batch, the images
        fake_logits = d(fake.detach())
        results |= {"discriminator/real_logits": summary(real_logits, 16),
                    "discriminator/fake_logits": summary(fake_logits, 16)}

        discriminator_loss = discriminator_loss(real_logits, fake_logits)
        results["loss/discriminator"] = summary(discriminator_loss, 1)
        results |= self.gradients("discriminator_loss", discriminator_loss, "discriminator")
        fooling = generator_loss(d(fake))
        results["loss/generator"] = summary(fooling, 1)
        results |= self.gradients("generator_loss", fooling, "generator")

        # R1 with gamma 1 (Mescheder et al. 2018), batch norm in training mode: half the mean squared norm.
        images = self.images.detach().requires_grad_()
        slopes, = torch.autograd.grad(d(images).sum(), images, create_graph=True)
        r1 = 0.5 * slopes.square().sum((1, 2, 3)).mean()
        results |= {"r1/image_gradient": summary(slopes, 64), "r1/penalty": summary(r1, 1)}
        results |= self.gradients("r1", r1, "discriminator")

        self.signs = torch.cat(kinks)
        g.eval()
        results["generator/inference_output"] = summary(g(self.latents), 64)  # running averages after one batch
        return results

    def watch_kinks(self) -> list[Tensor]:
        """Collects the sign of whatever meets a rectifier: one sign that rounding turns is a jump in the gradients."""
        signs: list[Tensor] = []
        for network in self.players.values():
            for layer in network:
                if isinstance(layer, (nn.ReLU, nn.LeakyReLU)):
                    layer.register_forward_hook(lambda _, inputs, __: signs.append(inputs[0].detach().flatten() > 0))
        return signs


def gap(a: Summary, b: Summary) -> dict[str, float]:
    """How far summary a is from b: elements by b's largest, the norm by the norm, the sum by the sum of magnitudes."""
    elements = max(abs(x - y) for x, y in zip(a["values"], b["values"]))
    differences = {"values": (elements, "max"), "l2": (abs(a["l2"] - b["l2"]), "l2"),
                   "sum": (abs(a["sum"] - b["sum"]), "l1")}
    # One gradient is exactly zero: R1's along the last shift, which moves no slope of a leaky rectifier.
    return {key: float(f"{difference / b[scale]:.1e}") if difference else 0.0
            for key, (difference, scale) in differences.items()}


def rounded(value: Any) -> Any:
    """Ten digits: more would change from machine to machine."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/python -m tools.reference.dcgan64", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=4, help="images and latents (default 4)")
    parser.add_argument("--out", type=Path, default=OUTPUT, help="the JSON file to write")
    options = parser.parse_args()

    torch.set_num_threads(1)  # the number of threads changes float32's rounding, and so the gaps in the file
    exact, single = Run(torch.float64, options.batch), Run(torch.float32, options.batch)
    quantities, approximate = exact.quantities(), single.quantities()
    gaps = {name: gap(approximate[name], quantities[name]) for name in quantities}
    for name, row in gaps.items():
        print(f"{name:45}", *(f"{key} {value:.1e}" for key, value in row.items()))
    flipped = int((exact.signs != single.signs).sum())
    worst = {key: max(row[key] for row in gaps.values()) for key in ("values", "l2", "sum")}
    print(f"worst {worst}; signs at rectifiers that differ: {flipped} of {exact.signs.numel()}")

    example = formula.tensor(2, (3,), "beta")
    document = {
        "about": "DCGAN-64 in float64, made by tools/reference/run; layouts and formula in tools/reference.",
        "torch": torch.__version__,
        "batch": options.batch,
        "formula": {
            "text": "offset + scale * ((splitmix64(index * 2^32 + element) >> 40) / 2^24 - 0.5), in double, then float",
            "scales": {kind: {"offset": o, "scale": s} for kind, (o, s) in formula.SCALES.items()},
            "example": {"index": 2, "kind": "beta", "values": example.astype(float).tolist()},
        },
        "tolerance": {
            "relative": 1e-5,
            "rule": "values by max, l2 by l2, sum by l1",
            "float32_gap": worst,
            "rectifier_signs_that_differ_in_float32": flipped,
        },
        "tensors": exact.tensors,
        "quantities": quantities,
    }
    write(document, options.out)


def write(document: dict[str, Any], path: Path) -> None:
    """One line a tensor and a quantity, so that a change shows as a short difference."""
    document = rounded(document)
    rows = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()
            if key not in ("tensors", "quantities")]
    rows.append('  "tensors": [\n    ' + ",\n    ".join(map(json.dumps, document["tensors"])) + "\n  ]")
    quantities = (f"{json.dumps(name)}: {json.dumps(row)}" for name, row in document["quantities"].items())
    rows.append('  "quantities": {\n    ' + ",\n    ".join(quantities) + "\n  }")
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    print(f"wrote {path} ({path.stat().st_size / 1024:.0f} KiB)")


if __name__ == "__main__":
    main()
