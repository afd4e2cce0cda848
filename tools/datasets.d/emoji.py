"""Draws the pictures of Noto Color Emoji over one colour, split by family."""

import argparse
import hashlib
import io
import pathlib

import folders
from fontTools.ttLib import TTFont
from PIL import Image

FONT = pathlib.Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")

SKIN_TONES = set(range(0x1F3FB, 0x1F3FF + 1))
JOINERS = {0x200D, 0xFE0F}  # zero-width joiner, "show as a picture"
GENDERS = {0x2640, 0x2642}
PEOPLE = {0x1F468, 0x1F469, 0x1F9D1}  # man, woman, person


def code_points(font: TTFont) -> dict[str, tuple[int, ...]]:
    """The shortest sequence of characters that each glyph stands for, from the character map and the ligatures."""
    sequences = {}
    for code, glyph in font.getBestCmap().items():
        sequences.setdefault(glyph, (code,))
    ligatures = []
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            table = getattr(table, "ExtSubTable", table)
            for first, rest in getattr(table, "ligatures", {}).items():
                ligatures += [([first, *ligature.Component], ligature.LigGlyph) for ligature in rest]
    # A ligature may be made of ligatures: repeat until nothing is learned.
    learned = True
    while learned:
        learned = False
        for parts, glyph in ligatures:
            if glyph not in sequences and all(part in sequences for part in parts):
                sequences[glyph] = sum((sequences[part] for part in parts), ())
                learned = True
    return sequences


def family(sequence: tuple[int, ...]) -> str:
    """A name that a figure shares with itself in other skin tones, genders and spellings."""
    kept = [0x1F9D1 if code in PEOPLE else code for code in sequence]
    kept = [code for code in kept if code not in SKIN_TONES | JOINERS | GENDERS]
    return "-".join(f"{code:x}" for code in kept or sequence)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/datasets emoji")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("data/emoji"))
    parser.add_argument("--size", type=folders.size, default=64)
    parser.add_argument("--background", type=folders.color, default="white")
    arguments = folders.parse(parser)
    if not FONT.exists():
        folders.fail(f"{FONT} is missing: apt-get install --reinstall fonts-noto-color-emoji")

    font = TTFont(FONT)
    if "CBDT" not in font:
        folders.fail(f"{FONT} holds no bitmaps (table CBDT): a version of 2022 or 2023 does, as Debian 12 has it")
    sequences = code_points(font)
    pictures = font["CBDT"].strikeData[0]
    # The same drawing recurs under several glyphs; one of them is enough, and the first by name is always the same.
    seen = set()
    with folders.Folder(arguments.out) as folder:
        for glyph in sorted(pictures):
            data = pictures[glyph].imageData
            digest = hashlib.sha256(data).digest()
            if digest in seen:
                continue
            seen.add(digest)
            picture = Image.open(io.BytesIO(data)).convert("RGBA")
            side = max(picture.size)
            canvas = Image.new("RGBA", (side, side), (*arguments.background, 255))
            canvas.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
            drawn = canvas.convert("RGB").resize((arguments.size, arguments.size), Image.Resampling.BOX)
            sequence = sequences.get(glyph)
            name = "-".join(f"{code:x}" for code in sequence) if sequence else glyph
            # Glyphs that no sequence of characters leads to are not drawn by anybody: they stay out of what is held out.
            folder.add(drawn, folders.part(family(sequence)) if sequence else "train", name)


main()
