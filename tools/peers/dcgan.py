"""DCGAN (Radford et al. 2016) as Saddle builds it, in PyTorch: the peer in every comparison.

For 64 pixels this is layer for layer the network of PyTorch's own DCGAN example. Tensors here are NCHW.
"""

from dataclasses import dataclass
from math import log2

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

LATENT = 100


def doublings(size: int) -> int:
    """How often 4x4 maps double to reach `size` pixels."""
    count = int(log2(size / 4))
    if size not in (32, 64, 128):
        raise ValueError(f"size is {size}: choose 32, 64 or 128")
    return count


def generator(size: int = 64, channels: int = 3, width: int = 64) -> nn.Sequential:
    """Latents [N, 100, 1, 1] to images [N, channels, size, size] in [-1, 1]."""
    n = doublings(size)
    maps = width << (n - 1)
    layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, maps, 4, 1, 0, bias=False), nn.BatchNorm2d(maps), nn.ReLU()]
    for _ in range(n - 1):
        layers += [nn.ConvTranspose2d(maps, maps // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(maps // 2), nn.ReLU()]
        maps //= 2
    return nn.Sequential(*layers, nn.ConvTranspose2d(maps, channels, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(size: int = 64, channels: int = 3, width: int = 64) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N]."""
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    maps = width
    for _ in range(doublings(size) - 1):
        layers += [nn.Conv2d(maps, 2 * maps, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * maps), nn.LeakyReLU(0.2)]
        maps *= 2
    return nn.Sequential(*layers, nn.Conv2d(maps, 1, 4, 1, 0, bias=False), nn.Flatten(0))


def initialize(network: nn.Module) -> None:
    """Convolutions N(0, 0.02), batch-norm scales N(1, 0.02) and shifts 0, from PyTorch's global random state."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1, 0.02)
            nn.init.zeros_(layer.bias)


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy on logits."""
    return softplus(-real).mean() + softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """Non-saturating."""
    return softplus(-fake).mean()


@dataclass
class Game:
    """Both players and their optimizers (Adam, learning rate 2e-4, beta 0.5 and 0.999, epsilon 1e-8)."""

    size: int = 64
    channels: int = 3
    layout: torch.memory_format = torch.contiguous_format
    # In the generator's step nobody needs the critic's weight gradients. PyTorch's example computes them all the same;
    # without them a step has eleven passes over a network in place of twelve, so the peer is measured that way.
    freeze_critic: bool = True

    def __post_init__(self) -> None:
        self.generator = generator(self.size, self.channels)
        self.discriminator = discriminator(self.size, self.channels)
        for network in (self.generator, self.discriminator):
            initialize(network)
            network.to(memory_format=self.layout)
        self.generator_adam, self.discriminator_adam = (
            torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), eps=1e-8)
            for network in (self.generator, self.discriminator)
        )

    def step(self, real: Tensor) -> tuple[Tensor, Tensor]:
        """One step of each player on the same fakes, the discriminator first; gives its loss and the generator's.

        Reals and fakes are separate batches for batch norm. The generator's step goes through the updated
        discriminator.
        """
        fake = self.generator(torch.randn(len(real), LATENT, 1, 1))
        self.discriminator.requires_grad_(True)
        self.discriminator_adam.zero_grad()
        loss = discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
        loss.backward()
        self.discriminator_adam.step()

        self.discriminator.requires_grad_(not self.freeze_critic)
        self.generator_adam.zero_grad()
        fooling = generator_loss(self.discriminator(fake))
        fooling.backward()
        self.generator_adam.step()
        return loss.detach(), fooling.detach()
