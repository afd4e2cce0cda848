"""Fetches the GPU compilers into a folder of their own: clang 19 with NVIDIA's and AMD's libraries and Intel's ocloc from
Debian, NVIDIA's ptxas from PyPI. Nothing is installed in the system."""

import functools
import os
import re
import shutil
import subprocess
import tempfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# clang, LLVM, OpenCL's headers, libclc (built-in functions for PTX), AMD's device libraries.
CLANG = ["clang-19", "libclang-cpp19", "libllvm19", "libclang-common-19-dev", "libz3-4", "libclc-19", "rocm-device-libs"]
OCLOC = ["intel-opencl-icd", "libigc1", "libigdfcl1", "libigdgmm12", "libopencl-clang14", "libllvmspirvlib14",
         "libclang-cpp14", "libllvm14"]
# ptxas is all that is taken of it. Another version may need other numbers of registers.
PTXAS, PTXAS_PATH = "nvidia-cuda-nvcc==13.5.37", "nvidia/cu13/bin/ptxas"
# What a small system may lack of what those ask for.
LIBRARIES = {
    "libedit.so.2": "libedit2", "libbsd.so.0": "libbsd0", "libmd.so.0": "libmd0", "libffi.so.8": "libffi8",
    "libxml2.so.2": "libxml2", "libicuuc.so.72": "libicu72", "libicudata.so.72": "libicu72", "liblzma.so.5": "liblzma5",
    "libzstd.so.1": "libzstd1", "libz.so.1": "zlib1g", "libtinfo.so.6": "libtinfo6", "libstdc++.so.6": "libstdc++6",
}
# Debian's device libraries are older than these GPUs: the one constant in which they differ, by the GPU's name.
NEWER_AMD = {"gfx1100": 11000, "gfx942": 9402}
# libclc's PTX lacks get_global_offset: NVIDIA's driver hands its first dimension over in this register.
NVIDIA_OFFSET = """target triple = "nvptx64-nvidia-nvcl"
declare i32 @llvm.nvvm.read.ptx.sreg.envreg3()
define i64 @_Z17get_global_offsetj(i32 %dimension) alwaysinline nounwind {
  %narrow = call i32 @llvm.nvvm.read.ptx.sreg.envreg3()
  %wide = zext i32 %narrow to i64
  ret i64 %wide
}
"""


class Unavailable(Exception):
    """What could not be fetched, in one sentence."""


