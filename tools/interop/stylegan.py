"""A zip of samples holds what StyleGAN's dataset_tool.py makes and its dataset.py reads; a folder holds PNG files."""

import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
from PIL import Image

saddle, runs = sys.argv[1:]


def sample(run, count, out):
    subprocess.run([saddle, "sample", run, "--device", "cpu", "--count", str(count), "--out", out], check=True,
                   stderr=subprocess.DEVNULL)


run = f"{runs}/fashion"
for ending in ("-samples.npy", "-samples.zip", "-samples/"):
    sample(run, 300, f"{runs}/stylegan{ending}")
pixels = np.load(f"{runs}/stylegan-samples.npy")
assert len(pixels) == 300

with zipfile.ZipFile(f"{runs}/stylegan-samples.zip") as archive:
    assert archive.testzip() is None
    assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    # As dataset.py finds its images.
    names = sorted(name for name in archive.namelist() if os.path.splitext(name)[1].lower() in Image.registered_extensions()
                   or name.endswith(".png"))
    assert names == [f"00000/img{i:08d}.png" for i in range(300)]
    for name, expected in zip(names, pixels):
        assert np.array_equal(np.array(Image.open(io.BytesIO(archive.read(name)))), expected[:, :, 0]), name
    assert json.loads(archive.read("dataset.json")) == {"labels": None}

files = sorted(os.listdir(f"{runs}/stylegan-samples"))
assert files == [f"{i:05d}.png" for i in range(300)]
assert np.array_equal(np.array(Image.open(f"{runs}/stylegan-samples/00299.png")), pixels[299, :, :, 0])

# A run that knows classes tells each picture's.
run = f"{runs}/stylegan-classes"
subprocess.run([saddle, "train", "fashion", "--device", "cpu", "--steps", "1", "--out", run, "--set", "model.width=8",
                "--set", "training.batch=8", "--set", "model.classes=10", "--set", "model.conditioning=concat"],
               check=True, stderr=subprocess.DEVNULL)
sample(run, 12, f"{runs}/stylegan-classes.zip")
with zipfile.ZipFile(f"{runs}/stylegan-classes.zip") as archive:
    labels = dict(json.loads(archive.read("dataset.json"))["labels"])
assert labels == {f"00000/img{i:08d}.png": i % 10 for i in range(12)}
print("ok stylegan: a zip of PNG files with labels, a folder of PNG files, the same pixels as .npy")
