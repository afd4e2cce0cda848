"""The game that Saddle plays, in PyTorch: the peer in every comparison. One step of each player on the same fakes."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy on logits."""
    return softplus(-real).mean() + softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """Non-saturating."""
    return softplus(-fake).mean()


@dataclass(frozen=True)
class Mode:
    """How PyTorch is asked to compute."""

    layout: torch.memory_format = torch.contiguous_format
    # bfloat16 in the forward passes, and so in the gradients of their products; weights and optimizer stay float32.
    autocast: bool = False
    # torch.compile on both networks, and Adam as one fused kernel.
    compiled: bool = False
    # Adam as one fused kernel whose state stays on the card, so that a step can be captured as a CUDA graph.
    captured: bool = False


@dataclass
class Game:
    """Both players and their optimizers (Adam, learning rate 2e-4, beta 0.5 and 0.999, epsilon 1e-8)."""

    generator: nn.Module
    discriminator: nn.Module
    latent: tuple[int, ...]  # the shape of one latent
    sample: tuple[int, ...]  # the shape of one sample
    mode: Mode = Mode()
    # In the generator's step nobody needs the discriminator's weight gradients. PyTorch's example computes them all the same;
    # without them a step has eleven passes over a network in place of twelve, so the peer is measured that way.
    freeze_critic: bool = True

    def __post_init__(self) -> None:
        for network in (self.generator, self.discriminator):
            network.to(memory_format=self.mode.layout)
        self.generator_adam, self.discriminator_adam = (
            torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), eps=1e-8,
                             fused=True if self.mode.compiled or self.mode.captured else None,
                             capturable=self.mode.captured)
            for network in (self.generator, self.discriminator)
        )
        if self.mode.compiled:
            self.generator, self.discriminator = (torch.compile(network, dynamic=False)
                                                  for network in (self.generator, self.discriminator))

    def step(self, real: Tensor) -> tuple[Tensor, Tensor]:
        """One step of each player on the same fakes, the discriminator first; gives its loss and the generator's.

        Reals and fakes are separate batches for batch norm. The generator's step goes through the updated
        discriminator.
        """
        self.discriminator.requires_grad_(True)
        self.discriminator_adam.zero_grad()
        with self.autocast():
            fake = self.generator(torch.randn(len(real), *self.latent))
            loss = discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
        loss.backward()
        self.discriminator_adam.step()

        self.discriminator.requires_grad_(not self.freeze_critic)
        self.generator_adam.zero_grad()
        with self.autocast():
            fooling = generator_loss(self.discriminator(fake))
        fooling.backward()
        self.generator_adam.step()
        return loss.detach(), fooling.detach()

    def autocast(self) -> torch.autocast:
        device = next(self.discriminator.parameters()).device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.mode.autocast)
