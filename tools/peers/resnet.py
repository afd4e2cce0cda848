"""WGAN-GP on residual networks (Gulrajani et al. 2017) as Saddle's preset wgan-gp builds them, in PyTorch.

A step has second gradients, by the penalty.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from tools.peers.game import Game, Mode

LATENT = 128


class Residual(nn.Module):
    def __init__(self, main: list[nn.Module], shortcut: list[nn.Module]):
        super().__init__()
        self.main, self.shortcut = nn.Sequential(*main), nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x) + self.shortcut(x)


class Double(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return interpolate(x, scale_factor=2)


class Halve(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return avg_pool2d(x, 2)


class Sum(nn.Module):
    """[N, C, H, W] to [N, C]."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum((2, 3))


def up(width: int) -> Residual:
    main = [nn.BatchNorm2d(width), nn.ReLU(), Double(), nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width),
            nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)]
    return Residual(main, [nn.Conv2d(width, width, 1), Double()])


def down(channels: int, width: int, halves: bool, is_first: bool) -> Residual:
    before = [] if is_first else [nn.ReLU()]
    pool = [Halve()] if halves else []
    main = [*before, nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), *pool]
    return Residual(main, [*pool, nn.Conv2d(channels, width, 1)] if halves else [])


class WGANGP(Game):
    """Five steps of the critic for one of the generator, which is judged on the fakes of the last."""

    def step(self, real: Tensor) -> tuple[Tensor, Tensor]:
        self.discriminator.requires_grad_(True)
        for number in range(5):
            with torch.set_grad_enabled(number == 4):
                fake = self.generator(torch.randn(len(real), *self.latent))
            self.discriminator_adam.zero_grad()
            share = torch.rand(len(real), 1, 1, 1)
            points = (share * real + (1 - share) * fake.detach()).requires_grad_(True)
            slopes, = torch.autograd.grad(self.discriminator(points).sum(), points, create_graph=True)
            penalty = 10 * ((slopes.flatten(1).norm(dim=1) - 1) ** 2).mean()
            loss = self.discriminator(fake.detach()).mean() - self.discriminator(real).mean() + penalty
            loss.backward()
            self.discriminator_adam.step()
        self.discriminator.requires_grad_(not self.freeze_critic)
        self.generator_adam.zero_grad()
        fooling = -self.discriminator(fake).mean()
        fooling.backward()
        self.generator_adam.step()
        return loss.detach(), fooling.detach()


def wgan_gp(channels: int, mode: Mode, freeze_critic: bool, width: int = 128) -> Game:
    """Images of 32 pixels."""
    generator = nn.Sequential(
        nn.Linear(LATENT, width * 16), nn.Unflatten(1, (width, 4, 4)), up(width), up(width), up(width),
        nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, channels, 3, padding=1), nn.Tanh())
    discriminator = nn.Sequential(
        down(channels, width, True, True), down(width, width, True, False), down(width, width, False, False),
        down(width, width, False, False), nn.ReLU(), Sum(), nn.Linear(width, 1), nn.Flatten(0))
    return WGANGP(generator, critic, (LATENT,), (channels, 32, 32), mode, freeze_critic)
