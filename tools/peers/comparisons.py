"""What Saddle is compared with, and what is asked of it: one row a comparison."""

from collections.abc import Callable
from dataclasses import dataclass

from tools.peers import processor

Readings = dict[str, float]

# The first word of a command: Saddle's binary, or the Python of tools/peers/python. In any word, {threads} is their
# number and {scratch} an empty folder.
SADDLE, PYTHON = "saddle", "tools/peers/python"


def numbers(output: dict) -> Readings:
    """Every number of one JSON object."""
    return {key: float(value) for key, value in output.items() if isinstance(value, int | float)}


def one_kernel(output: dict) -> Readings:
    """GFLOP/s of the only row of `saddle bench kernels --json -`."""
    rows = output["rows"]
    if len(rows) != 1:
        raise ValueError(f"wanted one row, got {len(rows)}: {', '.join(row['name'] for row in rows)}")
    return {"gflops": 1e-9 * rows[0]["flops"] / rows[0]["seconds"]}


def all_kernels(output: dict) -> Readings:
    """Runs a second of each row."""
    return {row["name"]: 1 / row["seconds"] for row in output["rows"]}


@dataclass(frozen=True)
class Contender:
    """A command whose output holds numbers; the wall time of its process is always one of them."""

    name: str
    command: list[str]
    read: Callable[[dict], Readings] = numbers
    # Whether the target is about it. What is only shown for orientation does not count.
    counts: bool = True


@dataclass(frozen=True)
class Measure:
    """One number that contenders are compared by."""

    key: str  # in the readings; "*" stands for every key that ours has
    unit: str
    what: str = ""  # besides the comparison's own words
    scale: float = 1  # readings are multiplied by it
    at_least: float | None = None  # the target of ours / the best peer that counts; more is better
    at_most: float | None = None  # the same where less is better
    limit: float | None = None  # the most that ours may be, whatever the peers are

    @property
    def less_is_better(self) -> bool:
        return self.at_most is not None or self.limit is not None


@dataclass(frozen=True)
class Comparison:
    name: str
    what: str
    ours: Contender
    peers: list[Contender]
    measures: list[Measure]
    untimed: int = 0  # turns before those that count, where caches must be warm

    @property
    def contenders(self) -> list[Contender]:
        return [self.ours, *self.peers]


def pytorch(name: str, *words: str, counts: bool = True) -> Contender:
    command = [PYTHON, "-m", "tools.peers.pytorch_step", "--threads", "{threads}", *words]
    return Contender(name, command, counts=counts)


def eager(*game: str, steps: str, batch: str = "64") -> list[Contender]:
    """Both layouts of float32 as people run it, and PyTorch's best for orientation."""
    words = ["--batch", batch, "--steps", steps, *game]
    rows = [
        pytorch("PyTorch eager, NCHW", *words, "--mode", "nchw"),
        pytorch("PyTorch eager, channels_last", *words, "--mode", "channels_last"),
    ]
    if processor.multiplies_bfloat16():
        rows.append(pytorch("PyTorch bf16, channels_last, compiled", *words, "--mode", "compiled_bf16",
                            "--warmup", "6", counts=False))
    return rows


def bench_step(preset: str, *words: str, device: str = "cpu", name: str = "Saddle") -> Contender:
    return Contender(name, [SADDLE, "bench", "step", "--preset", preset, "--device", device, "--json", *words])


def sampling(batch: int, batches: int) -> Comparison:
    words = ["--batch", str(batch), "--batches", str(batches)]
    return Comparison(
        f"sample{batch}", f"{batch} sample{'s' if batch > 1 else ''} of DCGAN-64",
        Contender("Saddle", [SADDLE, "bench", "sample", "--preset", "dcgan64", "--device", "cpu", "--json", *words]),
        [Contender(f"PyTorch inference mode, {name}", [PYTHON, "-m", "tools.peers.pytorch_sample", "--threads",
                                                       "{threads}", "--mode", mode, *words])
         for name, mode in (("NCHW", "nchw"), ("channels_last", "channels_last"))],
        [Measure("images_per_second", "images/s", at_least=1.5)])


def small_batch(batch: int) -> Comparison:
    return Comparison(
        f"dcgan64-{batch}", f"DCGAN-64 step, batch {batch}",
        bench_step("dcgan64", "--batch", str(batch), "--steps", "10"),
        eager("--game", "dcgan64", steps="10", batch=str(batch)),
        [Measure("images_per_second", "images/s", at_least=1)])


def bench_kernels(filter: str, device: str, read: Callable[[dict], Readings] = one_kernel) -> Contender:
    return Contender("Saddle, CPU device" if device == "cpu" else "Saddle, PoCL",
                     [SADDLE, "bench", "kernels", "--device", device, "--json", "-", "--filter", filter], read)


