"""Times the DCGAN training step of PyTorch (both memory formats) and of Saddle in turns, and prints their ratios.

Engines take turns inside every round, because a shared machine drifts by more than they differ. Every process gets
the same processors.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/bench-step", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of every engine (default 3)")
    parser.add_argument("--steps", type=int, default=10, help="timed steps a turn (default 10)")
    parser.add_argument("--batch", type=int, default=64, help="images a step (default 64)")
    parser.add_argument("--threads", type=int, default=2, help="processors for everyone (default 2)")
    parser.add_argument("--preset", choices=("dcgan32", "dcgan64", "dcgan128"), default="dcgan64")
    parser.add_argument("--saddle", type=Path, default=ROOT / ".build/release/saddle", help="Saddle's binary")
    options = parser.parse_args()

    processors = sorted(os.sched_getaffinity(0))
    if options.threads > len(processors):
        parser.error(f"--threads is {options.threads}, but this process may use {len(processors)} processors")
    os.sched_setaffinity(0, processors[: options.threads])  # children inherit it

    common = ["--steps", str(options.steps), "--batch", str(options.batch)]
    pytorch = [sys.executable, "-m", "tools.peers.dcgan_step", "--size", options.preset.removeprefix("dcgan"),
               "--threads", str(options.threads), *common]
    engines = {"PyTorch nchw": [*pytorch, "--layout", "nchw"],
               "PyTorch channels_last": [*pytorch, "--layout", "channels_last"]}
    if options.saddle.exists():
        engines["Saddle"] = [str(options.saddle), "bench", "step", "--preset", options.preset, *common, "--json"]
    else:
        print(f"SADDLE IS MISSING: {options.saddle} is not there. Build it with `swift build -c release` or name it "
              "with --saddle; only PyTorch is timed.", file=sys.stderr)

    turns: list[dict[str, dict[str, float]]] = []
    for number in range(1, options.rounds + 1):
        turns.append({engine: timed(engine, words) for engine, words in engines.items()})
        print(f"round {number}:", ", ".join(f"{engine} {turn['images_per_second']:.1f}" for engine, turn
                                            in turns[-1].items()), "images/s", file=sys.stderr, flush=True)
    print_table(turns)


def timed(engine: str, words: list[str]) -> dict[str, float]:
    """What the engine's last line of output says."""
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
    try:
        done.check_returncode()
        result = json.loads(done.stdout.splitlines()[-1])
        return {key: float(result[key]) for key in ("images_per_second", "peak_rss_mib")}
    except (subprocess.CalledProcessError, IndexError, KeyError, ValueError):
        raise SystemExit(f"{engine} gave no timing (exit code {done.returncode}): {' '.join(words)}") from None


def print_table(turns: list[dict[str, dict[str, float]]]) -> None:
    """Ratios are taken inside a round, to that round's faster PyTorch, then their median and range are given."""
    print("| engine | images/s | to the faster PyTorch | range | peak memory, MiB |\n|---|---:|---:|---:|---:|")
    for engine in turns[0]:
        ratios = [turn[engine]["images_per_second"] / max(row["images_per_second"] for name, row in turn.items()
                                                          if name.startswith("PyTorch")) for turn in turns]
        speed = median(turn[engine]["images_per_second"] for turn in turns)
        memory = max(turn[engine]["peak_rss_mib"] for turn in turns)
        print(f"| {engine} | {speed:.1f} | {median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} "
              f"| {memory:.0f} |")


if __name__ == "__main__":
    main()
