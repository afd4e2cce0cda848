"""Times PyTorch's eager float32 training step of DCGAN on synthetic images, and prints one line of JSON."""

import argparse
import json
import resource
import statistics
import time

import torch

from tools.peers.dcgan import Game

LAYOUTS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/python -m tools.peers.dcgan_step", description=__doc__)
    parser.add_argument("--size", type=int, default=64, choices=(32, 64, 128), help="pixels (default 64)")
    parser.add_argument("--channels", type=int, default=3, help="image channels (default 3)")
    parser.add_argument("--batch", type=int, default=64, help="images a step (default 64)")
    parser.add_argument("--threads", type=int, default=2, help="threads inside an operation (default 2)")
    parser.add_argument("--layout", choices=LAYOUTS, default="nchw", help="memory format (default nchw)")
    parser.add_argument("--steps", type=int, default=20, help="timed steps (default 20)")
    parser.add_argument("--warmup", type=int, default=3, help="untimed steps before them (default 3)")
    parser.add_argument("--freeze-critic", action=argparse.BooleanOptionalAction, default=True,
                        help="no weight gradients for the critic in the generator's step (default on)")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    layout = LAYOUTS[options.layout]
    game = Game(options.size, options.channels, layout, options.freeze_critic)
    images = torch.rand(options.batch, options.channels, options.size, options.size) * 2 - 1
    images = images.contiguous(memory_format=layout)

    seconds = []
    for _ in range(options.warmup + options.steps):
        start = time.perf_counter()
        game.step(images)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "images_per_second": round(options.batch / statistics.median(seconds[options.warmup:]), 2),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }))


if __name__ == "__main__":
    main()
