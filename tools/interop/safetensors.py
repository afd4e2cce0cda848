"""The safetensors package reads Saddle's checkpoints."""

import glob
import sys

import numpy as np
from safetensors import safe_open

_, runs = sys.argv[1:]
path = max(glob.glob(f"{runs}/fashion/checkpoints/*.safetensors"))
with safe_open(path, "numpy") as file:
    names = set(file.keys())
    assert {"generator.weights", "generator.ema", "discriminator.weights", "generator.optimizer.first"} <= names, names
    weights, average = (file.get_tensor(f"generator.{name}") for name in ("weights", "ema"))
    assert file.metadata()["step"] == "4", file.metadata()
assert weights.dtype == np.float32 and weights.shape == average.shape and not np.array_equal(weights, average)
print(f"ok safetensors: a checkpoint of {len(names)} tensors and its metadata")
