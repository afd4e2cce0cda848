"""Times PyTorch on an NVIDIA card: DCGAN's training steps and square products, in float32 with and without TF32 and in
bf16, plainly, as CUDA graphs and compiled.

Prints one line of JSON for each measurement as soon as it is there, the most telling first; returns 3 where PyTorch or
CUDA is missing.
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
    """What PyTorch may do with float32; None leaves TF32 as it was installed."""

    tf32: bool | None
    # cuDNN tries its convolutions and keeps the fastest, as PyTorch's DCGAN example asks.
    searches: bool = False
    # bfloat16 in the forward passes.
    autocast: bool = False

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
    "bf16": Setting(tf32=None, searches=True, autocast=True),
}


@dataclass(frozen=True)
class Way:
    """How the step's calls reach the card."""

    settings: tuple[str, ...]
    graph: bool = False
    compiled: bool = False
    layouts: tuple[str, ...] = tuple(LAYOUTS)


PLAIN = Way(("float32", "default", "bf16"))
# Who captures graphs lets cuDNN search.
GRAPH = Way(("float32, searched", "tf32, searched", "bf16"), graph=True)
SEARCHED = Way(("float32, searched", "tf32, searched"))
# Compiling takes up to a minute for each: few, and last.
COMPILED = Way(("bf16", "float32", "tf32, searched"), compiled=True, layouts=("channels_last",))


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


def step(size: int, layout: torch.memory_format, setting: Setting, way: Way, options: argparse.Namespace) -> dict:
    """DCGAN's step on noise, no weight gradients for the discriminator in the generator's step."""
    torch.manual_seed(1)
    torch._dynamo.reset()  # else the networks before count against the limit of compilations
    mode = Mode(layout, autocast=setting.autocast, compiled=way.compiled, captured=way.graph)
    game = dcgan(size, mode=mode)
    samples = (torch.rand(options.batch, *game.sample) * 2 - 1).contiguous(memory_format=layout)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    call = partial(game.step, samples)
    start = time.perf_counter()
    if way.compiled:
        call()
        synchronize()
    compiling = {"compile_seconds": time.perf_counter() - start} if way.compiled else {}
    median = median_seconds(graph(call) if way.graph else call, options.seconds)
    peak = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else None
    return {"seconds": median, "images_per_second": options.batch / median, "device_mib": peak, **compiling}


def product(size: int, seconds: float) -> dict:
    """A square product, held against a double product of its first rows."""
    a, b = torch.randn(2, size, size)
    c = torch.empty(size, size)
    median = median_seconds(lambda: torch.mm(a, b, out=c), seconds)
    error = (c[:8].double() - a[:8].double() @ b.double()).abs().max().item()
    return {"seconds": median, "gflops": 2e-9 * size**3 / median, "largest_error": error}


def steps(size: int, way: Way, options: argparse.Namespace) -> Iterator[tuple[dict, Callable[[], dict]]]:
    for setting, layout in itertools.product(way.settings, way.layouts):
        yield ({"what": "step", "game": f"dcgan{size}", "batch": options.batch, "layout": layout, "setting": setting,
                "graph": way.graph, "compiled": way.compiled},
               partial(step, size, LAYOUTS[layout], SETTINGS[setting], way, options))


def products(options: argparse.Namespace) -> Iterator[tuple[dict, Callable[[], dict]]]:
    for size, setting in itertools.product(options.products, ("float32", "default", "tf32, searched")):
        yield {"what": "product", "size": size, "setting": setting}, partial(product, size, options.seconds)


def measurements(options: argparse.Namespace) -> Iterator[tuple[dict, Callable[[], dict]]]:
    """Every measurement: what it is, and what takes it."""
    graphs = (GRAPH,) if options.device == "cuda" else ()
    for way in (PLAIN, *graphs):
        yield from steps(64, way, options)
    yield from products(options)
    for way in (PLAIN, *graphs, SEARCHED):
        yield from steps(32, way, options)
    yield from steps(64, SEARCHED, options)
    for size in (64, 32):
        yield from steps(size, COMPILED, options)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.peers.cuda", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda",
                        help="cpu only shows that this program works (default cuda)")
    parser.add_argument("--batch", type=int, default=64, help="images a step (default 64)")
    parser.add_argument("--products", type=int, nargs="*", default=[1024, 2048, 4096], metavar="SIZE",
                        help="rows of the square products (default 1024 2048 4096)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement (default 0.5)")
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
    failures = measured = 0
    for name, measure in measurements(options):
        SETTINGS[name["setting"]].apply()
        try:
            result = measure()
        except Exception as error:  # out of memory, or whatever a compiler that is not all there ends with
            # torch.compile needs a compiler, headers and Triton: a machine without them has the other rows.
            failures += not name.get("compiled")
            result = {"failure": (str(error).splitlines() or [type(error).__name__])[0]}
        measured += 1
        print(json.dumps(name | result), flush=True)
    if failures:
        print(f"{failures} of PyTorch's {measured} measurements failed", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
