"""Images resized by the programs that publish numbers: torch-fidelity (TensorFlow 1's rule), PyTorch, and Pillow as
clean-fid uses it.

Writes Tests/FeaturesTests/Reference/resizers.json. Byte e of an image is the top byte of formula.py's splitmix64(e), in
the order [height][width][channels], so that the file keeps only some of the resulting pixels.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from cleanfid.resize import make_resizer
from torch.nn.functional import interpolate

import tools.reference.torchvision_alone  # noqa: F401  (torch_fidelity imports torchvision)
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from tools.reference import formula

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/FeaturesTests/Reference/resizers.json"
# Height and width before and after: up, down, both at once, by much, hardly, not at all.
SIZES = [((7, 5), (11, 13)), ((13, 17), (5, 6)), ((9, 31), (20, 8)), ((1, 1), (3, 2)), ((6, 4), (6, 9)),
         ((28, 28), (299, 299)), ((32, 32), (299, 299)), ((101, 67), (31, 64)), ((300, 301), (299, 299))]
SAMPLES = 48


def nchw(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.transpose(2, 0, 1)[None]).float()


def by_torch(method):
    def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        return method(nchw(image), size)[0].numpy().transpose(1, 2, 0)
    return resize


def by_pillow(kernel: str):
    def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        return make_resizer("PIL", False, kernel, (size[1], size[0]))(image)
    return resize


RESIZERS = {
    "tf-bilinear": by_torch(
        lambda x, size: interpolate_bilinear_2d_like_tensorflow1x(x, size=size, align_corners=False)),
    "pytorch-bilinear": by_torch(lambda x, size: interpolate(x, size=size, mode="bilinear", align_corners=False)),
    "clean-fid-bicubic": by_pillow("bicubic"),
    "clean-fid-box": by_pillow("box"),
}


def case(name: str, before: tuple[int, int], after: tuple[int, int]) -> dict:
    shape = (*before, 3)
    bits = formula.splitmix64(np.arange(np.prod(shape), dtype=np.uint64))
    image = (bits >> np.uint64(56)).astype(np.uint8).reshape(shape)
    pixels = RESIZERS[name](image, after).astype(np.float64).flatten()
    golden = (np.arange(1, SAMPLES + 1) * 0.6180339887498949) % 1
    places = sorted({0, len(pixels) - 1, *(int(g * len(pixels)) for g in golden)})
    return {"resizer": name, "before": before, "after": after, "mean": pixels.mean(), "places": places,
            "values": [float(f"{pixels[p]:.9g}") for p in places]}


def main() -> None:
    sources = ", ".join(f"{name} {version(name)}" for name in ("torch", "torch-fidelity", "clean-fid", "pillow"))
    cases = [case(name, *sizes) for name in RESIZERS for sizes in SIZES]
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps({"source": f"tools/reference/resizers.py, {sources}", "cases": cases}) + "\n")
    print(f"{OUTPUT.name}: {len(cases)} cases")


if __name__ == "__main__":
    main()
