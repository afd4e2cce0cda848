"""What runs of every preset have in common: their names, and the sizes with which two cores can do all of them."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SADDLE = ROOT / ".build" / "release" / "saddle"
FASHION = "/usr/share/datasets/fashion-mnist"

# The largest width and batch of an architecture with which 300 steps take seconds to a minute.
SMALL = {
    "dcgan": (16, 16),
    "resnet": (8, 8),
    "r3gan": (16, 8),
    "autoencoder": (16, 16),
    "mlp": (128, 128),
    "mlp-points": (128, 128),
}


def saddle(*arguments):
    return subprocess.run([SADDLE, *arguments], cwd=ROOT, text=True, capture_output=True)


def presets():
    """The names, from the indented lines of the listing."""
    listing = saddle("train", "--list").stdout
    return [line.split()[0] for line in listing.splitlines() if line.startswith("  ")]


def reduced(name, to_full=False):
    """The options of `saddle train NAME` for a small run (for one with data alone, `to_full`), and what they reduce."""
    settings = dict(re.findall(r"^  ([\w-]+): (\S+)$", saddle("train", name, "--dry-run").stdout, re.MULTILINE))
    width, batch = SMALL[settings["architecture"]]
    # Four times the pixels, a quarter of the width, as far as the networks allow it.
    if int(settings["size"]) >= 64 and settings["architecture"] != "r3gan":
        width, batch = max(4, width * 32 // int(settings["size"])), batch // 2
    limits = [] if to_full else [("model.width", width), ("training.batch", batch)]
    values = {key: settings[key.split(".")[1]] for key, _ in limits}
    smaller = {key: limit for key, limit in limits if int(values[key]) > limit}
    options = [f"--set={key}={limit}" for key, limit in smaller.items()]
    options += ["--data", FASHION] if settings["path"] == '""' else []
    return options, ", ".join(f"{key.split('.')[1]} {limit} of {values[key]}" for key, limit in smaller.items())
