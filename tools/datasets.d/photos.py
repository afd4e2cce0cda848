"""Cuts squares out of landscape photographs, split by photograph."""

import argparse
import pathlib

import folders
from PIL import Image

SOURCES = {
    "mate-backgrounds": "/usr/share/backgrounds/mate/nature",
    "lomiri-wallpapers-16.04": "/usr/share/backgrounds",
}


def photographs() -> list[pathlib.Path]:
    """The files that the packages brought, and nothing else that may lie in these folders."""
    found = []
    for package, prefix in SOURCES.items():
        listing = pathlib.Path(f"/var/lib/dpkg/info/{package}.list")
        paths = listing.read_text().splitlines() if listing.exists() else []
        pictures = [pathlib.Path(path) for path in paths if path.startswith(prefix) and path.lower().endswith(".jpg")]
        pictures = [path for path in pictures if not path.is_symlink()]
        if not pictures:
            folders.fail(f"{package} has brought no photographs to {prefix}: apt-get install --reinstall {package}")
        found += sorted(pictures)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/datasets photos")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("data/photos"))
    parser.add_argument("--size", type=folders.size, default=128)
    parser.add_argument("--stride", type=folders.size, default=128)
    arguments = folders.parse(parser)

    size, stride = arguments.size, arguments.stride
    with folders.Folder(arguments.out) as folder:
        for path in photographs():
            part = folders.part(path.stem)
            photograph = Image.open(path).convert("RGB")
            for y in range(0, photograph.height - size + 1, stride):
                for x in range(0, photograph.width - size + 1, stride):
                    folder.add(photograph.crop((x, y, x + size, y + size)), part, f"{path.stem}-{y:04}-{x:04}")
            print(f"  {path.name}: {part}", flush=True)


main()
