"""Times a square float32 product of OpenBLAS, oneDNN or PyTorch's MKL, checks it, and prints one line of JSON."""

import argparse
import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import numpy as np

from tools.peers import processor
from tools.peers.timing import median_seconds

# What OpenBLAS calls the processors that it has kernels for, and the instructions that a name needs.
CORES = {"Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512f", "Cooperlake": "avx512_bf16",
         "Sapphirerapids": "amx_tile"}

# Computes c = a b of square matrices.
Product = Callable[[np.ndarray, np.ndarray, np.ndarray], None]


def openblas(threads: int, core: str) -> tuple[Product, str]:
    # What the machine's owner has set must not slow the peer down. The library reads these when it is loaded.
    for variable in [name for name in os.environ if name.startswith("OPENBLAS_")]:
        del os.environ[variable]
    os.environ["OPENBLAS_CORETYPE"] = core
    library = ctypes.CDLL("libopenblas.so.0")
    library.openblas_set_num_threads(threads)
    library.openblas_get_config.restype = library.openblas_get_corename.restype = ctypes.c_char_p
    version = " ".join(library.openblas_get_config().decode().split()[:2])

    def product(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
        n, row_major, plain = len(a), 101, 111
        library.cblas_sgemm(row_major, plain, plain, n, n, n, ctypes.c_float(1), pointer(a), n, pointer(b), n,
                            ctypes.c_float(0), pointer(c), n)

    return product, f"{version} as {library.openblas_get_corename().decode()}"


def onednn(threads: int, _: str) -> tuple[Product, str]:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    library = ctypes.CDLL("libdnnl.so.2")

    class Version(ctypes.Structure):
        _fields_ = [(part, ctypes.c_int) for part in ("major", "minor", "patch")]

    library.dnnl_version.restype = ctypes.POINTER(Version)
    version = library.dnnl_version().contents

    def product(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
        n, plain = (ctypes.c_int64(len(a)), ctypes.c_char(b"N"))
        status = library.dnnl_sgemm(plain, plain, n, n, n, ctypes.c_float(1), pointer(a), n, pointer(b), n,
                                    ctypes.c_float(0), pointer(c), n)
        if status != 0:
            raise SystemExit(f"dnnl_sgemm returned {status}")

    return product, f"oneDNN {version.major}.{version.minor}.{version.patch}"


def mkl(threads: int, _: str) -> tuple[Product, str]:
    import torch

    if not torch.backends.mkl.is_available():
        raise SystemExit(f"this build of PyTorch {torch.__version__} is without MKL")
    torch.set_num_threads(threads)
    release = re.search(r"Math Kernel Library Version ([\d.]+)", torch.__config__.show())

    def product(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
        torch.mm(torch.from_numpy(a), torch.from_numpy(b), out=torch.from_numpy(c))

    return product, f"MKL {release[1] if release else '(release unknown)'} of PyTorch {torch.__version__}"


LIBRARIES = {"openblas": openblas, "onednn": onednn, "mkl": mkl}


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def best_core(arguments: list[str]) -> str:
    """The core type with the fastest product, each tried in a process of its own; empty for OpenBLAS's own choice.

    OpenBLAS takes processors that are younger than itself for old ones, and may lose a factor of four by it.
    """
    has = processor.flags()
    speeds = {}
    for core in ["", *(core for core, needs in CORES.items() if needs in has)]:
        words = [sys.executable, "-m", "tools.peers.sgemm", *arguments, "--seconds", "0.3", "--core", core]
        tried = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if tried.returncode == 0:
            speeds[core] = json.loads(tried.stdout)["gflops"]
    return max(speeds, key=speeds.__getitem__, default="")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/python -m tools.peers.sgemm", description=__doc__)
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("--size", type=int, default=1024, help="rows and columns (default 1024)")
    parser.add_argument("--threads", type=int, default=2, help="threads (default 2)")
    parser.add_argument("--seconds", type=float, default=1, help="how long it is repeated (default 1)")
    parser.add_argument("--core", help="OPENBLAS_CORETYPE (default: the fastest one)")
    options = parser.parse_args()

    if options.library == "openblas" and options.core is None:
        options.core = best_core(sys.argv[1:])
    try:
        product, version = LIBRARIES[options.library](options.threads, options.core)
    except OSError as error:
        raise SystemExit(f"{error}: install it with tools/peers/setup") from None

    random = np.random.default_rng(1)
    a, b = (random.standard_normal((options.size, options.size), np.float32) for _ in range(2))
    c = np.zeros_like(a)
    seconds = median_seconds(lambda: product(a, b, c), options.seconds)
    if not np.allclose(c[:8], a[:8].astype(np.float64) @ b, atol=1e-3):
        raise SystemExit(f"{version} computes a wrong product")
    print(json.dumps({"version": version, "seconds": seconds, "gflops": round(2e-9 * options.size**3 / seconds, 1)}))


if __name__ == "__main__":
    main()
