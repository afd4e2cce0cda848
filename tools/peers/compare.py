"""Runs Saddle and its peers in turn, and prints one table of ratios.

Contenders take turns, A B A B ..., because a shared machine drifts by more than they differ; every one is a process of
its own on the same processors with the same number of threads, and what the machine's owner has set for one library
does not reach it. Numbers are medians over the rounds. A peer that fails is named with the reason; the rest goes on.
tools/peers/setup installs the peers.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from tools.peers import comparisons, processor, report
from tools.peers.comparisons import Comparison, Contender, Readings

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name(f"RESULTS-{processor.kind()}.md")
# Variables by which a machine's owner steers one contender; and the number of threads, in everybody's own words.
STEERING = re.compile("(OPENBLAS|GOTO|BLIS|MKL|DNNL|ONEDNN|OMP|GOMP|KMP|ATEN|TORCH|TORCHINDUCTOR|POCL|CLBLAST|SADDLE)_")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "SADDLE_THREADS", "POCL_MAX_PTHREAD_COUNT",
           "POCL_CPU_MAX_CU_COUNT")
LONGEST = 900  # seconds that a process may take: torch.compile's first run takes minutes


class Failure(Exception):
    """Why a contender gave no number."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/peers/compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="list the comparisons")
    parser.add_argument("--only", action="append", metavar="NAME", help="this comparison; may be repeated")
    parser.add_argument("--rounds", type=int, default=4, help="turns of everyone (default 4)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                        help="processors for everyone (default: all)")
    parser.add_argument("--saddle", type=Path, default=ROOT / ".build/release/saddle", help="Saddle's binary")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="keep the readings here; comparisons that it holds already are shown with the new ones")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.relative_to(ROOT)}")
    options = parser.parse_args()
    names = [comparison.name for comparison in comparisons.ALL]
    for name in options.only or []:
        if name not in names:
            parser.error(f"no comparison is called '{name}'; there are {', '.join(names)}")
    if options.write and options.only and not options.json:
        parser.error("--write with --only would forget the other comparisons: keep them in a file with --json")
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}: at least one is needed")
    processors = sorted(os.sched_getaffinity(0))
    if not 1 <= options.threads <= len(processors):
        parser.error(f"--threads is {options.threads}, but this process may use {len(processors)} processors")
    os.sched_setaffinity(0, processors[: options.threads])  # children inherit it
    return options


def main() -> None:
    options = arguments()
    if options.list:
        for comparison in comparisons.ALL:
            print(f"{comparison.name:22}{comparison.what}: {'; '.join(each.name for each in comparison.contenders)}")
        return
    results = kept(options.json) if options.json and options.json.exists() else {}
    for comparison in comparisons.ALL:
        if not options.only or comparison.name in options.only:
            results[comparison.name] = measured(comparison, options)
            if options.json:
                options.json.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(report.table(results)))
    if options.write:
        RESULTS.write_text(report.text(results, options.threads))


def kept(path: Path) -> dict:
    """What an earlier --json wrote."""
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise SystemExit(f"{path} holds no readings ({error}): name another file, or remove it") from None


def measured(comparison: Comparison, options: argparse.Namespace) -> dict:
    """Readings of each contender, one a round; why others gave none; where and with what it was measured."""
    result = {"date": date.today().isoformat(), "machine": report.machine(), "saddle": report.saddle(),
              "readings": {}, "failures": {}, "versions": {}}
    for turn in range(-comparison.untimed, options.rounds):
        for contender in comparison.contenders:
            if contender.name in result["failures"]:
                continue
            try:
                readings, version = run(contender, options)
            except Failure as failure:
                result["failures"][contender.name] = str(failure)
                result["readings"].pop(contender.name, None)
                progress(f"{comparison.name}: {contender.name} is not available: {failure}")
                if contender is comparison.ours:
                    return result  # nothing is left to compare
                continue
            if turn < 0:
                continue
            result["readings"].setdefault(contender.name, []).append(readings)
            result["versions"][contender.name] = version
            shown = ", ".join(f"{readings[measure.key] * measure.scale:.4g} {measure.unit}"
                              for measure in comparison.measures if measure.key in readings)
            progress(f"{comparison.name}, round {turn + 1} of {options.rounds}: {contender.name} {shown}")
    return result


def run(contender: Contender, options: argparse.Namespace) -> tuple[Readings, str]:
    """One process: its readings and the version that it names."""
    programs = {comparisons.SADDLE: str(options.saddle), comparisons.PYTHON: sys.executable}
    with tempfile.TemporaryDirectory() as scratch:
        words = [programs.get(word, word).format(threads=options.threads, scratch=scratch)
                 for word in contender.command]
        start = time.perf_counter()
        try:
            done = subprocess.run(words, cwd=ROOT, env=environment(options.threads), capture_output=True, text=True,
                                  timeout=LONGEST)
        except FileNotFoundError:
            raise Failure(f"{words[0]} is not there: build it with `swift build -c release`, or name it with --saddle"
                          ) from None
        except subprocess.TimeoutExpired:
            raise Failure(f"it took longer than {LONGEST} s: {shlex.join(words)}") from None
        wall = time.perf_counter() - start
    if done.returncode != 0:
        raise Failure(f"exit code {done.returncode}: {reason(done.stderr) or shlex.join(words)}")
    try:
        output = parsed(done.stdout)
        version = output.get("version") or (f"Saddle on {output['device']}" if "device" in output else "")
        return {**contender.read(output), "wall_seconds": wall}, version
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise Failure(f"its output holds no such number ({error!r}): {shlex.join(words)}") from None


def reason(text: str) -> str:
    """The last line that speaks of an error, or the last of all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.search("error", line, re.IGNORECASE)]
    return (errors or lines or [""])[-1]


def parsed(text: str) -> dict:
    """The JSON object that an output is, or ends with in a line; none where a command prints none."""
    for part in (text, text.rstrip().rpartition("\n")[2]):
        try:
            found = json.loads(part)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}


def environment(threads: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not STEERING.match(name)}
    return {**kept, **dict.fromkeys(THREADS, str(threads)), "TORCHINDUCTOR_CACHE_DIR": str(ROOT / ".cache/inductor")}


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
