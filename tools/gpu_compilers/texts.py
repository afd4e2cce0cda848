"""The texts that Saddle gives a GPU's driver, by means of an OpenCL library that records them."""

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

# A GPU of each vendor (parts of the recording library's names): its texts have the vendor's tiles and options.
DEVICES = {"nvidia": ["H100", "RTX 3060"], "amd": ["gfx942", "gfx1100"], "intel": ["A770"]}
# What every build is told, and so tells no two apart.
COMMON = re.compile(r"-cl-std=\S+|-w|-cl-fp32-correctly-rounded-divide-sqrt|-D (ABREAST=\d+|TILES_ONLY|ANY_GROUP)")
TILE = ["MWG", "NWG", "KWG", "MDIMC", "NDIMC", "VWM", "VWN", "DBUF", "WARP"]
REGISTERS = re.compile(r"-cl-nv-maxrregcount[= ](\d+)")


def form_of(options: str) -> str:
    """What tells a build from others of its file, in the names of `TileParameters`: "MWG=64 ... REGISTERS=128 INDEX=ulong"."""
    order = [*TILE, "REGISTERS", "INDEX"]
    parts = COMMON.sub("", REGISTERS.sub(r"-D REGISTERS=\1", options)).replace("-D", " ").split()
    names = [part.partition("=")[0] for part in parts]
    places = [order.index(name) if name in order else len(order) for name in names]
    return " ".join(part for _, part in sorted(zip(places, parts)))


@dataclass
class Text:
    """A program's text with the options of its build."""

    path: Path
    vendor: str
    file: str
    options: str
    # The kernels that were launched from it; empty where that is not known.
    launched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.name = self.file  # what messages call it

    @property
    def form(self) -> str:
        return form_of(self.options)

    @property
    def title(self) -> str:
        """The form in fewer words, as `TileParameters` describes itself."""
        values = dict(part.partition("=")[::2] for part in self.form.split())
        if not set(TILE) <= values.keys():
            return self.form
        parts = ["{MWG}x{NWG}x{KWG}, {MDIMC}x{NDIMC} items".format(**values)]
        if (values["VWM"], values["VWN"]) != ("4", "4"):
            parts.append("vectors {VWM}x{VWN}".format(**values))
        parts += ["one buffer"] * (values["DBUF"] == "0") + ["warps 4x8"] * (values["WARP"] == "1")
        parts += [f"{name}={value}" for name, value in values.items() if name not in TILE]
        return ", ".join(parts)

    @property
    def registers(self) -> int | None:
        """How many NVIDIA's compiler may give an item."""
        found = REGISTERS.search(self.options)
        return int(found[1]) if found else None

    def known_options(self, *vendors: str) -> list[str]:
        """Without those that only other vendors' compilers know ("intel" for -cl-intel-...)."""
        options = self.options.replace("-D ", "-D")
        if "nv" not in vendors:
            options = REGISTERS.sub("", options)
        strange = {"nv", "amd", "intel", "arm", "qcom"} - set(vendors)
        return [option for option in options.split() if not any(option.startswith(f"-cl-{name}-") for name in strange)]

    @property
    def items(self) -> int | None:
        """Of a group, where the form says it."""
        sizes = dict(re.findall(r"(MDIMC|NDIMC)=(\d+)", self.form))
        return int(sizes["MDIMC"]) * int(sizes["NDIMC"]) if len(sizes) == 2 else None

    def used(self, kernels: set[str]) -> set[str]:
        """Of a program's kernels those that matter: a tile is one kernel's, and others may never run with it."""
        return self.launched & kernels or kernels if self.items else kernels


def read(folder: Path, vendor: str) -> list[Text]:
    """The texts in a folder: the first line is // and the options, the last #line names the file."""
    texts = []
    for path in sorted(folder.glob("*.cl")):
        first, _, rest = path.read_text().partition("\n")
        files = re.findall(r'^#line 1 "(?:.*/)?(.+?)"', rest, re.MULTILINE)
        texts.append(Text(path, vendor, files[-1] if files else path.name, first.removeprefix("//").strip()))
    return texts


def record(saddle: Path, library: Path, vendor: str, folder: Path) -> list[Text]:
    """Has `saddle check` build what it builds on a vendor's devices, into a folder; each text once."""
    texts: dict[tuple[str, str], Text] = {}
    for number, device in enumerate(DEVICES[vendor]):
        place, log = folder / f"{vendor}-{number}", folder / f"{vendor}-{number}.log"
        place.mkdir(parents=True)
        # Its rows differ and its exit code is 1: the library computes nothing.
        told = subprocess.run([saddle, "check", "--device", f"opencl:{device}"], capture_output=True, text=True,
                              env=os.environ | {"RECORDING_TEXTS": str(place), "RECORDING": str(log), "SADDLE_CACHE": "",
                                                "SADDLE_OPENCL_LIBRARY": str(library)})
        built = read(place, vendor)
        if not built:
            reason = (told.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise RuntimeError(f"saddle check built nothing on the recorded {device}: {reason}")
        for text in built:
            texts.setdefault((text.file, text.options), text)
        lines = (line.split("\t") for line in log.read_text(errors="replace").splitlines())
        launches = {(line[1], line[5]) for line in lines if line[0] == "launch"}
        for text in built:
            texts[text.file, text.options].launched |= {kernel for kernel, options in launches if options == text.options}
    # Of Intel's compiler it is asked only whether all builds: one width of indices tells that.
    return [text for text in texts.values() if vendor != "intel" or "INDEX=" not in text.form]