class Compilers:
    """Where the programs and libraries lie, and how they are run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.debian = folder, folder / "debian"
        self.clang = self.debian / "usr/lib/llvm-19/bin/clang"
        self.ocloc = self.debian / "usr/bin/ocloc"
        self.ptxas = folder / "ptxas"
        self.nvidia_libraries = [self.debian / "usr/lib/clc/nvptx64--nvidiacl.bc", folder / "nvidia-offset.bc"]

    @property
    def environment(self) -> dict[str, str]:
        libraries = [*self.debian.glob("usr/lib/*-linux-gnu"), *self.debian.glob("lib/*-linux-gnu")]
        return os.environ | {"LC_ALL": "C", "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))}

    @property
    def amd_library(self) -> Path:
        return next(self.debian.glob("usr/lib/*/amdgcn/bitcode"))

    def missing_libraries(self) -> set[str]:
        """Of what the programs load, what is neither here nor in the system."""
        found = set()
        for program in (self.clang, self.ocloc, self.ptxas, *self.debian.glob("usr/lib/*/libig*.so*")):
            if program.exists():
                told = subprocess.run(["ldd", program], env=self.environment, capture_output=True, text=True).stdout
                found.update(re.findall(r"(\S+) => not found", told))
        return found


LISTS = threading.Lock()


@functools.cache
def update_lists() -> None:
    """Debian's lists of packages may be missing, or old. Where this fails, so will what needs them, and says why."""
    become = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if not become or shutil.which("sudo"):
        subprocess.run([*become, "apt-get", "update", "--quiet=2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def downloaded(names: list[str], to: Path) -> str | None:
    """Puts the files of packages into an empty folder; returns why not all of them are there."""
    told = subprocess.run(["apt-get", "download", "--quiet=2", *names], cwd=to, text=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env=os.environ | {"LC_ALL": "C"})
    if told.returncode == 0 and len(list(to.glob("*.deb"))) == len(names):
        return None
    return next((line for line in told.stderr.splitlines() if line.startswith("E: ")), "it says nothing")


def download_packages(names: list[str], to: Path) -> None:
    """Unpacks Debian packages into a folder."""
    for program in ("apt-get", "dpkg"):
        if not shutil.which(program):
            raise Unavailable(f"there is no {program} here: the compilers are taken from Debian's packages (Debian 12)")
    with tempfile.TemporaryDirectory() as folder:
        reason = downloaded(names, Path(folder))
        if reason:
            with LISTS:
                update_lists()
            reason = downloaded(names, Path(folder))
        if reason:
            raise Unavailable(f"apt-get download failed ({reason}): it needs the network, a Debian 12, and new package lists "
                              "(apt-get update)")
        for package in Path(folder).glob("*.deb"):
            if subprocess.run(["dpkg", "-x", package, to]).returncode:
                raise Unavailable(f"dpkg -x {package.name} failed: is the disk full?")


def download_ptxas(to: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run([Path(__file__).parents[1] / "pip-download", folder, PTXAS], capture_output=True, text=True)
        if told.returncode:
            raise Unavailable((told.stderr.strip().splitlines() or ["pip says nothing"])[-1])
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as files, files.open(PTXAS_PATH) as packed, to.open("wb") as file:
            shutil.copyfileobj(packed, file)
    to.chmod(0o755)


def complete_libraries(compilers: Compilers) -> None:
    """Writes what the libraries of built-in functions lack."""
    def write(source: str, options: list[str], to: Path) -> None:
        told = subprocess.run([compilers.clang, *options, "-c", "-emit-llvm", "-", "-o", to], input=source, text=True,
                              capture_output=True, env=compilers.environment)
        if told.returncode:
            raise Unavailable(f"clang does not run: {(told.stderr.strip().splitlines() or ['it says nothing'])[-1]}")

    write(NVIDIA_OFFSET, ["-x", "ir", "--target=nvptx64-nvidia-nvcl"], compilers.nvidia_libraries[1])
    for name, number in NEWER_AMD.items():
        write(f"const __constant int __oclc_ISA_version = {number};",
              ["-x", "cl", "-cl-std=CL1.2", "--target=amdgcn-amd-amdhsa", f"-mcpu={name}", "-nogpulib", "-mcode-object-version=5"],
              compilers.amd_library / f"oclc_isa_version_{name[3:]}.bc")


def fetch(folder: Path) -> Compilers:
    """The compilers in a folder, which is filled when it is new, or held others."""
    compilers, contents = Compilers(folder), folder / "contents"
    wanted = "\n".join([*CLANG, *OCLOC, PTXAS, *LIBRARIES.values(), str(NEWER_AMD), NVIDIA_OFFSET]) + "\n"
    if contents.exists() and contents.read_text() == wanted:
        return compilers
    shutil.rmtree(folder, ignore_errors=True)
    compilers.debian.mkdir(parents=True)
    with ThreadPoolExecutor() as pool:
        parts = [pool.submit(download_packages, names, compilers.debian) for names in (CLANG, OCLOC)]
        parts.append(pool.submit(download_ptxas, compilers.ptxas))
        for part in parts:
            part.result()
    asked: set[str] = set()
    while missing := compilers.missing_libraries():
        packages = {LIBRARIES.get(name, name) for name in missing} - asked
        if not packages or not missing <= LIBRARIES.keys():
            raise Unavailable(f"the compilers need {', '.join(sorted(missing))}, which this system lacks: is it a Debian 12?")
        download_packages(sorted(packages), compilers.debian)
        asked |= packages
    complete_libraries(compilers)
    contents.write_text(wanted)  # last, so that a fetch that was interrupted is repeated
    return compilers
