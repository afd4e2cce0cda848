"""tools/test-gpu-compilers: fetches the compilers, records the texts, compiles them, compares with the budgets."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.gpu_compilers import self_test
from tools.gpu_compilers.budgets import BUDGETED, Budgets, Exceptional, used
from tools.gpu_compilers.compile import TARGETS, Built, build, groups
from tools.gpu_compilers.fetch import Compilers, Unavailable, fetch
from tools.gpu_compilers.texts import Text, read, record

ROOT = Path(__file__).parents[2]
VENDOR = {target: vendor for vendor, targets in TARGETS.items() for target in targets}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/test-gpu-compilers", add_help=False)
    parser.add_argument("--skip-build", action="store_true")
    parser.add_argument("--saddle", type=Path, default=ROOT / ".build/release/saddle")
    parser.add_argument("--library", type=Path, default=ROOT / ".build/release/libRecordingOpenCL.so")
    parser.add_argument("--compilers", type=Path, default=ROOT / ".build/gpu-compilers")
    parser.add_argument("--targets", type=lambda names: names.split(","), default=list(VENDOR))
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    chosen = parser.parse_args()
    for target in chosen.targets:
        if target not in VENDOR:
            parser.error(f"there is no target '{target}'; there are {', '.join(VENDOR)}")
    if chosen.texts and chosen.write:
        parser.error("--write takes Saddle's own texts: leave --texts out")
    return chosen


def timed(what: str, work: Callable) -> object:
    """Says how long something took."""
    start = time.monotonic()
    result = work()
    size = f"{len(result)} " if isinstance(result, list) else ""
    print(f"{size}{what}: {time.monotonic() - start:.1f} s", flush=True)
    return result


def build_saddle() -> None:
    """As tools/test builds it, so that nothing is compiled twice."""
    try:
        subprocess.run(["swift", "build", "--package-path", ROOT, "--configuration", "release", "--build-tests",
                        "-Xswiftc", "-enable-testing", "--quiet"], check=True)
    except (OSError, subprocess.CalledProcessError) as reason:
        raise Unavailable(f"saddle could not be built ({reason})") from reason


def texts_for(chosen: argparse.Namespace, folder: Path) -> list[Text]:
    vendors = sorted({VENDOR[target] for target in chosen.targets}, key=list(TARGETS).index)
    if chosen.texts:
        texts = [text for vendor in vendors for text in read(chosen.texts, vendor)]
        for text in texts:
            text.name = text.path.name
        if not texts:
            raise RuntimeError(f"{chosen.texts} holds no .cl file")
        return texts
    if missing := [file for file in (chosen.saddle, chosen.library) if not file.exists()]:
        raise RuntimeError(f"there is no {missing[0]}: leave --skip-build out")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        recorded = pool.map(lambda vendor: record(chosen.saddle, chosen.library, vendor, folder), vendors)
        return [text for texts in recorded for text in texts]


def build_all(compilers: Compilers, texts: list[Text], targets: list[str]) -> list[Built]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        built = pool.map(lambda text: build(compilers, text, [target for target in TARGETS[text.vendor] if target in targets]),
                         texts)
        return [one for several in built for one in several]


# --------------------------------------------------------------------------------------------------------- what is said

def print_table(head: list[str], rows: list[list[str]]) -> None:
    """Left, but for numbers."""
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        print("  ".join(cell.rjust(width) if head[column] not in ("kernel", "program", "form") else cell.ljust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))).rstrip())
    print()


def print_registers(built: list[Built], vendor: str) -> None:
    """Registers of the kernels that have budgets, and how much of them runs at one time."""
    targets = [target for target in TARGETS[vendor] if any(one.target == target for one in built)]
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in built:
        for usage in used(one) if one.target in targets and BUDGETED.fullmatch(one.text.file) else []:
            row = rows.setdefault((usage.kernel, one.text.title), {"local": str(usage.local)})
            fit = usage.waves if vendor == "amd" else groups(usage.registers, one.text.items) if one.text.items else None
            row[one.target] = f"{usage.registers}{f' ({fit})' if fit is not None else ''}"
    if rows:
        fits = {"nvidia": "groups that a unit's registers hold", "amd": "waves that a SIMD's registers hold"}[vendor]
        print(f"Registers of an item (in brackets: {fits}):")
        print_table(["kernel", "form", "local", *targets],
                    [[kernel, title, row["local"], *(row.get(target, "-") for target in targets)]
                     for (kernel, title), row in sorted(rows.items())])


def print_seconds(built: list[Built]) -> None:
    """Of compiling: what `saddle tune` waits for at each candidate."""
    targets = [target for target in VENDOR if any(one.target == target for one in built)]
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for one in built:
        name = (one.text.file, one.text.title) if one.text.items else ("others", "")
        row = rows.setdefault(name, {})
        row[one.target] = row.get(one.target, 0) + one.seconds
    rows["all", ""] = {target: sum(one.seconds for one in built if one.target == target) for target in targets}
    print("Seconds of a processor to compile it:")
    print_table(["program", "form", *targets],
                [[file, title, *(f"{row[target]:.2f}" if target in row else "-" for target in targets)]
                 for (file, title), row in rows.items()])


def print_excused(built: list[Built], exceptions: list[Exceptional]) -> None:
    """Which exceptions were needed, and how often."""
    for each in exceptions:
        count = sum(each.holds(one.target, usage.kernel, one.text.form) and usage.stack + usage.spills > 0
                    for one in built for usage in used(one))
        if count:
            print(f"Let pass {count} times: {each.stack} bytes of stack, {each.spills} of spills: {each.why}")


def main() -> int:
    chosen = arguments()
    try:
        if not (chosen.skip_build or chosen.texts or chosen.self_test):
            timed("Saddle is built", build_saddle)
        compilers = timed("compilers are there", lambda: fetch(chosen.compilers))
    except Unavailable as reason:
        print(f"tools/test-gpu-compilers: {reason}", file=sys.stderr)
        return 1
    wrong = timed("faults of the self-test were missed", lambda: self_test.failures(compilers, chosen.targets))
    if wrong or chosen.self_test:
        print("\n".join(wrong) or "every fault of the self-test was found")
        return 1 if wrong else 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            texts = timed("texts", lambda: texts_for(chosen, Path(folder)))
        except (RuntimeError, OSError) as reason:
            print(f"tools/test-gpu-compilers: {reason}", file=sys.stderr)
            return 1
        built = timed("programs compiled", lambda: build_all(compilers, texts, chosen.targets))
    print()
    print_registers(built, "nvidia")
    print_registers(built, "amd")
    print_seconds(built)
    for one in built:
        for warning in one.warnings:
            print(f"{one.target}: {one.text.name} ({one.text.title}): {warning}")
    budgets = Budgets.read()
    if chosen.write:
        budgets.measure(built)
        budgets.write()
        print("tools/gpu_compilers/budgets.json holds these registers now")
    print_excused(built, budgets.exceptions)
    faults = budgets.faults(built, is_all=not chosen.texts and set(chosen.targets) == set(VENDOR))
    if chosen.texts:  # others' tiles may be tried there, which have no budgets
        faults = [fault for fault in faults if fault.what != "budget"]
    for fault in faults:
        print(fault)
    print(f"exceeded budgets: {len(faults)}" if faults else "every kernel keeps to its budget")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
