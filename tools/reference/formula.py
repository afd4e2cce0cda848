"""Numbers that both sides compute for themselves, because the weights of DCGAN-64 are too large to commit."""

import numpy as np

# What the formula's value in [-0.5, 0.5) becomes, in double, before it is rounded to float32.
SCALES = {"filter": (0.0, 0.12), "gamma": (1.0, 0.1), "beta": (0.0, 0.1), "latent": (0.0, 3.4), "image": (0.0, 2.0)}


def splitmix64(state: np.ndarray) -> np.ndarray:
    """The generator's next output from each state (Steele et al. 2014); uint64 wraps."""
    z = state + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(index: int, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of [-0.5, 0.5) in double: element e, in the order of `shape`, is (u >> 40) / 2^24 - 0.5.

    u = splitmix64(index * 2^32 + e).
    """
    elements = np.arange(np.prod(shape), dtype=np.uint64)
    bits = splitmix64((np.uint64(index) << np.uint64(32)) + elements)
    return ((bits >> np.uint64(40)).astype(np.float64) / 2**24 - 0.5).reshape(shape)


def tensor(index: int, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """Tensor number `index`, float32: offset + scale * uniform, as its kind says."""
    offset, scale = SCALES[kind]
    return (offset + scale * uniform(index, shape)).astype(np.float32)
