"""numpy reads the samples that Saddle writes as .npy."""

import subprocess
import sys

import numpy as np

saddle, runs = sys.argv[1:]
out = f"{runs}/numpy.npy"
subprocess.run([saddle, "sample", f"{runs}/fashion", "--device", "cpu", "--count", "5", "--out", out],
               check=True, stderr=subprocess.DEVNULL)
samples = np.load(out)
assert samples.dtype == np.uint8 and samples.shape == (5, 32, 32, 1), (samples.dtype, samples.shape)
assert len(np.unique(samples)) > 1, "every pixel is the same"
print("ok numpy: samples as bytes [5][32][32][1]")
