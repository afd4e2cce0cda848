"""PyTorch runs the state dicts that Saddle exports, and Saddle the ones that PyTorch saves."""

import re
import subprocess
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils import spectral_norm

TOLERANCE = 1e-5

saddle, runs = sys.argv[1:]
work = f"{runs}/pytorch"
torch.manual_seed(1)
# The loader that docs/models.md shows.
exec(re.search(r"```python\n(import torch\n.*?)```", open("docs/models.md").read(), re.S)[1])


def call(*arguments, fails=False):
    done = subprocess.run([saddle, *arguments, "--device", "cpu"], capture_output=True, text=True)
    assert done.returncode == int(fails), f"saddle {' '.join(arguments)}: {done.stderr}"
    return done.stderr


def train(name, preset, *settings):
    words = [word for setting in ("model.width=8", "training.batch=8") + settings for word in ("--set", setting)]
    call("train", preset, "--steps", "3", "--out", f"{work}-{name}", *words)
    return f"{work}-{name}"


def export(run, player):
    """The state dict's path, and an example's inputs and outputs."""
    path = f"{run}-{player}.safetensors"
    call("export", run, "--format", "pytorch", "--player", player, "--out", path, "--example", f"{run}-example")
    example = load_file(f"{run}-example")
    return path, *(example[name] for name in (("latents", "samples") if player == "generator" else ("samples", "logits")))


def compare(what, made, expected):
    difference = float((made.reshape(expected.shape) - expected).abs().max())
    assert difference <= TOLERANCE * max(1.0, float(expected.abs().max())), f"{what} differs by {difference:.2g}"
    assert float(expected.std()) > 1e-6, f"{what}: all outputs are the same"


def network(*layers):
    return nn.ModuleDict({"main": nn.Sequential(*layers)})


def discriminator(width, norm):
    """DCGAN's for grey images of 32 pixels; spectrally normalized where `norm` says so, else with batch norm."""
    layers, before = [], 1
    for level in range(3):
        layers.append(norm(nn.Conv2d(before, width << level, 4, 2, 1, bias=False)))
        before = width << level
        if norm is not spectral_norm and level:
            layers.append(nn.BatchNorm2d(before))
        layers.append(nn.LeakyReLU(0.2))
    return network(*layers, norm(nn.Conv2d(before, 1, 4, bias=False)))


def same(layer):
    return layer


