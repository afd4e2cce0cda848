"""Pictures of every kind that PNG and JPEG have are decoded to the bytes that Pillow decodes them to.

Where the two differ on purpose, the expected bytes are made here from the samples, and `reasons` says why.
"""

import io
import itertools
import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps

saddle, runs = sys.argv[1:]
side = 32
files, expected, reasons = {}, {}, {}
draw = np.random.default_rng(5)


def over_white(rgba):
    colour, alpha = rgba[..., :3].astype(int), rgba[..., 3:].astype(int)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def add(name, contents, pixels=None, reason=None):
    """Expects what Pillow reads, or these pixels [32][32][3], for a reason."""
    files[name] = contents
    if pixels is None:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(contents)))
        pixels = over_white(np.array(picture.convert("RGBA")))
    else:
        reasons.setdefault(reason, []).append(name)
    expected[name] = pixels


# PNG: each colour type at each depth, interlaced or not, with a transparent colour, with chunks about colours.
channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def rows(samples, depth):
    """Rows of packed samples, each after its filter type, of which all five come in turn but only 0 and 1 are used."""
    lines = b""
    for number, row in enumerate(samples):
        if depth == 16:
            line = row.astype(">u2").tobytes()
        elif depth == 8:
            line = row.astype(np.uint8).tobytes()
        else:
            bits = (row.reshape(-1, 1) >> np.arange(depth)[::-1]) & 1
            line = np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
        step = max(1, samples.shape[2] * depth // 8)
        if number % 2:
            values = np.frombuffer(line, np.uint8).astype(int)
            before = np.concatenate([np.zeros(step, int), values[:-step]]) if len(values) > step else np.zeros_like(values)
            line = ((values - before) % 256).astype(np.uint8).tobytes()
        lines += bytes([number % 2]) + line
    return lines


def png(samples, kind, depth, interlaced, chunks):
    passes = [samples[y::h, x::w] for x, y, w, h in adam7] if interlaced else [samples]
    data = zlib.compress(b"".join(rows(part, depth) for part in passes if part.size))
    header = struct.pack(">IIBBBBB", side, side, depth, kind, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*c) for c in chunks)
            + chunk(b"IDAT", data[:50]) + chunk(b"IDAT", data[50:]) + chunk(b"IEND", b""))


def meant(samples, kind, depth, palette, transparent):
    """What the samples say, as RGBA: 16 bits are rounded to 8."""
    if kind == 3:
        opacity = np.array(list(transparent or b"") + [255] * 256)[:256]
        index = samples[..., 0]
        return np.dstack([palette[index], opacity[index]]).astype(np.uint8)
    scaled = (samples.astype(int) * 255 * 2 + 2**depth - 1) // (2 * (2**depth - 1))
    alpha = scaled[..., -1] if kind in (4, 6) else np.full((side, side), 255)
    if transparent:
        colour = np.frombuffer(transparent, ">u2")
        alpha = np.where((samples == colour).all(axis=-1), 0, 255)
    grey = scaled[..., :1].repeat(3, axis=2)
    return np.dstack([scaled[..., :3] if kind in (2, 6) else grey, alpha]).astype(np.uint8)


colours = {"": [], "-gama1": [(b"gAMA", struct.pack(">I", 100_000))], "-gama2": [(b"gAMA", struct.pack(">I", 22_727))],
           "-srgb": [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45_455))],
           "-chrm": [(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000))]}
