"""Puts a text through a GPU's compiler, and reads what each of its kernels takes."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tools.gpu_compilers.fetch import Compilers
from tools.gpu_compilers.texts import Text

# The targets of each vendor: A100, H100; RX 7900 (waves of 32), MI300 (of 64); Arc.
TARGETS = {"nvidia": ["sm_80", "sm_90"], "amd": ["gfx1100", "gfx942"], "intel": ["dg2"]}
# Registers of a unit of NVIDIA's, which its groups share; an item gets them by eights.
UNIT_REGISTERS, ITEM_REGISTERS = 65536, 8


@dataclass
class Usage:
    """What one kernel takes of one target."""

    kernel: str
    registers: int
    stack: int  # bytes of an item's memory that is none of its registers; AMD's scratch
    spills: int  # bytes, or registers on AMD's GPUs
    local: int  # bytes of a group
    waves: int | None = None  # of a SIMD of AMD's, by registers


@dataclass
class Built:
    """What a compiler made of a text; `fault` where it refused."""

    text: Text
    target: str
    usages: list[Usage] = field(default_factory=list)
    fault: str | None = None
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0  # of a processor


def groups(registers: int, items: int) -> int:
    """How many groups' registers a unit of NVIDIA's holds."""
    return UNIT_REGISTERS // (-(-registers // ITEM_REGISTERS) * ITEM_REGISTERS * items)


def run(command: list, environment: dict[str, str]) -> tuple[int, str, float]:
    """Exit code, what was written, and a processor's seconds."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return process.returncode, output.read(), used.ru_utime + used.ru_stime


def first_error(output: str) -> str:
    lines = output.strip().splitlines() or ["it says nothing"]
    return next((line for line in lines if re.search(r"error|fatal", line, re.IGNORECASE)), lines[-1]).strip()


def build(compilers: Compilers, text: Text, targets: list[str]) -> list[Built]:
    """For each of the targets, which are of the text's vendor."""
    with tempfile.TemporaryDirectory() as folder:
        if text.vendor == "nvidia":
            return build_nvidia(compilers, text, targets, Path(folder))
        one = build_amd if text.vendor == "amd" else build_intel
        return [one(compilers, text, target, Path(folder)) for target in targets]


def clang(compilers: Compilers, text: Text, options: list) -> list:
    return [compilers.clang, "-x", "cl", *text.known_options(), "-O3", "-w", "-S", *options, text.path]


# ---------------------------------------------------------------------------------------------------------- NVIDIA

def build_nvidia(compilers: Compilers, text: Text, targets: list[str], folder: Path) -> list[Built]:
    """By way of PTX, which is the same for all of them but for the line that names the oldest."""
    ptx = folder / "text.ptx"
    code, output, clang_seconds = run(clang(compilers, text, [
        "--target=nvptx64-nvidia-nvcl", "-Xclang", "-target-cpu", "-Xclang", "sm_80", "-Xclang", "-target-feature", "-Xclang",
        "+ptx80", "-D__OPENCL_VERSION__=300", "-o", ptx,
        *(option for library in compilers.nvidia_libraries
          for option in ("-Xclang", "-mlink-builtin-bitcode", "-Xclang", library))]), compilers.environment)
    if code:
        return [Built(text, target, fault=first_error(output)) for target in targets]
    limit = ["-maxrregcount", text.registers] if text.registers else []
    built = []
    for target in targets:
        code, output, seconds = run([compilers.ptxas, "-v", f"-arch={target}", *limit, "-o", folder / "cubin", ptx],
                                    compilers.environment)
        built.append(Built(text, target, [] if code else ptxas_usages(output), first_error(output) if code else None,
                           seconds=clang_seconds + seconds))
    return built


def ptxas_usages(output: str) -> list[Usage]:
    """From what ptxas -v says of each kernel."""
    usages = []
    for part in re.split(r"Compiling entry function ", output)[1:]:
        def number(pattern: str) -> int:
            return sum(map(int, re.findall(pattern, part)))

        usages.append(Usage(part.split("'")[1], number(r"Used (\d+) registers"),
                            max(number(r"(\d+) bytes stack frame"), number(r"(\d+) bytes cumulative stack")),
                            number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads"),
                            number(r"(\d+) bytes smem")))
    return usages


# ------------------------------------------------------------------------------------------------------------- AMD

def build_amd(compilers: Compilers, text: Text, target: str, folder: Path) -> Built:
    assembly = folder / f"{target}.s"
    code, output, seconds = run(clang(compilers, text, [
        "--target=amdgcn-amd-amdhsa", f"-mcpu={target}", "-mcode-object-version=5", "-D__OPENCL_VERSION__=200",
        f"--rocm-device-lib-path={compilers.amd_library}", "-o", assembly]), compilers.environment)
    return Built(text, target, [] if code else amd_usages(assembly.read_text()), first_error(output) if code else None,
                 seconds=seconds)


def amd_usages(assembly: str) -> list[Usage]:
    """From the metadata of the kernels, and LLVM's remark on how many waves a SIMD holds."""
    waves = dict(re.findall(r"\.amdhsa_kernel (\S+).*?; Occupancy: (\d+)", assembly, re.DOTALL))
    metadata = assembly.partition("amdhsa.kernels:")[2].partition("amdhsa.target:")[0]
    usages = []
    for part in re.split(r"\n  - ", metadata)[1:]:
        values = dict(re.findall(r"^(?:    )?\.(\w+): +(\S+)$", part, re.MULTILINE))
        usages.append(Usage(values["name"], int(values["vgpr_count"]), int(values["private_segment_fixed_size"]),
                            int(values["vgpr_spill_count"]) + int(values["sgpr_spill_count"]),
                            int(values["group_segment_fixed_size"]), int(waves[values["name"]])))
    return usages


# ----------------------------------------------------------------------------------------------------------- Intel

def build_intel(compilers: Compilers, text: Text, target: str, folder: Path) -> Built:
    """Whether it builds, and what the compiler warns of: it says of no kernel what it takes."""
    # Without -w, which hides the warnings.
    options = " ".join(option for option in text.known_options("intel") if option != "-w")
    code, output, seconds = run([compilers.ocloc, "compile", "-file", text.path, "-device", target, "-options", options,
                                 "-output", "text", "-out_dir", folder], compilers.environment)
    warnings = [line.strip() for line in output.splitlines() if "spilled" in line]
    return Built(text, target, fault=first_error(output) if code else None, warnings=warnings, seconds=seconds)