def sgemm(library: str, name: str, size: int) -> Contender:
    return Contender(name, [PYTHON, "-m", "tools.peers.sgemm", library, "--size", str(size), "--threads", "{threads}"])


def square_product(size: int) -> Comparison:
    return Comparison(
        f"product{size}", f"square product {size}, float32", bench_kernels(f"product {size}x{size}", "cpu"),
        [sgemm("openblas", "OpenBLAS", size), sgemm("onednn", "oneDNN", size), sgemm("mkl", "PyTorch's MKL", size)],
        [Measure("gflops", "GFLOP/s", at_least=0.95)])


def clblast(*words: str) -> list[Contender]:
    return [Contender("CLBlast, PoCL", [PYTHON, "-m", "tools.peers.clblast", *words])]


ALL = [
    Comparison(
        "dcgan64", "DCGAN-64 step, batch 64", bench_step("dcgan64", "--batch", "64", "--steps", "10"),
        eager("--game", "dcgan64", steps="10"),
        [Measure("images_per_second", "images/s", at_least=2),
         Measure("peak_rss_mib", "MiB", "peak memory", at_most=0.5)]),
    *(small_batch(batch) for batch in (1, 2, 4, 8)),
    sampling(1, batches=50),
    sampling(64, batches=5),
    Comparison(
        "dcgan32", "DCGAN-32 step, grey, batch 64", bench_step("fashion", "--batch", "64", "--steps", "30"),
        eager("--game", "dcgan32", "--channels", "1", steps="30"),
        [Measure("images_per_second", "images/s", at_least=2)]),
    Comparison(
        "wgan-gp", "WGAN-GP step (five of the critic, second gradients), 32 pixels, grey, batch 16",
        bench_step("wgan-gp", "--batch", "16", "--steps", "3"),
        eager("--game", "wgan-gp", "--channels", "1", "--warmup", "1", steps="3", batch="16"),
        [Measure("images_per_second", "images/s", at_least=1.5)]),
    Comparison(
        "points", "MLP GAN step, points, batch 512",
        bench_step("tools/peers/points.yaml", "--batch", "512", "--steps", "500"),
        [pytorch("PyTorch eager", "--game", "points", "--batch", "512", "--steps", "500", "--warmup", "50"),
         pytorch("PyTorch compiled", "--game", "points", "--batch", "512", "--steps", "500", "--warmup", "50",
                 "--mode", "compiled", counts=False)],
        [Measure("images_per_second", "steps/s", scale=1 / 512, at_least=3)]),
    Comparison(
        "inception", "Inception-v3 features, batch 32",
        Contender("Saddle", [SADDLE, "bench", "features", "--device", "cpu", "--batch", "32", "--json"]),
        [Contender(f"{port}, {layout}", [PYTHON, "-m", "tools.peers.pytorch_features", "--threads", "{threads}",
                                         "--port", port, "--layout", layout])
         for port in ("pytorch-fid", "torch-fidelity") for layout in ("nchw", "channels_last")],
        [Measure("images_per_second", "images/s", at_least=1)]),
    square_product(1024),
    square_product(2048),
    Comparison(
        "clblast", "square product 1024 on PoCL", bench_kernels("product 1024x1024", "opencl:pocl"),
        clblast("product", "--size", "1024"), [Measure("gflops", "GFLOP/s", at_least=10)]),
    Comparison(
        "clblast-convolution", "DCGAN-64 convolution 16 x 16 x 128 to 8 x 8 x 256, batch 64, on PoCL",
        bench_kernels("dcgan64 16x16x128 forward", "opencl:pocl"),
        clblast("convolution", "--shape", "64", "16", "128", "256"), [Measure("gflops", "GFLOP/s")]),
    Comparison(
        "pocl", "DCGAN-64 step on PoCL",
        bench_step("dcgan64", "--batch", "64", "--steps", "10", device="opencl:pocl", name="Saddle, PoCL"),
        [bench_step("dcgan64", "--batch", "64", "--steps", "10", name="Saddle, CPU device")],
        [Measure("images_per_second", "images/s", at_least=0.9)]),
    Comparison(
        "pocl-elementwise", "elementwise kernel on PoCL", bench_kernels("elementwise", "opencl:pocl", all_kernels),
        [bench_kernels("elementwise", "cpu", all_kernels)], [Measure("*", "runs/s", at_least=0.6)]),
    Comparison(
        "start", "start to the first finished step, DCGAN-32 on Fashion-MNIST, batch 64",
        Contender("Saddle", [SADDLE, "train", "fashion", "--steps", "1", "--set", "training.batch=64",
                             "--set", "output.sample-every=0", "--device", "cpu", "--out", "{scratch}/run"]),
        [pytorch("PyTorch eager, synthetic images", "--game", "dcgan32", "--channels", "1", "--batch", "64",
                 "--steps", "1", "--warmup", "0", counts=False)],
        [Measure("wall_seconds", "s", limit=1)], untimed=1),
]