for kind in channels:
    for depth, interlaced, shown, (told, extra) in itertools.product(depths[kind], (0, 1), (0, 1), colours.items()):
        if told not in ("", "-gama1") and (interlaced or shown):
            continue
        count = 2**depth if kind == 3 else 0
        samples = draw.integers(0, count or 2**depth, (side, side, channels[kind]))
        palette = draw.integers(0, 256, (256, 3))
        chunks, transparent = list(extra), None
        if kind == 3:
            chunks.append((b"PLTE", palette[:count].astype(np.uint8).tobytes()))
        if shown:
            if kind in (4, 6):
                continue
            few = draw.integers(0, 256, count // 2).astype(np.uint8)
            transparent = few.tobytes() if kind == 3 else samples[0, 0].astype(">u2").tobytes()
            chunks.append((b"tRNS", transparent))
        name = f"png-{kind}-{depth}{'-adam7' * interlaced}{'-trns' * shown}{told}.png"
        contents = png(samples, kind, depth, interlaced, chunks)
        pixels = over_white(meant(samples, kind, depth, palette, transparent))
        if depth == 16:
            add(name, contents, pixels,
                "16 bits are rounded to 8; Pillow takes the higher byte of colours, and cuts grey off at 255")
        elif shown and kind == 0 and depth < 8:
            add(name, contents, pixels,
                "a transparent grey of few bits; Pillow compares it with samples that it has scaled")
        else:
            add(name, contents)
            assert np.array_equal(expected[name], pixels), f"{name}: Pillow and the samples differ"

# JPEG: grey, colour and inks; sampling, progression, restarts, tables; each orientation, also in PNG.
smooth = np.add.outer(np.arange(side) * 5, np.arange(side) * 2)
photo = np.dstack([smooth, smooth.T, 255 - smooth]).clip(0, 255).astype(np.uint8)
photo[8:20, 8:20] = draw.integers(0, 256, (12, 12, 3))
pictures = {"grey": Image.fromarray(photo[..., 0]), "rgb": Image.fromarray(photo),
            "cmyk": Image.fromarray(np.dstack([photo, photo[..., 0] // 2]), "CMYK")}


def jpeg(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


for (kind, picture), quality, sampling, progressive, restart in itertools.product(
        pictures.items(), (30, 90, 100), (0, 1, 2), (False, True), (0, 1)):
    if kind == "grey" and sampling:
        continue
    options = dict(quality=quality, progressive=progressive, restart_marker_blocks=3 * restart)
    if kind != "grey":
        options["subsampling"] = sampling
    add(f"jpeg-{kind}-{quality}-{sampling}{'-progressive' * progressive}{'-restarts' * restart}.jpg", jpeg(picture, **options))
add("jpeg-keep-rgb.jpg", jpeg(pictures["rgb"], keep_rgb=True))
add("jpeg-optimized.jpg", jpeg(pictures["rgb"], optimize=True))
for value in range(1, 9):
    exif = Image.Exif()
    exif[274] = value
    add(f"jpeg-turned-{value}.jpg", jpeg(pictures["rgb"], exif=exif))
    file = io.BytesIO()
    pictures["rgb"].save(file, "PNG", exif=exif)
    add(f"png-turned-{value}.png", file.getvalue())

plain = jpeg(pictures["rgb"])
add("odd-before-table.jpg", plain[:20] + b"\1\2" + plain[20:])
add("odd-before-end.jpg", plain[:-2] + b"\7" * 40 + plain[-2:])
add("odd-behind-end.jpg", plain + b"\7" * 500)
add("odd-version.jpg", plain[:11] + b"\0\0" + plain[13:])

folder = f"{runs}/decode"
os.makedirs(folder)
for name, contents in files.items():
    with open(f"{folder}/{name}", "wb") as file:
        file.write(contents)
packed = f"{runs}/decode.safetensors"
subprocess.run([saddle, "data", "pack", folder, "--channels", "3", "--out", packed], check=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
with open(packed, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
parts = {name: data[slice(*entry["data_offsets"])] for name, entry in header.items() if name != "__metadata__"}
images = np.frombuffer(parts["images"], np.uint8).reshape(header["images"]["shape"])
names = parts["names"].decode().split("\0")[:-1]
assert sorted(names) == sorted(files)

different = []
for name, image in zip(names, images):
    # Another release of the same library may round the inverse transform otherwise by 1.
    gap = np.abs(image.astype(int) - expected[name]).max()
    if gap > 0:
        different.append(f"{name} by up to {gap}")
assert not different, f"{len(different)} of {len(files)} differ: " + ", ".join(different[:20])
told = "; ".join(f"{reason} ({len(which)})" for reason, which in reasons.items())
print(f"ok decode: {len(files)} PNG and JPEG files, all equal; not as Pillow, on purpose: {told}")
