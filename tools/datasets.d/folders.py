"""What emoji.py and photos.py share: their arguments, the split, and a folder that appears only when it is whole."""

import argparse
import hashlib
import pathlib
import shutil
import sys

from PIL import ImageColor


def size(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 4096:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 4096")


def color(text: str) -> tuple[int, int, int]:
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no colour: give a name, as white, or #rrggbb") from None


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Reads the command line, and ends the program where it was only to be checked."""
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.out.exists():
        fail(f"{arguments.out} is there already: remove it, or give another folder with --out")
    if arguments.check:
        sys.exit()
    return arguments


def fail(message: str) -> None:
    sys.exit(f"tools/datasets: {message}")


def part(family: str) -> str:
    """The side of the split that a family lies on: by a hash of its name, so that a new drawing moves no other."""
    return "held-out" if hashlib.sha256(family.encode()).digest()[0] < 256 // 10 else "train"


class Folder:
    """A folder of PNG files, written beside its place and moved there when all are done."""

    def __init__(self, place: pathlib.Path):
        self.place = place
        self.draft = place.with_name(place.name + ".part")
        self.counts = {"train": 0, "held-out": 0}

    def __enter__(self):
        shutil.rmtree(self.draft, ignore_errors=True)
        for part in self.counts:
            (self.draft / part).mkdir(parents=True)
        return self

    def add(self, picture, part: str, name: str) -> None:
        picture.save(self.draft / part / f"{name}.png")
        self.counts[part] += 1
        done = sum(self.counts.values())
        if done % 500 == 0:
            print(f"  {done} pictures", flush=True)

    def __exit__(self, kind, *_):
        if kind is not None:
            shutil.rmtree(self.draft, ignore_errors=True)
            return
        self.draft.rename(self.place)
        print(f"{self.counts['train']} pictures to train on and {self.counts['held-out']} held out: {self.place}")
