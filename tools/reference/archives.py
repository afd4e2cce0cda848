"""Small archives as NumPy writes them, which the tests read.

Writes Tests/RecordsTests/Reference/{stored,packed}.npz: the same arrays by savez and by savez_compressed.
"""

from pathlib import Path

import numpy as np

OUTPUT = Path(__file__).resolve().parents[2] / "Tests/RecordsTests/Reference"


def main() -> None:
    OUTPUT.mkdir(exist_ok=True)
    arrays = {
        "mu": np.array([1.5, -2.0, 0.25]),
        "sigma": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "bytes": np.arange(250, 256, dtype=np.uint8).reshape(3, 2, 1),
        "single": np.array(0.5, dtype=np.float32),
        "steps": np.array([-1, 2**40]),
    }
    np.savez(OUTPUT / "stored.npz", **arrays)
    np.savez_compressed(OUTPUT / "packed.npz", **arrays)


if __name__ == "__main__":
    main()
