"""Shows that the test can fail: texts with a fault of each kind, which must all be found."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.gpu_compilers.budgets import Budgets
from tools.gpu_compilers.compile import TARGETS, build
from tools.gpu_compilers.fetch import Compilers
from tools.gpu_compilers.texts import Text

TEXT = Path(__file__).parent / "self_test.cl"
# Under the name of a program whose registers are counted.
FILE = "matmul.cl"
BUILDS = ["", "-D SPILLED -cl-nv-maxrregcount=32", "-D CROWDED", "-D BROKEN"]


def expected(vendor: str) -> set[tuple[str, str, str]]:
    """Kernel, kind of fault, form."""
    broken = {("", "build", "BROKEN")}
    if vendor == "intel":
        return broken
    return broken | {("indexed", "stack", ""), ("greedy", "registers", ""), ("", "build", "CROWDED"),
                     ("spilled", "spills", "REGISTERS=32 SPILLED")}


def failures(compilers: Compilers, targets: list[str]) -> list[str]:
    """What the test would not have found, or found where nothing is."""
    wrong = []
    for vendor, known in TARGETS.items():
        chosen = [target for target in known if target in targets]
        budgets = Budgets(registers={
            (kernel, form): dict.fromkeys(known, 0 if kernel == "greedy" else 255)
            for kernel, form in [("plain", ""), ("greedy", ""), ("indexed", ""), ("spilled", "REGISTERS=32 SPILLED")]})
        found: dict[str, set[tuple[str, str, str]]] = {target: set() for target in chosen}
        texts = [Text(TEXT, vendor, FILE, f"-cl-std=CL1.2 {options}".strip()) for options in BUILDS]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for several in pool.map(lambda text: build(compilers, text, chosen), texts if chosen else []):
                for one in several:
                    found[one.target] |= {(fault.kernel, fault.what, one.text.form) for fault in budgets.faults_of(one)}
        for target, kinds in found.items():
            # What spills lies in the stack too.
            kinds.discard(("spilled", "stack", "REGISTERS=32 SPILLED"))
            wrong += [f"{target}: the fault {fault} {'is not found' if fault in expected(vendor) else 'is found, and there is none'}"
                      for fault in sorted(kinds ^ expected(vendor))]
    return wrong
