"""What torch-fidelity, prdc and pytorch-msssim say of features and images that the tests make again.

Writes Tests/EvaluationTests/Reference/metrics.json. Features and pixels come from one linear congruential generator in
whole numbers, so that both sides have the same without a file of them.
"""

import json
import re
from pathlib import Path

import numpy as np
import torch

from tools.reference import torchvision_alone  # noqa: F401  before those that import torchvision
from prdc import compute_prdc
from pytorch_msssim import ms_ssim
from pytorch_msssim.ssim import _fspecial_gauss_1d, _ssim
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/EvaluationTests/Reference/metrics.json"
WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def draws(seed: int):
    """Bytes: the upper ones of Numerical Recipes' generator."""
    state = seed
    while True:
        state = (state * 1664525 + 1013904223) % 2**32
        yield state >> 24


def features(count: int, width: int, seed: int, scale: float, shift: float) -> torch.Tensor:
    """Sums of four bytes about 0, each mixed with the one before it in its row: [count, width], float64."""
    byte = draws(seed)
    rows = np.zeros((count, width))
    for row in range(count):
        previous = 0
        for column in range(width):
            own = sum(next(byte) for _ in range(4)) - 510
            rows[row, column] = (own + previous / 2) / 64 * scale + shift
            previous = own
    return torch.from_numpy(rows)


def images(count: int, height: int, width: int, channels: int, seed: int) -> torch.Tensor:
    """Squares of 4 x 4 equal pixels, and in every image after the first half of it mixed with the first: NCHW."""
    byte = draws(seed)
    pixels = np.zeros((count, height, width, channels), np.int64)
    for i in range(count):
        for y in range(height):
            for x in range(width):
                for c in range(channels):
                    pixels[i, y, x, c] = next(byte) if y % 4 == 0 and x % 4 == 0 else pixels[i, y - y % 4, x - x % 4, c]
        if i > 0:
            pixels[i] = (pixels[i] + 3 * pixels[0]) // 4
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).double()


def frechet(a: torch.Tensor, b: torch.Tensor) -> float:
    statistics = [fid_features_to_statistics(x) for x in (a, b)]
    return fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]


def kernel(a: torch.Tensor, b: torch.Tensor, subsets: int, size: int) -> dict:
    found = kid_features_to_metric(a, b, kid_subsets=subsets, kid_subset_size=size, rng_seed=2020, verbose=False)
    random = np.random.RandomState(2020)
    indices = [[random.choice(len(x), size, replace=False).tolist() for x in (a, b)] for _ in range(subsets)]
    return {"mean": found["kernel_inception_distance_mean"], "standardDeviation": found["kernel_inception_distance_std"],
            "indices": indices}


def inception(logits: torch.Tensor, splits: int) -> dict:
    found = isc_features_to_metric(logits, splits=splits, shuffle=False)
    return {"splits": splits, "mean": found["inception_score_mean"], "standardDeviation": found["inception_score_std"]}


def neighbours(real: torch.Tensor, generated: torch.Tensor, k: int) -> dict:
    ours = prc_features_to_metric(
        generated, real, prc_neighborhood=k, prc_batch_size=10000, save_cpu_ram=False, verbose=False)
    other = compute_prdc(real.numpy(), generated.numpy(), k)
    return {"neighbours": k, "precision": ours["precision"], "recall": ours["recall"],
            "density": float(other["density"]), "coverage": float(other["coverage"])}


def similarity(height: int, width: int, channels: int, scales: int, seed: int) -> dict:
    pair = images(2, height, width, channels, seed)
    x, y = pair[:1], pair[1:]
    if scales == 5:
        value = ms_ssim(x, y, data_range=255).item()
    else:  # The package has five scales only; this is its loop.
        window = _fspecial_gauss_1d(11, 1.5).double().repeat([channels, 1, 1, 1])
        weights = np.array(WEIGHTS[:scales]) * (sum(WEIGHTS) / sum(WEIGHTS[:scales]))
        product = 1
        for scale, weight in enumerate(weights):
            whole, structure = _ssim(x, y, data_range=255, win=window, size_average=False)
            product = product * torch.relu(whole if scale == scales - 1 else structure) ** weight
            x, y = (torch.nn.functional.avg_pool2d(z, 2) for z in (x, y))
        value = product.mean().item()
    return {"height": height, "width": width, "channels": channels, "scales": scales, "seed": seed, "value": value}


def main() -> None:
    first, second = features(300, 16, 1, 1.0, 0.0), features(250, 16, 2, 1.25, 0.5)
    few = features(10, 16, 3, 1.0, 0.25)
    logits = features(203, 7, 4, 1.0, 0.0)
    same = features(250, 16, 5, 1.0, 0.0)
    answers = {
        "frechet": {"plain": frechet(first, second), "singular": frechet(first, few),
                    "both": frechet(features(9, 16, 6, 1.0, 0.0), few)},
        "kernel": {"whole": kernel(same, second, 1, 250), "subsets": kernel(first, second, 4, 20)},
        "inception": [inception(logits, splits) for splits in (1, 5, 10)],
        "neighbours": [neighbours(first, second, k) for k in (1, 3, 5)],
        "similarity": [similarity(176, 176, 3, 5, 7), similarity(208, 176, 1, 5, 8), similarity(28, 28, 1, 2, 9),
                       similarity(44, 64, 3, 3, 10), similarity(11, 11, 1, 1, 11)],
    }
    del answers["kernel"]["whole"]["indices"]
    OUTPUT.parent.mkdir(exist_ok=True)
    text = json.dumps(answers, indent=1)
    text = re.sub(r"\[[\d,\s]+\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text)  # indices on one line
    OUTPUT.write_text(text + "\n")


if __name__ == "__main__":
    main()
