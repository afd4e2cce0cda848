"""Builds small OpenCL programs that show what a driver's compiler takes, and how long it needs.

Prints one line of JSON for each program of the folder programs/ whose name begins with any or with the device's vendor;
returns 3 where there is no such device. Needs nothing but Python.
"""

from __future__ import annotations  # for Python 3.8

import argparse
import ctypes
import json
import os
import sys
import time
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
DEVICE_TYPES = 0xFFFFFFFF  # all
VENDOR, NAME, BUILD_LOG = 0x102C, 0x102B, 0x1183
VENDORS = {"nvidia": "nvidia", "advanced micro": "amd"}
# NVIDIA's compiler then says registers and spills.
OPTIONS = {"nvidia": "-cl-std=CL1.2 -cl-nv-verbose"}
PLAIN = "-cl-std=CL1.2"


class Driver:
    """The part of OpenCL that compiles."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(os.environ.get("SADDLE_OPENCL_LIBRARY") or "libOpenCL.so.1")
        for name in ("clCreateContext", "clCreateProgramWithSource"):
            getattr(self.library, name).restype = ctypes.c_void_p

    def identifiers(self, function: str, *before: object) -> list[ctypes.c_void_p]:
        """What a function lists: its last arguments are room, the list, the count."""
        call, count = getattr(self.library, function), ctypes.c_uint()
        if call(*before, 0, None, ctypes.byref(count)) != 0:
            return []
        found = (ctypes.c_void_p * count.value)()
        call(*before, count, found, None)
        return [ctypes.c_void_p(each) for each in found]

    def text(self, function: str, *question: object) -> str:
        call, size = getattr(self.library, function), ctypes.c_size_t()
        if call(*question, ctypes.c_size_t(0), None, ctypes.byref(size)) != 0:
            return ""
        answer = ctypes.create_string_buffer(size.value + 1)
        call(*question, size, answer, None)
        return answer.value.decode(errors="replace")

    def device(self, selector: str) -> ctypes.c_void_p | None:
        """The device opencl:PLATFORM:DEVICE."""
        try:
            platform, number = (int(each) for each in selector.split(":")[1:])
            chosen = self.identifiers("clGetPlatformIDs")[platform]
            return self.identifiers("clGetDeviceIDs", chosen, ctypes.c_ulong(DEVICE_TYPES))[number]
        except (IndexError, ValueError):
            return None

    def build(self, device: ctypes.c_void_p, text: str, options: str) -> dict:
        status = ctypes.c_int()
        said = ctypes.byref(status)
        context = ctypes.c_void_p(self.library.clCreateContext(None, 1, ctypes.byref(device), None, None, said))
        if status.value != 0:
            return {"status": status.value, "log": "no context could be made"}
        source = ctypes.c_char_p(text.encode())
        program = ctypes.c_void_p(
            self.library.clCreateProgramWithSource(context, 1, ctypes.byref(source), None, said))
        start = time.perf_counter()
        result = self.library.clBuildProgram(program, 1, ctypes.byref(device), options.encode(), None, None)
        seconds = time.perf_counter() - start
        return {"status": result, "seconds": seconds, "log": self.text("clGetProgramBuildInfo", program, device, BUILD_LOG)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device", help="opencl:PLATFORM:DEVICE, as saddle devices lists them")
    options = parser.parse_args()
    try:
        driver = Driver()
    except OSError as error:
        print(f"Python cannot load OpenCL: {error}", file=sys.stderr)
        return 3
    device = driver.device(options.device)
    if device is None:
        print(f"Python finds no device {options.device}", file=sys.stderr)
        return 3
    said = driver.text("clGetDeviceInfo", device, VENDOR).lower()
    vendor = next((name for word, name in VENDORS.items() if word in said), "any")
    for path in sorted(PROGRAMS.glob("*.cl")):
        if path.stem.split("_")[0] in ("any", vendor):
            flags = OPTIONS.get(vendor, PLAIN)
            result = driver.build(device, path.read_text(), flags)
            print(json.dumps({"name": path.stem, "options": flags, **result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
