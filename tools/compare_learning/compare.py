"""Does Saddle learn as PyTorch does? DCGAN-32 on Fashion-MNIST, same network, initialization, settings and data.

Each system trains once a seed; 10,000 samples of each run are compared with the 10,000 test images by the Fréchet
distance on the features of one fixed classifier. Two criteria: the means differ by at most two pooled standard
deviations, and Saddle's is at most a fifth of the untrained generator's. Writes tools/compare_learning/RESULTS.md.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import torch

from tools.compare_learning import data, pytorch_run
from tools.compare_learning.features import Classifier, frechet_distance

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("RESULTS.md")
COUNT = 10_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/compare-learning", description=__doc__)
    parser.add_argument("--only", choices=("pytorch", "saddle", "score"), help="do one part; samples are kept between")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="default 1 2 3")
    parser.add_argument("--steps", type=int, default=2000, help="training steps (default 2000)")
    parser.add_argument("--threads", type=int, default=2, help="PyTorch's threads (default 2)")
    parser.add_argument("--data", type=Path, default=data.DEFAULT_FOLDER, help="folder of the four IDX .gz files")
    parser.add_argument("--saddle", type=Path, default=ROOT / ".build/release/saddle", help="Saddle's binary")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache/compare-learning",
                        help="where samples and runs are kept; delete one to have it made again")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the report to write")
    options = parser.parse_args()
    if len(options.seeds) < 2:
        parser.error("--seeds: name at least two, a deviation needs them")
    return options


def samples_path(options: argparse.Namespace, system: str, seed: int) -> Path:
    return options.cache / f"{system}-{options.steps}-seed{seed}.npy"


def make_pytorch(options: argparse.Namespace, seed: int) -> None:
    trained = samples_path(options, "pytorch", seed)
    if trained.exists():
        return print(f"pytorch seed {seed}: kept from before, {trained}", flush=True)
    before, after, seconds = pytorch_run.train(options.data, options.steps, seed, COUNT)
    np.save(samples_path(options, "untrained", seed), before)
    trained.with_suffix(".json").write_text(json.dumps({"seconds_per_step": round(seconds, 4)}))
    np.save(trained, after)  # last: where it exists, the others do


def make_saddle(options: argparse.Namespace, seed: int) -> None:
    trained = samples_path(options, "saddle", seed)
    if trained.exists():
        return print(f"saddle seed {seed}: kept from before, {trained}", flush=True)
    if not options.saddle.exists():
        raise SystemExit(f"{options.saddle} is not there: build it with `swift build -c release`, name it with "
                         "--saddle, or do the other half with --only pytorch")
    run = trained.with_suffix("")
    for command in (
        ["train", "fashion", "--data", options.data, "--steps", options.steps, "--seed", seed, "--out", run],
        ["sample", run, "--count", COUNT, "--seed", seed, "--out", trained],
    ):
        words = [str(options.saddle), *map(str, command)]
        print(*words, flush=True)
        if subprocess.run(words).returncode != 0:
            raise SystemExit(f"That command failed: {' '.join(words)}")


def load(options: argparse.Namespace, system: str, seed: int) -> np.ndarray:
    path = samples_path(options, system, seed)
    if not path.exists():
        raise SystemExit(f"{path} is not there: run without --only score first")
    pixels = np.load(path)
    if pixels.dtype != np.uint8 or pixels.shape != (COUNT, 32, 32, 1):
        raise SystemExit(f"{path} holds {pixels.dtype} {pixels.shape}: wanted uint8 ({COUNT}, 32, 32, 1)")
    return pixels[..., 0]


def report(options: argparse.Namespace) -> bool:
    """Prints and writes the table; true where both criteria are met."""
    classifier = Classifier(options.data, options.cache)
    test = classifier.features(data.images(options.data, "t10k"))
    floor = frechet_distance(classifier.features(data.images(options.data, "train")[:COUNT]), test)
    scores = {system: [frechet_distance(classifier.features(load(options, system, seed)), test)
                       for seed in options.seeds] for system in ("untrained", "pytorch", "saddle")}
    means = {system: mean(values) for system, values in scores.items()}
    pooled = ((stdev(scores["pytorch"]) ** 2 + stdev(scores["saddle"]) ** 2) / 2) ** 0.5
    difference = abs(means["saddle"] - means["pytorch"])
    alike, learned = difference <= 2 * pooled, means["saddle"] <= means["untrained"] / 5

    rows = [(str(seed), *values) for seed, *values in zip(options.seeds, *scores.values())]
    rows += [("mean", *means.values()), ("deviation", *map(stdev, scores.values()))]
    table = ["| seed | untrained | PyTorch | Saddle |", "|---|---:|---:|---:|"]
    table += [f"| {name} | {u:.2f} | {p:.2f} | {s:.2f} |" for name, u, p, s in rows]
    seconds = mean(json.loads(samples_path(options, "pytorch", seed).with_suffix(".json").read_text())
                   ["seconds_per_step"] for seed in options.seeds)
    text = "\n".join([
        "# Does Saddle learn as PyTorch does?", "",
        f"DCGAN-32 on Fashion-MNIST, {options.steps} steps of 64 images, {len(options.seeds)} seeds. Fréchet distance "
        f"of {COUNT:,} samples to the",
        f"{COUNT:,} test images, on the 128 features of a classifier with {classifier.accuracy:.2%} test accuracy; "
        "lower is better.",
        f"{COUNT:,} training images score {floor:.2f}. Samples use the running averages of batch norm.", "",
        *table, "",
        f"- {'Met' if alike else 'NOT MET'}: the means differ by {difference:.2f}, "
        f"two pooled deviations are {2 * pooled:.2f}.",
        f"- {'Met' if learned else 'NOT MET'}: Saddle's mean is {means['saddle'] / means['untrained']:.3f} of the "
        "untrained generator's, at most 0.2 is asked.", "",
        f"PyTorch {torch.__version__}, {seconds:.3f} s a step. Made by `tools/compare-learning`.", ""])
    print(text)
    options.out.write_text(text)
    return alike and learned


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    options.cache.mkdir(parents=True, exist_ok=True)
    for part, make in (("pytorch", make_pytorch), ("saddle", make_saddle)):
        if options.only in (None, part):
            for seed in options.seeds:
                make(options, seed)
    if options.only in (None, "score"):
        sys.exit(0 if report(options) else 1)


if __name__ == "__main__":
    main()
