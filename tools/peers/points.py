"""A GAN of fully connected networks for points of the plane, as in points.yaml, in PyTorch."""

from torch import nn

from tools.peers.game import Game, Mode

LATENT = 256
WIDTH = 128


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers."""
    return nn.Sequential(nn.Linear(inputs, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(),
                         nn.Linear(WIDTH, outputs))


def points(mode: Mode = Mode(), freeze_critic: bool = True) -> Game:
    """Latents [N, 256] to points [N, 2]; points to logits [N]."""
    discriminator = nn.Sequential(*network(2, 1), nn.Flatten(0))
    return Game(network(LATENT, 2), discriminator, (LATENT,), (2,), mode, freeze_critic)
