"""Fashion-MNIST from its IDX files, padded to 32x32."""

import gzip
import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

DEFAULT_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # where Debian's dataset-fashion-mnist puts it


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of bytes: two zeros, type 8, the rank, each dimension as a big-endian uint32, then the bytes."""
    if not path.exists():
        raise SystemExit(f"{path} is not there: install Debian's dataset-fashion-mnist, or name the folder with --data")
    content = gzip.decompress(path.read_bytes())
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def images(folder: Path, split: str) -> np.ndarray:
    """Split `train` or `t10k` as uint8 [N, 32, 32]: two black pixels are added on each side."""
    return np.pad(read_idx(folder / f"{split}-images-idx3-ubyte.gz"), ((0, 0), (2, 2), (2, 2)))


def labels(folder: Path, split: str) -> np.ndarray:
    return read_idx(folder / f"{split}-labels-idx1-ubyte.gz")


def scaled(pixels: np.ndarray) -> Tensor:
    """uint8 [N, 32, 32] to float32 [N, 1, 32, 32] in [-1, 1]."""
    return torch.from_numpy(pixels).unsqueeze(1).float() / 127.5 - 1


def to_bytes(batch: Tensor) -> np.ndarray:
    """Float [N, 1, 32, 32] in [-1, 1] to uint8 [N, 32, 32, 1], rounded to the nearest."""
    return ((batch + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
