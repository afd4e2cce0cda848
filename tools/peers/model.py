"""A rough model of training steps on an H100, from the launches that a recorded one is asked for; writes GPU.md.

python3 -m tools.peers.model                     every preset, beside what the model said at 87ef21a
python3 -m tools.peers.model --preset dcgan64    one preset's slowest launches
python3 -m tools.peers.model --keep FILE --saddle OLD     keeps what it says of another build

No GPU is asked: the figures come from instructions that NVIDIA's assembler made of the tile forms, groups that a unit's
registers hold, and bytes. Good to about a third. What a card says goes before it (GPUS.md).
"""

import argparse
import json
import math
import sys
from collections import defaultdict
from pathlib import Path

from tools.gpu_compilers.budgets import Budgets
from tools.gpu_compilers.texts import form_of
from tools.peers.launches import LIBRARY, ROOT, Launch, presets, step

HERE = Path(__file__).parent
BEFORE, PAGE = HERE / "model-87ef21a.json", HERE / "GPU.md"

UNITS = 132
CYCLES = 1755.0  # a microsecond
HBM = 3.0e6  # bytes a microsecond
GAP = 1.2  # microseconds between launches
EFFICIENCY = 0.80  # of a unit's schedulers, for stalls
FILE_OF_REGISTERS = 65536

# Registers of an item on sm_90, by ptxas: of today's tile forms, and of those at 87ef21a.
BUDGETS = Budgets.read()
REGISTERS_BEFORE = {(128, 128, 16): 191, (64, 64, 16): 143, (64, 32, 16): 167}
# Arrays that pass through memory, by kernel; two of all others.
ARRAYS = {"adam": 7, "adam_averaged": 9, "add": 3, "leaky_relu_gradient": 3, "tanh_gradient": 3, "normalize_gradient": 3}
# Reals that an item of a Winograd transform reads and writes: of 4 x 4 filters 25 points, of 3 x 3 filters 36.
TRANSFORMS = {
    "winograd_image": 25 + 25, "winograd_image_gradient": 35 + 16 + 30, "winograd_output": 25 + 16,
    "winograd_output_gradient": 16 + 25, "winograd_filter": 4 + 25, "winograd_filter_transposed": 4 + 25,
    "winograd_filter_gradient": 25 + 4,
    "winograd3_image": 36 + 36, "winograd3_output": 36 + 16, "winograd3_output_gradient": 16 + 36,
    "winograd3_filter": 9 + 36, "winograd3_filter_transposed": 9 + 36, "winograd3_filter_gradient": 36 + 9,
}
ROWWISE = {"normalize_columns", "normalize_gradient", "bias_activation", "add_bias", "gather_strided", "scatter_strided",
           "gather_rows", "bilinear_down", "bilinear_up", "translate", "filter_axis"}
COLUMN_SUMS = {"sum_columns": 1, "sum_deviations": 1, "sum_normalization_gradients": 2, "depthwise_filter": 2}


