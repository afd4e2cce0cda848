"""DCGAN (Radford et al. 2016) as Saddle builds it, in PyTorch.

For 64 pixels this is layer for layer the network of PyTorch's own DCGAN example. Tensors here are NCHW.
"""

from math import log2

from torch import nn

from tools.peers.game import Game, Mode

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


def dcgan(size: int = 64, channels: int = 3, mode: Mode = Mode(), freeze_critic: bool = True) -> Game:
    """Both networks with their first weights, ready to play."""
    players = generator(size, channels), discriminator(size, channels)
    for network in players:
        initialize(network)
    return Game(*players, (LATENT, 1, 1), (channels, size, size), mode, freeze_critic)
