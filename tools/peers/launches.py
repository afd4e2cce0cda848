"""What a training step launches on a GPU that is not here, as Tests/RecordingOpenCL writes it down."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / ".build/release/libRecordingOpenCL.so"


@dataclass(frozen=True)
class Launch:
    kernel: str
    groups: int
    items: int
    """Of a group."""
    build: str
    """The options of its program's build."""
    options: dict[str, int]
    """Of these -D NAME=NUMBER."""
    arguments: list[int]
    """Without buffers, but with their offsets: one for each buffer comes first."""
    buffers: int

    @property
    def sizes(self) -> list[int]:
        """The arguments behind the buffers."""
        return self.arguments[self.buffers:]

    @property
    def tile(self) -> tuple[int, ...] | None:
        """MWG, NWG, KWG, MDIMC, NDIMC, VWM, VWN of a tuned kernel."""
        names = ("MWG", "NWG", "KWG", "MDIMC", "NDIMC", "VWM", "VWN")
        return tuple(self.options[name] for name in names) if "MWG" in self.options else None


def parsed(line: str) -> Launch:
    _, kernel, groups, items, _, options, arguments = line.rstrip("\n").split("\t")
    each = arguments.split(",")
    numbers = {name: int(value) for name, value in re.findall(r"-D (\w+)=(\d+)", options)}
    return Launch(kernel.removesuffix("_tile"), int(groups), int(items), options, numbers,
                  [int(argument) for argument in each if not argument.startswith("m")],
                  sum(argument.startswith("m") for argument in each))


def parts(log: Path) -> Iterator[list[str]]:
    """The launches between two waits for the device."""
    lines: list[str] = []
    with log.open() as file:
        for line in file:
            if line.startswith("launch"):
                lines.append(line)
            elif line.startswith("finish"):
                yield lines
                lines = []


def step(saddle: Path, preset: str, gpu: str = "h100", batch: int = 64) -> list[Launch]:
    """The launches of a preset's step, warm."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        environment = os.environ | {"RECORDING": str(log), "SADDLE_CACHE": "", "SADDLE_OPENCL_LIBRARY": str(LIBRARY)}
        run = subprocess.run(
            [saddle, "bench", "step", "--preset", preset, "--batch", str(batch), "--steps", "1", "--json", "--device",
             f"opencl:{gpu}"], env=environment, capture_output=True, text=True, check=False)
        if run.returncode:
            raise SystemExit(f"{preset}: {run.stderr.strip().splitlines()[-1]}")
        count = json.loads(run.stdout)["launches"]
        found = [lines for lines in parts(log) if len(lines) == count]
        return [parsed(line) for line in found[-1]]


def presets(saddle: Path) -> list[str]:
    text = subprocess.run([saddle, "train", "--list"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]\S*)", text, re.MULTILINE)
