"""What the processor at hand can do."""

import re
from pathlib import Path


def flags() -> list[str]:
    """The instruction sets that Linux names; none on processors that have no such line."""
    found = re.search(r"^flags\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].split() if found else []


def kind() -> str:
    """The name of the Saddle build that runs here, as in the names of tables."""
    has = flags()
    return "AVX512" if "avx512f" in has else "AVX2" if "avx2" in has else "BASELINE"


def multiplies_bfloat16() -> bool:
    """Whether it has instructions for that: without them PyTorch takes minutes for a step."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags())
