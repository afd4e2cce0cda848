"""Times DCGAN-64's generator in PyTorch's inference mode, and prints one line of JSON."""

import argparse
import json
import statistics
import time

import torch

from tools.peers.dcgan import LATENT, generator, initialize
from tools.peers.pytorch_step import MODES


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/python -m tools.peers.pytorch_sample", description=__doc__)
    parser.add_argument("--mode", choices=("nchw", "channels_last"), default="nchw", help="the layout (default nchw)")
    parser.add_argument("--batch", type=int, default=64, help="images that are drawn together (default 64)")
    parser.add_argument("--batches", type=int, default=10, help="timed batches (default 10), after two that are not")
    parser.add_argument("--threads", type=int, default=2, help="threads inside an operation (default 2)")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    network = generator()
    initialize(network)
    network = network.eval().to(memory_format=MODES[options.mode].layout)
    latents = torch.randn(options.batch, LATENT, 1, 1)
    seconds = []
    with torch.inference_mode():
        for _ in range(2 + options.batches):
            start = time.perf_counter()
            network(latents)
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"version": f"PyTorch {torch.__version__}",
                      "images_per_second": round(options.batch / statistics.median(seconds[2:]), 2)}))


if __name__ == "__main__":
    main()
