"""Times a float32 product or convolution of CLBlast on an OpenCL device, checks it, and prints one line of JSON."""

import argparse
import ctypes
import json
import re
from collections.abc import Callable
from ctypes import byref, c_float, c_size_t
from pathlib import Path

import numpy as np

from tools.peers.opencl import Device, check
from tools.peers.timing import median_seconds

ROW_MAJOR, PLAIN, CROSS_CORRELATION = 101, 111, 151


def sizes(*values: int) -> list[c_size_t]:
    return [c_size_t(value) for value in values]


def product(library: ctypes.CDLL, device: Device, options: argparse.Namespace) -> tuple[Callable[[], None], float]:
    """c = a b, square. The call queues it once, and checks it the first time; with its floating-point operations."""
    n, random = options.size, np.random.default_rng(1)
    a, b = (random.standard_normal((n, n), np.float32) for _ in range(2))
    left, right, result = (device.buffer(array) for array in (a, b, np.zeros_like(a)))

    def call() -> None:
        check("CLBlastSgemm", library.CLBlastSgemm(
            ROW_MAJOR, PLAIN, PLAIN, *sizes(n, n, n), c_float(1), left, *sizes(0, n), right, *sizes(0, n), c_float(0),
            result, *sizes(0, n), byref(device.queue), None))
        device.finish()

    call()
    compare(device.read(result, a)[:8], a[:8].astype(np.float64) @ b)
    return call, 2 * n**3


def convolution(library: ctypes.CDLL, device: Device, options: argparse.Namespace) -> tuple[Callable[[], None], float]:
    """A layer of DCGAN's discriminator: 4x4 filters, stride 2, padding 1. NCHW and OIHW, as CLBlast has them."""
    (batch, size, inputs, outputs), random = options.shape, np.random.default_rng(1)
    half = size // 2
    images = random.standard_normal((batch, inputs, size, size), np.float32)
    filters = random.standard_normal((outputs, inputs, 4, 4), np.float32)
    maps = np.zeros((batch, outputs, half, half), np.float32)
    left, right, result = (device.buffer(array) for array in (images, filters, maps))

    def call() -> None:
        kernel, padding, stride, dilation = (4, 4), (1, 1), (2, 2), (1, 1)
        geometry = sizes(inputs, size, size, *kernel, *padding, *stride, *dilation, outputs, batch)
        check("CLBlastSconvgemm", library.CLBlastSconvgemm(
            CROSS_CORRELATION, *geometry, left, c_size_t(0), right, c_size_t(0), result, c_size_t(0),
            byref(device.queue), None))
        device.finish()

    call()
    padded = np.pad(images[:1].astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), (2, 3))[:, :, ::2, ::2]
    compare(device.read(result, maps)[:1], np.einsum("nchwij,ocij->nohw", windows, filters, optimize=True))
    return call, 2 * batch * half * half * outputs * inputs * 16


def compare(found: np.ndarray, wanted: np.ndarray) -> None:
    if not np.allclose(found, wanted, atol=1e-4 * np.abs(wanted).max()):
        raise SystemExit(f"a wrong result: {np.abs(found - wanted).max():.3g} off where {np.abs(wanted).max():.3g} is "
                         "the largest element")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/python -m tools.peers.clblast", description=__doc__)
    operations = {"product": product, "convolution": convolution}
    parser.add_argument("operation", choices=operations)
    parser.add_argument("--size", type=int, default=1024, help="rows and columns of the product (default 1024)")
    parser.add_argument("--shape", type=int, nargs=4, default=(64, 16, 128, 256),
                        metavar=("BATCH", "SIZE", "INPUTS", "OUTPUTS"),
                        help="of the convolution (default 64 16 128 256)")
    parser.add_argument("--device", default="pocl", help="part of a name (default pocl)")
    parser.add_argument("--seconds", type=float, default=1, help="how long it is repeated (default 1)")
    options = parser.parse_args()

    try:
        library = ctypes.CDLL("libclblast.so.1")
    except OSError as error:
        raise SystemExit(f"{error}: install it with tools/peers/setup") from None
    release = re.search(r"libclblast\.so\.([\d.]+)", Path("/proc/self/maps").read_text())
    device = Device(options.device)
    call, operations_count = operations[options.operation](library, device, options)
    seconds = median_seconds(call, options.seconds)
    print(json.dumps({"version": f"CLBlast {release[1] if release else '1'} on {device.name}", "seconds": seconds,
                      "gflops": round(1e-9 * operations_count / seconds, 2)}))


if __name__ == "__main__":
    main()