class Apply(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.forward = function


class Block(nn.Module):
    def __init__(self, main, shortcut=()):
        super().__init__()
        self.main, self.shortcut = nn.Sequential(*main), nn.Sequential(*shortcut)

    def forward(self, x):
        return self.main(x) + self.shortcut(x)


class Maps(nn.Linear):
    def forward(self, x):
        return super().forward(x).view(len(x), -1, 4, 4)


def sngan(latent, width):
    """The residual networks of SNGAN for grey images of 32 pixels."""
    def conv(inputs, outputs, size=3):
        return nn.Conv2d(inputs, outputs, size, padding=size // 2)

    def limited(inputs, outputs, size=3):
        return spectral_norm(conv(inputs, outputs, size))

    wide = 2 * width
    up = [Block([nn.BatchNorm2d(wide), nn.ReLU(), nn.Upsample(scale_factor=2), conv(wide, wide), nn.BatchNorm2d(wide),
                 nn.ReLU(), conv(wide, wide)], [conv(wide, wide, 1), nn.Upsample(scale_factor=2)]) for _ in range(3)]
    generator = network(Maps(latent, 16 * wide), *up, nn.BatchNorm2d(wide), nn.ReLU(), conv(wide, 1), nn.Tanh())
    down = [Block([limited(1, width), nn.ReLU(), limited(width, width), nn.AvgPool2d(2)],
                  [nn.AvgPool2d(2), limited(1, width, 1)]),
            Block([nn.ReLU(), limited(width, width), nn.ReLU(), limited(width, width), nn.AvgPool2d(2)],
                  [nn.AvgPool2d(2), limited(width, width, 1)])]
    down += [Block([nn.ReLU(), limited(width, width), nn.ReLU(), limited(width, width)]) for _ in range(2)]
    return generator, network(*down, nn.ReLU(), Apply(lambda x: x.sum((2, 3))), spectral_norm(nn.Linear(width, 1)))


def run_discriminator(what, path, model, x, logits):
    model.load_state_dict(load_file(path))
    compare(what, model.eval()["main"](x), logits)


with torch.no_grad():
    # Saddle's, by PyTorch.
    run = train("dcgan", "fashion", "ema.decay=0.5", "sampling.weights=ema")
    path, z, samples = export(run, "generator")
    compare("the generator", load_generator(path)(z[:, :, None, None]), samples)
    run_discriminator("the discriminator", *export(run, "discriminator")[:1], discriminator(8, same), *export(run, "discriminator")[1:])

    spectral = train("spectral", "fashion", "model.norm=spectral")
    path, x, logits = export(spectral, "discriminator")
    run_discriminator("the spectrally normalized discriminator", path, discriminator(8, spectral_norm), x, logits)

    run = train("sngan", "sngan")
    path, z, samples = export(run, "generator")
    generator, judge = sngan(z.shape[1], 8)
    generator.load_state_dict(load_file(path))
    compare("SNGAN's generator", generator.eval()["main"](z), samples)
    run_discriminator("SNGAN's discriminator", *export(run, "discriminator")[:1], judge, *export(run, "discriminator")[1:])
    for player, model in (("g", generator), ("d", judge)):
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, f"{work}-sngan-{player}.safetensors")
    call("import", f"{work}-sngan-g.safetensors", "--discriminator", f"{work}-sngan-d.safetensors", "--preset", "sngan", "--out",
         f"{work}-sngan-back", "--set", "model.width=8")
    compare("SNGAN's generator, imported", generator["main"](z), export(f"{work}-sngan-back", "generator")[2])

    run = train("mlp", "mlp", "model.depth=1", "model.channels=3")
    path, z, samples = export(run, "generator")
    dense = network(nn.Linear(100, 8), nn.ReLU(), nn.Linear(8, 3 * 28 * 28), nn.Tanh())
    dense.load_state_dict(load_file(path))
    compare("the fully connected generator", dense["main"](z), samples)
    path, x, logits = export(run, "discriminator")
    dense = network(nn.Linear(3 * 28 * 28, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    dense.load_state_dict(load_file(path))
    compare("the fully connected discriminator", dense["main"](x.flatten(1)), logits)

    # PyTorch's, by Saddle: nets that Saddle never saw, their running averages not those of the start.
    layers, before = [], 100
    for outputs, geometry in ((32, (1, 0)), (16, (2, 1)), (8, (2, 1))):
        norm = nn.BatchNorm2d(outputs)
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        norm.weight.normal_(1, 0.2)
        norm.bias.normal_()
        layers += [nn.ConvTranspose2d(before, outputs, 4, *geometry, bias=False), norm, nn.ReLU()]
        before = outputs
    theirs = network(*layers, nn.ConvTranspose2d(before, 1, 4, 2, 1, bias=False), nn.Tanh()).eval()
    judge = discriminator(8, spectral_norm).eval()
    for _ in range(60):  # the power iteration, until it stands still
        judge.train()["main"](torch.randn(2, 1, 32, 32))
    judge.eval()
    save_file({f"module.{name}": value for name, value in theirs.state_dict().items()}, f"{work}-g.safetensors")
    save_file({name: value.contiguous() for name, value in judge.state_dict().items()}, f"{work}-d.safetensors")
    imported, sizes = f"{work}-imported", ["--set", "model.width=8", "--set", "model.norm=spectral"]
    call("import", f"{work}-g.safetensors", "--discriminator", f"{work}-d.safetensors", "--preset", "fashion", "--out", imported,
         *sizes, "--set", "training.batch=8")
    path, z, samples = export(imported, "generator")
    compare("the imported generator", theirs["main"](z[:, :, None, None]), samples)
    for name, value in theirs.state_dict().items():
        assert "num_batches" in name or torch.equal(load_file(path)[name], value), f"{name} changed on its way"
    path, x, logits = export(imported, "discriminator")
    compare("the imported discriminator", judge["main"](x), logits)
    assert torch.equal(load_file(path)["main.0.weight_orig"], judge.state_dict()["main.0.weight_orig"])

# There and back: the same bytes.
call("import", f"{work}-dcgan-generator.safetensors", "--preset", "fashion", "--out", f"{work}-back", "--set",
     "model.width=8")
made = []
for run in ("imported", "back", "dcgan"):
    call("sample", f"{work}-{run}", "--count", "9", "--out", f"{work}-{run}.npy")
    made.append(open(f"{work}-{run}.npy", "rb").read())
assert made[1] == made[2] != made[0]
assert "going on from step 0" in call("train", "--resume", "--out", imported, "--steps", "2")

# Wrong files name the first tensor that does not fit.
for settings, words in ((["model.width=16"], ["main.0.weight", "[100, 32, 4, 4]", "[100, 64, 4, 4]"]),
                        (["model.width=8", "model.size=64"], ["main.0.weight", "[100, 64, 4, 4]"]),
                        (["model.width=32", "model.architecture=mlp"], ["main.0.weight", "[32, 100]", "model.architecture"])):
    message = call("import", f"{work}-g.safetensors", "--preset", "fashion", "--out", f"{work}-no",
                   *(word for setting in settings for word in ("--set", setting)), fails=True)
    assert all(word in message for word in words), message
print("ok pytorch: DCGAN, SNGAN and fully connected networks run in PyTorch; state dicts of PyTorch run here")
