"""PyTorch's answers for second-order moves in float64: penalties, consensus optimization, an unrolled discriminator, and what
else a player's gradient can be made of.

Writes Tests/AdversariesTests/Reference/games.json: the weights of two small tanh networks, samples and latents, and for
each case the gradient of one player, flat, in the order of the weights ([in, out] matrices, then biases).
"""

import json
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import softplus

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/AdversariesTests/Reference/games.json"
SIZES = {"generator": [3, 6, 2], "discriminator": [2, 6, 5, 1]}
BATCH = 6
Weights = list[Tensor]


def weights(sizes: list[int], random: torch.Generator) -> Weights:
    """A matrix [in, out] and a bias for each layer."""
    result = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        result.append(torch.randn(inputs, outputs, generator=random, dtype=torch.float64) * 0.8)
        result.append(torch.randn(outputs, generator=random, dtype=torch.float64) * 0.3)
    return [w.requires_grad_() for w in result]


def run(player: Weights, x: Tensor) -> Tensor:
    for i in range(0, len(player), 2):
        x = x @ player[i] + player[i + 1]
        if i + 2 < len(player):
            x = torch.tanh(x)
    return x


def features(player: Weights, x: Tensor) -> Tensor:
    """What goes into the last layer."""
    return torch.tanh(run(player[:-2], x))


def flat(tensors: list[Tensor] | tuple[Tensor, ...]) -> list[float]:
    return torch.cat([t.detach().flatten() for t in tensors]).tolist()


def discriminator_loss(discriminator: Weights, real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-run(discriminator, real)).mean() + softplus(run(discriminator, fake)).mean()


def generator_loss(discriminator: Weights, fake: Tensor) -> Tensor:
    return softplus(-run(discriminator, fake)).mean()


def slopes(discriminator: Weights, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    return torch.autograd.grad(run(discriminator, x).sum(), x, create_graph=True)[0]


def main() -> None:
    random = torch.Generator().manual_seed(11)
    generator, discriminator = weights(SIZES["generator"], random), weights(SIZES["discriminator"], random)
    real = torch.randn(BATCH, 2, generator=random, dtype=torch.float64)
    latents = torch.randn(BATCH, 3, generator=random, dtype=torch.float64)
    fake = run(generator, latents)
    constant = fake.detach()
    cases = {}

    # Penalties of the discriminator; the gradient penalty at real samples, where the line to themselves is a point.
    norms = slopes(discriminator, real).norm(dim=1)
    penalties = {
        "r1": 3 * 0.5 * slopes(discriminator, real).square().sum(1).mean(),
        "r2": 3 * 0.5 * slopes(discriminator, constant).square().sum(1).mean(),
        "gradient-penalty": 10 * (norms - 1).square().mean(),
        "one-sided-gradient-penalty": 10 * torch.relu(norms - 1).square().mean(),
        "orthogonal": 0.5 * sum(
            ((w.T @ w) * (1 - torch.eye(w.shape[1], dtype=w.dtype))).square().sum() for w in discriminator if w.dim() == 2),
    }
    for name, penalty in penalties.items():
        base = discriminator_loss(discriminator, real, real if "gradient" in name else constant)
        cases[name] = flat(torch.autograd.grad(base + penalty, discriminator, retain_graph=True))

    # Terms of the generator.
    code, target = features(discriminator, fake), features(discriminator, real)
    unit = code / code.norm(dim=1, keepdim=True)
    cosines = (unit @ unit.T).square()
    pulling = (cosines.sum() - BATCH) / (BATCH * (BATCH - 1))
    for name, term in {"feature-matching": 2 * (target.mean(0) - code.mean(0)).abs().mean(),
                       "pulling-away": 0.7 * pulling}.items():
        cases[name] = flat(torch.autograd.grad(generator_loss(discriminator, fake) + term, generator, retain_graph=True))

    # Consensus: each gradient plus gamma times that of half the squared norm of both.
    gamma = 0.7
    ours = torch.autograd.grad(discriminator_loss(discriminator, real, fake), discriminator, create_graph=True)
    theirs = torch.autograd.grad(generator_loss(discriminator, fake), generator, create_graph=True)
    energy = 0.5 * sum(g.square().sum() for g in ours + theirs)
    pull = torch.autograd.grad(energy, discriminator + generator, retain_graph=True)
    cases["consensus discriminator"] = flat([g + gamma * p for g, p in zip(ours, pull)])
    cases["consensus generator"] = flat([g + gamma * p for g, p in zip(theirs, pull[len(discriminator):])])

    # Two updates of the discriminator under the generator's gradient: it minimises the negative of what the discriminator then has
    # (Metz et al. 2017, equations 2 and 5).
    for name, rate in {"sgd": 0.5, "adam": 0.05}.items():
        ahead = list(discriminator)
        first, second = [0.0] * len(discriminator), [0.0] * len(discriminator)
        for step in (1, 2):
            gradients = torch.autograd.grad(discriminator_loss(ahead, real, fake), ahead, create_graph=True)
            for i, g in enumerate(gradients):
                if name == "sgd":
                    ahead[i] = ahead[i] - rate * g
                    continue
                first[i] = 0.5 * first[i] + 0.5 * g
                second[i] = 0.9 * second[i] + 0.1 * g.square()
                root = (second[i] / (1 - 0.9**step)).sqrt() + 1e-8
                ahead[i] = ahead[i] - rate * (first[i] / (1 - 0.5**step)) / root
        loss = -discriminator_loss(ahead, real, fake)
        cases[f"unrolled {name}"] = flat(torch.autograd.grad(loss, generator, retain_graph=True))

    document = {
        "source": f"tools/reference/games.py, torch {torch.__version__}",
        "generator": flat(generator), "discriminator": flat(discriminator), "real": flat([real]), "latents": flat([latents]),
        "cases": cases,
    }
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(document) + "\n")
    print(f"{OUTPUT.name}: {len(cases)} cases")


if __name__ == "__main__":
    main()
