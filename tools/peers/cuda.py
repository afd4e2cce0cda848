"""Times PyTorch on an NVIDIA card: DCGAN's training steps and square products, float32 with and without TF32.

Prints one line of JSON for each measurement as soon as it is there; returns 3 where PyTorch or CUDA is missing.
"""

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

try:
    import torch
except ImportError as error:
    print(f"this Python has no PyTorch: {error}", file=sys.stderr)
    raise SystemExit(3) from None

from tools.peers.dcgan import dcgan
from tools.peers.game import Mode

LAYOUTS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class Setting:
    """What PyTorch may do with float32; None leaves it as it was installed."""

    tf32: bool | None
    # cuDNN tries its convolutions and keeps the fastest, as PyTorch's DCGAN example asks.
    searches: bool = False

    def apply(self) -> None:
        tf32 = DEFAULT if self.tf32 is None else (self.tf32, self.tf32)
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = self.searches


DEFAULT = (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32)
SETTINGS = {
    "float32": Setting(tf32=False),
    "float32, searched": Setting(tf32=False, searches=True),
    "default": Setting(tf32=None),
    "tf32, searched": Setting(tf32=True, searches=True),
}


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def median_seconds(call: Callable[[], object], seconds: float) -> float:
    """The median time of a call over groups of calls, for about so many seconds, after a warm-up.

    A group ends with a wait for the device and lasts a tenth of the time, so that the wait itself counts for nothing.
    """
    def group(count: int) -> float:
        synchronize()
        start = time.perf_counter()
        for _ in range(count):
            call()
        synchronize()
        return (time.perf_counter() - start) / count

    group(3)  # cuDNN's search, the allocator's first blocks
    count = max(1, round(seconds / 10 / group(3)))
    group(count)  # clocks rise
    return statistics.median(group(count) for _ in range(9))


def graph(call: Callable[[], object]) -> Callable[[], object]:
    """The call as one CUDA graph: its launches cost the host nothing."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # PyTorch asks for a warm-up on a stream of its own
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(stream)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        call()
    return captured.replay


def step(layout: torch.memory_format, size: int, batch: int, seconds: float, captures: bool) -> dict:
    """DCGAN's step on noise, no weight gradients for the critic in the generator's step."""
    torch.manual_seed(1)
    game = dcgan(size, mode=Mode(layout, captured=captures))
    samples = (torch.rand(batch, *game.sample) * 2 - 1).contiguous(memory_format=layout)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    call = partial(game.step, samples)
    median = median_seconds(graph(call) if captures else call, seconds)
    peak = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else None
    return {"seconds": median, "images_per_second": batch / median, "device_mib": peak}


def product(size: int, seconds: float) -> dict:
    """A square product, held against a double product of its first rows."""
    a, b = torch.randn(2, size, size)
    c = torch.empty(size, size)
    median = median_seconds(lambda: torch.mm(a, b, out=c), seconds)
    error = (c[:8].double() - a[:8].double() @ b.double()).abs().max().item()
    return {"seconds": median, "gflops": 2e-9 * size**3 / median, "largest_error": error}


def measurements(options: argparse.Namespace) -> Iterator[tuple[dict, Callable[[], dict]]]:
    """Every measurement: what it is, and what takes it."""
    for size in options.products:
        for setting in ("float32", "default", "tf32, searched"):  # cuDNN's search does not concern products
            yield ({"what": "product", "size": size, "setting": setting},
                   lambda size=size: product(size, options.seconds))
    graphs = (False, True) if options.device == "cuda" else (False,)
    for size, captures, setting, (layout, format) in itertools.product((64, 32), graphs, SETTINGS, LAYOUTS.items()):
        if captures and not SETTINGS[setting].searches:
            continue  # who captures graphs lets cuDNN search
        yield ({"what": "step", "game": f"dcgan{size}", "batch": options.batch, "layout": layout, "setting": setting,
                "graph": captures},
               lambda size=size, format=format, captures=captures: step(
                   format, size, options.batch, options.seconds, captures))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.peers.cuda", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda",
                        help="cpu only shows that this program works (default cuda)")
    parser.add_argument("--batch", type=int, default=64, help="images a step (default 64)")
    parser.add_argument("--products", type=int, nargs="*", default=[1024, 2048, 4096], metavar="SIZE",
                        help="rows of the square products (default 1024 2048 4096)")
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement (default 1)")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print(f"PyTorch {torch.__version__} finds no CUDA device here", file=sys.stderr)
        return 3

    # New tensors and layers are made there, the game's own random numbers among them.
    torch.set_default_device(options.device)
    card = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
    print(json.dumps({"what": "versions", "card": card, "torch": torch.__version__, "cuda": torch.version.cuda,
                      "cudnn": torch.backends.cudnn.version(), "default_tf32": {"convolution": DEFAULT[0],
                                                                                "product": DEFAULT[1]}}), flush=True)
    failures = 0
    for name, measure in measurements(options):
        SETTINGS[name["setting"]].apply()
        try:
            result = measure()
        except RuntimeError as error:  # out of memory among them
            failures += 1
            result = {"failure": str(error).splitlines()[0]}
        print(json.dumps(name | result), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
