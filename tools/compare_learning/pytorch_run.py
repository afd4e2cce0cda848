"""The PyTorch half: trains DCGAN-32 on Fashion-MNIST and writes samples before and after."""

import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tools.compare_learning import data
from tools.peers.dcgan import LATENT, dcgan
from tools.peers.game import Mode

BATCH = 64


def sample(generator: nn.Module, count: int, seed: int) -> np.ndarray:
    """uint8 [count, 32, 32, 1], with the running averages of batch norm."""
    latents = torch.randn(count, LATENT, 1, 1, generator=torch.Generator().manual_seed(seed))
    generator.eval()
    with torch.no_grad():
        pixels = np.concatenate([data.to_bytes(generator(batch)) for batch in latents.split(100)])
    generator.train()
    return pixels


def train(folder: Path, steps: int, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Samples of the untrained and of the trained generator, and the seconds a step took."""
    torch.manual_seed(seed)
    pixels = data.images(folder, "train")
    game = dcgan(32, 1, Mode(torch.channels_last))
    untrained = sample(game.generator, count, seed)

    start, order = time.perf_counter(), torch.empty(0, dtype=torch.long)
    for step in range(1, steps + 1):
        if len(order) < BATCH:  # a new epoch; the last 32 images of each are left out
            order = torch.randperm(len(pixels))
        rows, order = order[:BATCH], order[BATCH:]
        discriminator, fooling = game.step(data.scaled(pixels[rows.numpy()]))
        if step % 100 == 0 or step == steps:
            seconds = (time.perf_counter() - start) / step
            print(f"pytorch seed {seed}: step {step} of {steps}, {seconds:.3f} s a step, "
                  f"losses {discriminator:.3f} and {fooling:.3f}", flush=True)
    return untrained, sample(game.generator, count, seed), (time.perf_counter() - start) / steps
