"""PyTorch's answers for the baselines in float64: densities of flows by the Jacobians that autograd finds, bounds of
autoencoders from torch.distributions, probabilistic PCA in closed form from the eigenvalues of the covariance.

Writes Tests/BaselinesTests/Reference/baselines.json; weights are flat, in the order in which our networks declare them.
"""

import json
from pathlib import Path

import torch
from torch import Tensor
from torch.autograd.functional import jacobian
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/BaselinesTests/Reference/baselines.json"
BATCH = 5
Weights = list[Tensor]


def drawn(shapes: list[tuple[int, ...]], random: torch.Generator, size: float = 0.6) -> Weights:
    return [(size * torch.randn(*s, generator=random, dtype=torch.float64)).requires_grad_() for s in shapes]


def flat(tensors: list[Tensor] | tuple[Tensor, ...]) -> list[float]:
    return torch.cat([t.detach().flatten() for t in tensors]).tolist()


def couplings(size: int, width: int, count: int) -> list[tuple[int, ...]]:
    shapes: list[tuple[int, ...]] = []
    for number in range(count):
        kept, moved = (size // 2, size - size // 2)[:: 1 if number % 2 == 0 else -1]
        shapes += [(kept, width), (width,), (width, width), (width,), (width, 2 * moved), (2 * moved,), (moved,)]
    return shapes


def real_nvp(weights: Weights, z: Tensor) -> Tensor:
    """Latents [d] to a sample [d]."""
    first = z.shape[0] // 2
    for number in range(len(weights) // 7):
        w = weights[7 * number : 7 * number + 7]
        kept, moved = (z[:first], z[first:]) if number % 2 == 0 else (z[first:], z[:first])
        out = torch.tanh(torch.tanh(kept @ w[0] + w[1]) @ w[2] + w[3]) @ w[4] + w[5]
        s, t = torch.tanh(out[: len(moved)]) * w[6], out[len(moved) :]
        moved = (moved - t) / s.exp()
        z = torch.cat([kept, moved] if number % 2 == 0 else [moved, kept])
    return z


def affine(weights: Weights, z: Tensor) -> Tensor:
    matrix = torch.diag(weights[0].exp()) @ (torch.eye(len(z), dtype=z.dtype) + torch.triu(weights[1], 1))
    return z @ matrix + weights[2]


def flow(generator, weights: Weights, z: Tensor) -> dict:
    """Samples, their log densities, and the gradient of the mean log density of those samples."""
    x = torch.stack([generator(weights, row) for row in z]).detach()
    densities = torch.stack([
        Normal(0.0, 1.0).log_prob(row).sum() - torch.linalg.slogdet(jacobian(lambda r: generator(weights, r), row))[1]
        for row in z
    ])
    # By central differences of the mean log density at fixed samples: z moves with the weights, so solve for it.
    def mean_density() -> Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for row, start in zip(x, z):
            latent = start.clone()
            for _ in range(30):  # Newton
                j = jacobian(lambda r: generator(weights, r), latent)
                latent = latent - torch.linalg.solve(j, generator(weights, latent).detach() - row)
            total += Normal(0.0, 1.0).log_prob(latent).sum()
            total -= torch.linalg.slogdet(jacobian(lambda r: generator(weights, r), latent))[1]
        return total / len(x)

    return {"weights": flat(weights), "z": flat([z]), "x": flat([x]), "densities": flat([densities]),
            "slope": slope(weights, mean_density)}


def slope(weights: Weights, value) -> dict:
    """A central difference along one direction, which the gradient must agree with."""
    random = torch.Generator().manual_seed(3)
    along = [torch.randn(w.shape, generator=random, dtype=torch.float64) for w in weights]
    step, ends = 1e-5, []
    for sign in (1, -1):
        with torch.no_grad():
            for w, a in zip(weights, along):
                w += sign * step * a
        ends.append(value().item())
        with torch.no_grad():
            for w, a in zip(weights, along):
                w -= sign * step * a
    return {"along": flat(along), "value": (ends[0] - ends[1]) / (2 * step)}


def autoencoder(random: torch.Generator, likelihood: str) -> dict:
    """Encoder 6-4-(2 x 2) and decoder 2-4-6 with one hidden tanh layer each."""
    encoder, decoder = (drawn(s, random) for s in (
        [(6, 4), (4,), (4, 4), (4,)], [(2, 4), (4,), (4, 6), (6,)]))
    x = torch.rand(BATCH, 6, generator=random, dtype=torch.float64)
    epsilon = torch.randn(BATCH, 2, generator=random, dtype=torch.float64)
    run = lambda w, v: torch.tanh(v @ w[0] + w[1]) @ w[2] + w[3]
    code = run(encoder, x)
    posterior = Normal(code[:, :2], code[:, 2:].exp().sqrt())
    z = posterior.loc + posterior.scale * epsilon
    output = run(decoder, z)
    model = (Bernoulli(logits=output, validate_args=False) if likelihood == "bernoulli" else Normal(output, 0.4))
    bounds = model.log_prob(x).sum(1) - kl_divergence(posterior, Normal(0.0, 1.0)).sum(1)
    slopes = torch.autograd.grad(bounds.mean(), encoder + decoder)
    return {"encoder": flat(encoder), "decoder": flat(decoder), "x": flat([x]), "epsilon": flat([epsilon]),
            "bounds": flat([bounds]), "encoder_slopes": flat(slopes[:4]), "decoder_slopes": flat(slopes[4:])}


def components(random: torch.Generator) -> dict:
    """60 samples of 5 features, 2 components: the optimum in closed form (Tipping and Bishop 1999, equations 7, 8)."""
    mixing = torch.randn(5, 5, generator=random, dtype=torch.float64) * torch.tensor([2.0, 1.2, 0.5, 0.4, 0.3])[:, None]
    x = torch.randn(60, 5, generator=random, dtype=torch.float64) @ mixing + 0.7
    other = torch.randn(20, 5, generator=random, dtype=torch.float64) @ mixing + 0.7
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    variance = values[:3].mean()
    w = vectors[:, 3:] @ torch.diag((values[3:] - variance).sqrt())
    covariance = w @ w.T + variance * torch.eye(5, dtype=torch.float64)
    model = MultivariateNormal(x.mean(0), covariance)
    latents = torch.linalg.solve(w.T @ w + variance * torch.eye(2, dtype=torch.float64), w.T @ (other - x.mean(0)).T)
    return {"x": flat([x]), "other": flat([other]), "variance": variance.item(), "covariance": flat([covariance]),
            "likelihood": model.log_prob(x).mean().item(), "other_likelihood": model.log_prob(other).mean().item(),
            "reconstructions": flat([(w @ latents).T + x.mean(0)])}


def main() -> None:
    random = torch.Generator().manual_seed(5)
    latents = lambda size: torch.randn(BATCH, size, generator=random, dtype=torch.float64)
    document = {
        "source": f"tools/reference/baselines.py, torch {torch.__version__}",
        "flows": {
            "real-nvp 2": flow(real_nvp, drawn(couplings(2, 5, 4), random), latents(2)),
            "real-nvp 5": flow(real_nvp, drawn(couplings(5, 4, 3), random), latents(5)),
            "affine 1": flow(affine, drawn([(1,), (1, 1), (1,)], random), latents(1)),
            "affine 6": flow(affine, drawn([(6,), (6, 6), (6,)], random), latents(6)),
        },
        "autoencoders": {name: autoencoder(random, name) for name in ("bernoulli", "gaussian")},
        "components": components(random),
    }
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(document) + "\n")
    print(f"{OUTPUT.name}: {len(document['flows'])} flows, {len(document['autoencoders'])} autoencoders")


if __name__ == "__main__":
    main()
