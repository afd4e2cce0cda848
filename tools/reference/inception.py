"""What pytorch-fid, torch-fidelity and torchvision see of two images with Inception-v3.

Writes Tests/FeaturesTests/Reference/inception.json: some features and logits of each, and torch-fidelity's metrics of
real images, the first of Fashion-MNIST's training and held-out ones. The weights are seeded and random,
and both sides compute them: tensor number i of the state dict in the order of names, without counters and the auxiliary
classifier, comes from formula.py. With --save FOLDER also writes the state dicts, as checkpoints are published.
"""

import argparse
import gzip
import json
import math
from collections import OrderedDict
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from tools.reference import formula, torchvision_alone  # noqa: F401  (before those that import torchvision)
from tools.reference import metrics
import pytorch_fid.inception
import torchvision
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchvision.models.inception import Inception3

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/FeaturesTests/Reference/inception.json"
SIZE = (40, 33)  # height and width of the images
SAMPLES = 64


# What becomes of the formula's values in [-0.5, 0.5), by how a tensor's name ends: offset and scale.
SCALES = {"bn.weight": (1.0, 0.4), "bn.bias": (0.1, 0.4), "bn.running_mean": (0.0, 0.4), "bn.running_var": (1.0, 0.8),
          "fc.weight": (0.0, 0.1), "fc.bias": (0.0, 1.0)}


def weight(index: int, name: str, shape: tuple[int, ...]) -> Tensor:
    """Filters keep the size of what they see (He et al. 2015); batch norm does a little to it."""
    role = ".".join(name.split(".")[-2:])
    offset, scale = (0.0, math.sqrt(24 / math.prod(shape[1:]))) if role == "conv.weight" else SCALES[role]
    return torch.from_numpy((offset + scale * formula.uniform(index, shape)).astype(np.float32))


def state(shapes: dict[str, tuple[int, ...]]) -> OrderedDict:
    names = sorted(name for name in shapes if "num_batches" not in name and not name.startswith("AuxLogits"))
    return OrderedDict((name, weight(i, name, shapes[name])) for i, name in enumerate(names))


def shapes(network: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def images() -> Tensor:
    """Two images, [2, 3, height, width], whose bytes come from the formula as those of resizers.py do."""
    bits = formula.splitmix64(np.arange(2 * 3 * math.prod(SIZE), dtype=np.uint64))
    return torch.from_numpy((bits >> np.uint64(56)).astype(np.uint8).reshape(2, *SIZE, 3)).permute(0, 3, 1, 2)


def summary(values: Tensor) -> dict:
    flat = values.double().flatten().numpy()
    golden = (np.arange(1, SAMPLES + 1) * 0.6180339887498949) % 1
    places = sorted({int(g * len(flat)) for g in golden})
    return {"count": len(flat), "largest": np.abs(flat).max(), "mean": flat.mean(), "places": places,
            "values": [float(f"{flat[p]:.9g}") for p in places]}


def by_pytorch_fid(weights: OrderedDict, x: Tensor) -> dict[str, Tensor]:
    """Features only: this port has no logits."""
    with mock.patch("pytorch_fid.inception.load_state_dict_from_url", lambda *_, **__: weights):
        network = pytorch_fid.inception.InceptionV3([3]).eval()
    return {"features": network(x.float() / 255)[0].flatten(1)}


def by_torch_fidelity(weights: OrderedDict, x: Tensor) -> dict[str, Tensor]:
    names = ["2048", "logits_unbiased", "logits"]
    with mock.patch("torch.load", lambda *_, **__: weights):
        network = FeatureExtractorInceptionV3("inception", names, feature_extractor_weights_path="weights")
    return dict(zip(("features", "unbiased", "logits"), network(x)))


def by_torchvision(weights: OrderedDict, x: Tensor) -> dict[str, Tensor]:
    """Images normalized as for torchvision's checkpoint, which the network itself undoes."""
    network = Inception3(aux_logits=False, transform_input=True, init_weights=False).eval()
    network.load_state_dict(weights, strict=False)
    pooled = []
    network.avgpool.register_forward_hook(lambda _, __, y: pooled.append(y.flatten(1)))
    x = torch.nn.functional.interpolate(x.float() / 255, size=(299, 299), mode="bilinear", align_corners=False)
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    logits = network((x - mean) / deviation)
    return {"features": pooled[0], "logits": logits}


def clothes(part: str, count: int) -> Tensor:
    """The first images of Fashion-MNIST in black frames: grey bytes three times, [count, 3, 32, 32]."""
    with gzip.open(f"/usr/share/datasets/fashion-mnist/{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + count * 784)[16:], np.uint8).reshape(count, 1, 28, 28)
    return torch.from_numpy(np.pad(pixels, ((0, 0), (0, 0), (2, 2), (2, 2)))).repeat(1, 3, 1, 1)


def metrics_of_clothes(weights: OrderedDict, count: int) -> dict:
    """As of a generator's samples: held-out images for them, training images for real ones."""
    samples, real = ({name: values.double() for name, values in by_torch_fidelity(weights, clothes(part, count)).items()}
                     for part in ("t10k", "train"))
    found = metrics.neighbours(real["features"], samples["features"], 3)
    return {"count": count, "frechet": metrics.frechet(samples["features"], real["features"]),
            "kernel": metrics.kernel(samples["features"], real["features"], 1, count)["mean"],
            "score": metrics.inception(samples["unbiased"], 1)["mean"],
            "precision": found["precision"], "recall": found["recall"]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.reference.inception", description=__doc__)
    parser.add_argument("--save", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    fid = state(shapes(Inception3(1008, aux_logits=False, init_weights=False)))
    vision = state(shapes(Inception3(1000, aux_logits=False, init_weights=False)))
    if options.save:
        options.save.mkdir(parents=True, exist_ok=True)
        # pt_inception is in torch.save's first format; torchvision's has the auxiliary classifier too.
        torch.save(fid, options.save / "first-format.pth", _use_new_zipfile_serialization=False)
        torch.save(fid, options.save / "fid.pth")
        whole = Inception3(1000, aux_logits=True, init_weights=False)
        whole.load_state_dict(vision, strict=False)
        torch.save(whole.state_dict(), options.save / "torchvision.pth")
    x = images()
    with torch.no_grad():
        seen = {"pytorch-fid": by_pytorch_fid(fid, x), "torch-fidelity": by_torch_fidelity(fid, x),
                "torchvision": by_torchvision(vision, x)}
        found = metrics_of_clothes(fid, 48)
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "pytorch-fid", "torch-fidelity", "torchvision"))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps({
        "source": f"tools/reference/inception.py, {versions}", "size": SIZE,
        "ports": {port: {what: summary(values) for what, values in found.items()} for port, found in seen.items()},
        "clothes": found,
    }) + "\n")
    print(f"clothes: {found}")
    for port, answers in seen.items():
        for what, values in answers.items():
            print(f"{port}: {what} {list(values.shape)}, {values.abs().mean():.3g} on average, "
                  f"the images differ by {(values[0] - values[1]).abs().mean():.3g}")


if __name__ == "__main__":
    main()
