"""Times PyTorch's training step on synthetic samples, and prints one line of JSON."""

import argparse
import json
import os
import resource
import shutil
import statistics
import sysconfig
import time
from pathlib import Path

import torch

from tools.peers.dcgan import dcgan
from tools.peers.game import Mode
from tools.peers.points import points
from tools.peers.resnet import wgan_gp

GAMES = ("dcgan32", "dcgan64", "dcgan128", "wgan-gp", "points")
MODES = {
    "nchw": Mode(),
    "channels_last": Mode(torch.channels_last),
    "compiled": Mode(compiled=True),
    "compiled_bf16": Mode(torch.channels_last, autocast=True, compiled=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/python -m tools.peers.pytorch_step", description=__doc__)
    parser.add_argument("--game", choices=GAMES, default="dcgan64", help="the networks (default dcgan64)")
    parser.add_argument("--channels", type=int, default=3, help="channels of images (default 3)")
    parser.add_argument("--batch", type=int, default=64, help="samples a step (default 64)")
    parser.add_argument("--threads", type=int, default=2, help="threads inside an operation (default 2)")
    parser.add_argument("--mode", choices=MODES, default="nchw",
                        help="float32 eager in one of two layouts, float32 compiled, or bfloat16 autocast with "
                             "channels_last and both networks compiled (default nchw)")
    parser.add_argument("--steps", type=int, default=20, help="timed steps (default 20)")
    parser.add_argument("--warmup", type=int, default=3, help="untimed steps before them (default 3)")
    parser.add_argument("--freeze-discriminator", action=argparse.BooleanOptionalAction, default=True,
                        help="no weight gradients for the discriminator in the generator's step (default on)")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    mode = MODES[options.mode]
    compiler, header = os.environ.get("CXX", "g++"), Path(sysconfig.get_path("include"), "Python.h")
    if mode.compiled and not (shutil.which(compiler) and header.exists()):
        raise SystemExit(f"torch.compile needs the compiler {compiler} and {header}: tools/peers/setup installs both")
    if options.game == "points":
        game = points(mode, options.freeze_critic)
    elif options.game == "wgan-gp":
        game = wgan_gp(options.channels, mode, options.freeze_critic)
    else:
        game = dcgan(int(options.game.removeprefix("dcgan")), options.channels, mode, options.freeze_critic)
    samples = torch.rand(options.batch, *game.sample) * 2 - 1
    if samples.dim() == 4:
        samples = samples.contiguous(memory_format=mode.layout)

    seconds = []
    for _ in range(options.warmup + options.steps):
        start = time.perf_counter()
        game.step(samples)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "version": f"PyTorch {torch.__version__}",
        "images_per_second": round(options.batch / statistics.median(seconds[options.warmup:]), 2),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }))


if __name__ == "__main__":
    main()