def walk(launch: Launch, groups: int, terms: int) -> float:
    """Microseconds of a tuned tile form whose groups take so many terms."""
    m, n, k, down, across, *vectors = launch.tile
    items = down * across
    warps = math.ceil(items / 32)
    rows, columns = m // down, n // across
    # What was read off the assembler's output for three tiles, as a rule: multiply-adds, reads of local memory, 40 for each
    # vector that an item brings from global memory less 10.
    loads = k * m / vectors[0] / items + k * n / vectors[1] / items
    instructions = k * (rows * columns + rows / vectors[0] + columns / vectors[1]) + 40 * loads - 10
    lone = math.ceil(warps / 4) * instructions + 400  # cycles of a step where nobody else hides its waits
    if launch.kernel != "matmul":
        instructions, lone = instructions + 130, lone + 150  # where its pixels lie
    resident = max(1, FILE_OF_REGISTERS // (math.ceil(registers(launch) / 8) * 8 * items))
    cycles, left = 0.0, groups
    while left > 0:
        wave = min(left, UNITS * resident)
        fullest = math.ceil(wave / UNITS)
        cycles += max(lone, fullest * instructions * warps / 4 / EFFICIENCY) * (math.ceil(terms / k) + 1)
        left -= wave
    return cycles / CYCLES


def registers(launch: Launch) -> int:
    if "WARP" not in launch.options:
        return REGISTERS_BEFORE[launch.tile[:3]]
    form = form_of(launch.build)
    found = BUDGETS.measured("sm_90", launch.kernel + "_tile", form)
    if not found:
        raise SystemExit(f"no registers are known of {launch.kernel}, {form}: tools/test-gpu-compilers --write")
    return found


def waves(launch: Launch, resident: int) -> int:
    return math.ceil(launch.groups / (UNITS * resident))


def microseconds(launch: Launch) -> float:
    """Without the gap before it."""
    sizes, name, groups = launch.sizes, launch.kernel, launch.groups
    abreast = launch.options.get("ABREAST", 1)
    if name == "matmul":
        m, n, k = sizes[:3]
        batches = groups // (math.ceil(m / launch.tile[0]) * math.ceil(n / launch.tile[1]))
        return max(walk(launch, groups, k), 4 * batches * (m * k + k * n + m * n) / HBM / 1.5)
    if name == "convolve":
        return walk(launch, groups, sizes[17] * sizes[18] * sizes[3])
    if name == "convolve_filter":
        return walk(launch, groups, min(sizes[14], sizes[0] * sizes[4] * sizes[5]))
    cells = groups * launch.items * abreast
    if name in ROWWISE:
        cells = sizes[0] * sizes[1] if name.startswith("normalize") else cells
        return max(waves(launch, 8) * 1.3, cells * 4 * ARRAYS.get(name, 2) / HBM) + 1
    if name in COLUMN_SUMS:
        return max(waves(launch, 32) * 6.5, groups * 64 * 64 * 4 * COLUMN_SUMS[name] / HBM) + 1
    if name == "add_partials":
        return 1.5 + math.ceil(sizes[0] / 8) * 0.35
    if name == "add_many_partials":  # 128 blocks are read at one time, then added
        return 1.5 + max(math.ceil(sizes[0] / 128) * 0.8, sizes[0] * groups * 16 * 4 / HBM)
    if name == "sum_chunks":
        return 2 + min(sizes[0], 4096) / 16 / 4 * 0.35
    if name == "image_columns":
        reals = cells if abreast > 1 else groups * 48
        return max(waves(launch, 8 if abreast > 1 else 32) * 1.2, reals * 4 * 1.3 / HBM) + 1
    if name in TRANSFORMS:
        resident = 17 if name == "winograd_image" else 32
        return max(waves(launch, resident) * 2.0, groups * launch.items * TRANSFORMS[name] * 4 / (HBM * 1.2)) + 1
    if name == "pack_panels":
        return max(waves(launch, 8 if abreast > 1 else 32) * 1.2, cells * 8 / HBM) + 1
    return max(1.5, launch.arguments[-1] * 4 * ARRAYS.get(name, 2) / HBM) + 0.5


def about(launch: Launch) -> str:
    tile = f", tile {launch.tile[0]}x{launch.tile[1]}x{launch.tile[2]}" if launch.tile else ""
    sizes = "x".join(map(str, launch.sizes[:3])) if launch.kernel == "matmul" else ""
    return f"{launch.kernel} {sizes}, {launch.groups} groups{tile}"


def summary(launches: list[Launch]) -> dict:
    times = [microseconds(launch) + GAP for launch in launches]
    return {"launches": len(launches), "milliseconds": round(sum(times) / 1000, 3)}


def slowest(launches: list[Launch], count: int) -> list[str]:
    grouped: dict[str, list[float]] = defaultdict(list)
    for launch in launches:
        grouped[about(launch)].append(microseconds(launch) + GAP)
    rows = sorted(grouped.items(), key=lambda row: -sum(row[1]))[:count]
    return [f"| {name} | {len(times)} | {sum(times):.0f} |" for name, times in rows]


def page(saddle: Path, before: dict) -> str:
    lines = [HEAD, "| preset | launches at 87ef21a | launches | ms at 87ef21a | ms | times as fast |",
             "|---|---:|---:|---:|---:|---:|"]
    details = []
    for preset in presets(saddle):
        launches = step(saddle, preset)
        now, old = summary(launches), before.get(preset)
        lines.append(f"| {preset} | {old['launches'] if old else ''} | {now['launches']} | "
                     f"{format(old['milliseconds'], '.2f') if old else ''} | {now['milliseconds']:.2f} | "
                     f"{format(old['milliseconds'] / now['milliseconds'], '.2f') if old else ''} |")
        if preset in ("dcgan64", "sngan", "r3gan"):
            details += ["", f"The slowest launches of {preset}:", "", "| launch | times | µs |", "|---|---:|---:|",
                        *slowest(launches, 12)]
    return "\n".join(lines + details) + "\n"


HEAD = """# A model of GPUs: training steps on an H100

**Nothing on this page was measured on a GPU.** Written by `python3 -m tools.peers.model`: the launches of a step (batch 64) are those
that `Tests/RecordingOpenCL`'s H100 is asked for; what each takes is reckoned from the instructions and registers that NVIDIA's assembler
makes of the kernels, from bytes, and from 1.2 µs between launches (`tools/peers/model.py` has the rules; they are the same on both
sides). It is good to about a third, and was made to find what is many times too slow. Where a card was measured, that counts:
[GPUS.md](GPUS.md). An H200, with the same units and faster memory, took 18.7 ms for a step of dcgan64 before the changes that this
table shows, and 4.8 ms after most of them.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.peers.model", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saddle", type=Path, default=ROOT / ".build/release/saddle", help="the build to ask")
    parser.add_argument("--preset", help="only this one, on the standard output")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="writes the summaries there, as JSON")
    options = parser.parse_args()
    for file in (options.saddle, LIBRARY):
        if not file.exists():
            raise SystemExit(f"{file} is not there: swift build --configuration release")
    if options.preset:
        launches = step(options.saddle, options.preset)
        print(json.dumps(summary(launches)), *slowest(launches, 20), sep="\n")
    elif options.keep:
        found = {preset: summary(step(options.saddle, preset)) for preset in presets(options.saddle)}
        options.keep.write_text(json.dumps(found, indent=1) + "\n")
    else:
        PAGE.write_text(page(options.saddle, json.loads(BEFORE.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
