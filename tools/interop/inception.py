"""tools/convert-inception reads what PyTorch saves: both formats, strided tensors, and no other network."""

import collections
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import torch
from safetensors.torch import load_file

saddle, runs = sys.argv[1:]
tool = Path(__file__).resolve().parents[1] / "convert-inception"
loader = SourceFileLoader("convert_inception", str(tool))  # the tool's name has no .py
table = module_from_spec(spec_from_loader(loader.name, loader))
loader.exec_module(table)
torch.manual_seed(5)
state = collections.OrderedDict((name, torch.rand(shape)) for name, shape in table.wanted(1008).items())
state["Conv2d_1a_3x3.bn.num_batches_tracked"] = torch.tensor(7)
name = "Mixed_5b.branch3x3dbl_2.conv.weight"
state[name] = state[name].permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)  # the same elements, otherwise laid out
path, out = f"{runs}/inception.pth", f"{runs}/inception.safetensors"


def convert(state, first_format=False):
    torch.save(state, path, _use_new_zipfile_serialization=not first_format)
    return subprocess.run([sys.executable, tool, path, "--out", out], capture_output=True, text=True)


for first_format in (False, True):
    done = convert(state, first_format)
    assert done.returncode == 0, done.stderr
    found = load_file(out)
    assert found.keys() == set(table.wanted(1008))
    assert all(torch.equal(found[each], state[each]) for each in found), "elements differ"

BAD = {
    "no tensor": {key: value for key, value in state.items() if key != name},
    "F64 [64]": state | {"Mixed_5b.branch1x1.bn.bias": torch.rand(64, dtype=torch.float64)},
    "12 classes": state | {"fc.weight": torch.rand(12, 2048)},
    "torch.nn.modules.linear.Linear": torch.nn.Linear(3, 4),
    "something else than a state dict": collections.OrderedDict(weights=[torch.rand(3)]),
}
for word, what in BAD.items():
    done = convert(what)
    assert done.returncode == 1 and word in done.stderr and done.stderr.count("\n") == 1, done.stderr
print(f"ok inception: {len(found)} tensors of both formats; {len(BAD)} other files are refused")
