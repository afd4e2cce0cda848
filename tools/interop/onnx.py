"""onnxruntime makes of Saddle's ONNX files what Saddle makes of its runs: every architecture, at its smallest."""

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

TOLERANCE = 1e-5

# Each on Fashion-MNIST, from a preset, with settings.
SMALL = {"model.width": 8, "training.batch": 8, "model.size": 32, "model.channels": 1,
         "data.path": "/usr/share/datasets/fashion-mnist"}
CLASSES = {"model.classes": 10}
RUNS = [
    ("dcgan", "fashion", {}),
    ("dcgan labels", "fashion", CLASSES | {"model.conditioning": "concat"}),
    ("dcgan reference batch", "fashion", {"model.generator-norm": "reference"}),
    ("dcgan virtual batch", "fashion", {"model.generator-norm": "virtual"}),
    ("mlp", "mlp", {"model.depth": 1}),
    ("mlp tanh labels", "mlp", CLASSES | {"model.activation": "tanh", "model.conditioning": "concat"}),
    ("resnet", "fashion", {"model.architecture": "resnet"}),
    ("resnet projection", "fashion", CLASSES | {"model.architecture": "resnet", "model.conditioning": "projection"}),
    ("resnet split latents", "fashion", {"model.architecture": "resnet", "model.split-latent": "true"}),
    ("r3gan", "fashion", {"model.architecture": "r3gan", "model.width": 16, "model.norm": "none"}),
    ("autoencoder", "ebgan", {}),
]
# Discriminators that see each sample by itself.
CRITICS = {"dcgan", "mlp", "resnet projection", "r3gan", "autoencoder"}

saddle, runs = sys.argv[1:]


def call(*arguments):
    done = subprocess.run([saddle, *arguments, "--device", "cpu"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"saddle {' '.join(arguments)} failed: {done.stderr}")
    return done


def check(name, run, player):
    """Exports a network, runs it on the example, and returns the largest difference and the kinds of nodes."""
    path, example = (f"{runs}/onnx-{player}.{ending}" for ending in ("onnx", "safetensors"))
    call("export", run, "--format", "onnx", "--player", player, "--out", path, "--example", example)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    tensors = load_file(example)
    output = model.graph.output[0].name
    expected = tensors.pop(output)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert {port.name for port in session.get_inputs()} == set(tensors), f"{name}: {set(tensors)}"
    assert [port.shape[0] for port in session.get_inputs() + session.get_outputs()] == ["batch"] * (len(tensors) + 1)
    # Some of the batch alone, and all of it: how many there are is the caller's choice.
    worst = 0
    for count in (8, 1, 3):
        made = session.run(None, {key: value[:count] for key, value in tensors.items()})[0]
        assert made.shape == (count, *expected.shape[1:]), f"{name}: {made.shape}, not {expected.shape}"
        worst = max(worst, float(np.abs(made - expected[:count]).max()) / max(1.0, float(np.abs(expected).max())))
    assert np.isfinite(worst) and worst <= TOLERANCE, f"{name}, {player}: onnxruntime differs by {worst:.2g}"
    assert np.ptp(expected) > 1e-6, f"{name}, {player}: all outputs are the same"
    return worst, [node.op_type for node in model.graph.node]


worst, count = 0, 0
trained = []
for name, preset, settings in RUNS:
    run = f"{runs}/onnx-{name.replace(' ', '-')}"
    options = [word for key, value in (SMALL | settings).items() for word in ("--set", f"{key}={value}")]
    call("train", preset, "--steps", "2", "--out", run, *options)
    trained.append((name, run))
trained.append(("points", f"{runs}/ring"))
trained.append(("moving average", f"{runs}/fashion"))

for name, run in trained:
    for player in ["generator"] + ["discriminator"] * (name in CRITICS):
        difference, nodes = check(name, run, player)
        worst, count = max(worst, difference), count + 1
        if name == "dcgan" and player == "generator":
            # Images stay in ONNX's order from the first node that makes them to the last.
            assert nodes.count("Transpose") <= 1 and nodes.count("ConvTranspose") == 3, nodes
        if name == "resnet":
            assert nodes.count("Resize") == 6, nodes

# A discriminator whose features see the batch is refused with its layer's name.
run = f"{runs}/onnx-deviation"
call("train", "fashion", "--steps", "1", "--out", run, "--set", "model.minibatch=stddev", "--set", "model.width=8",
     "--set", "training.batch=8")
refused = subprocess.run([saddle, "export", run, "--format", "onnx", "--player", "discriminator", "--out", f"{runs}/no.onnx",
                          "--device", "cpu"], capture_output=True, text=True)
assert refused.returncode == 1 and "MinibatchStandardDeviation" in refused.stderr, refused.stderr
print(f"ok onnx: {count} networks of every architecture by onnxruntime, to {worst:.1g}")
