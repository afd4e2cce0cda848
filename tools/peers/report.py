"""The table of ratios, and RESULTS-*.md, one for each kind of processor."""

import os
import platform
import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from statistics import median

from tools.peers import comparisons, processor
from tools.peers.comparisons import Comparison, Contender, Measure

ROOT = Path(__file__).resolve().parents[2]

HEAD = ["what", "ours", "peer", "its figure", "ours to the peer's (range)", "asked", "met"]


def text(results: dict, threads: int) -> str:
    """The page: the table, machine, versions, commands."""
    shown = measured(results)
    # A contender may have several: devices differ between comparisons.
    versions = {version for _, result in shown for version in result["versions"].values() if version}
    rounds = sorted({len(values) for _, result in shown for values in result["readings"].values()}) or [0]
    return "\n".join([
        f"# Saddle beside its peers, {processor.kind()}", "",
        "Written by `tools/peers/compare --write`; `tools/peers/setup` installs the peers. Processes take turns, "
        f"medians of {' to '.join(str(count) for count in dict.fromkeys((rounds[0], rounds[-1])))} rounds,",
        "ratios of medians, in parentheses the least and the greatest ratio of a round. Where several peers share a "
        "target, the best of them",
        "has it; a peer without one is there for orientation.", "",
        *table(results), "",
        "## Machine and versions", "",
        *(f"- {fact}" for key in ("date", "machine", "saddle")
          for fact in sorted({result[key] for _, result in shown})),
        *(f"- {version}" for version in sorted(versions)),
        f"- {threads} threads for everyone", "",
        "## Commands", "", *(line for comparison, _ in shown for line in commands(comparison, threads)),
    ]) + "\n"


def table(results: dict) -> list[str]:
    """The table, and what was not available."""
    shown = measured(results)
    lines = markdown(HEAD, [row for comparison, result in shown for row in rows(comparison, result)])
    missing = [f"- {comparison.name}: {contender}: {why}" for comparison, result in shown
               for contender, why in result["failures"].items()]
    return lines + (["", "Not available:", "", *missing] if missing else [])


def measured(results: dict) -> list[tuple[Comparison, dict]]:
    return [(comparison, results[comparison.name]) for comparison in comparisons.ALL if comparison.name in results]


def rows(comparison: Comparison, result: dict) -> list[list[str]]:
    """One row for each measure and peer."""
    readings = result["readings"]
    if comparison.ours.name not in readings:
        return [[comparison.what, "not available", "", "", "", "", ""]]
    return [row for measure in expanded(comparison, readings) for row in measure_rows(comparison, measure, readings)]


def expanded(comparison: Comparison, readings: dict) -> list[Measure]:
    """The measures, `*` replaced by every key of ours."""
    found = []
    for measure in comparison.measures:
        keys = [measure.key] if measure.key != "*" else [key for key in readings[comparison.ours.name][0]
                                                         if key != "wall_seconds"]
        found += [replace(measure, key=key, what=measure.what or (key if measure.key == "*" else "")) for key in keys]
    return found


def measure_rows(comparison: Comparison, measure: Measure, readings: dict) -> list[list[str]]:
    def figures(contender: Contender) -> list[float]:
        return [turn[measure.key] * measure.scale for turn in readings.get(contender.name, []) if measure.key in turn]

    what = ", ".join(filter(None, (comparison.what, measure.what)))
    ours = figures(comparison.ours)
    peers = [peer for peer in comparison.peers if figures(peer)]
    judged = (min if measure.less_is_better else max)(
        (peer for peer in peers if peer.counts), key=lambda peer: median(figures(peer)), default=None)
    found = []
    if measure.limit is not None:
        met = median(ours) <= measure.limit
        found.append([what, figure(median(ours), measure), "", "", f"{min(ours):.2f} to {max(ours):.2f} {measure.unit}",
                      f"at most {measure.limit:g} {measure.unit}", yes(met)])
    for peer in peers:
        theirs = figures(peer)
        ratio = median(ours) / median(theirs)
        turns = [a / b for a, b in zip(ours, theirs)]
        asked = met = ""
        if peer is judged and measure.at_least is not None:
            asked, met = f"at least {measure.at_least:g}", yes(ratio >= measure.at_least)
        elif peer is judged and measure.at_most is not None:
            asked, met = f"at most {measure.at_most:g}", yes(ratio <= measure.at_most)
        found.append([what, figure(median(ours), measure), peer.name, figure(median(theirs), measure),
                      f"{ratio:.2f} ({min(turns):.2f} to {max(turns):.2f})", asked, met])
    return found or [[what, figure(median(ours), measure), "not available", "", "", "", ""]]


def figure(value: float, measure: Measure) -> str:
    return f"{value:.{0 if value >= 1000 else 1 if value >= 10 else 2}f} {measure.unit}"


def yes(met: bool) -> str:
    return "yes" if met else "NO"


def markdown(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table whose columns line up in plain text too."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head, *rows]]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def commands(comparison: Comparison, threads: int) -> list[str]:
    lines = [shlex.join(contender.command).replace("'{threads}'", str(threads)).replace("'{scratch}/run'", "FOLDER")
             for contender in comparison.contenders]
    return [f"{comparison.name}: {comparison.what}", "", *(f"    {line}" for line in lines), ""]


# MARK: The machine


def machine() -> str:
    """Processor, caches, memory, operating system."""
    information = Path("/proc/cpuinfo").read_text()
    name = re.search(r"^model name\s*: (.*)$", information, re.MULTILINE)
    known = [flag for flag in ("fma", "avx2", "avx512f", "avx512_bf16", "amx_tile") if flag in processor.flags()]
    caches = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((folder / file).read_text().strip() for file in ("level", "type", "size"))
        if kind != "Instruction":
            caches.append(f"L{level} {size}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{name[1] if name else platform.machine()} ({', '.join(known)}), {os.cpu_count()} processors, "
            f"{', '.join(caches)}, {memory:.0f} GiB, {platform.freedesktop_os_release()['PRETTY_NAME']}")


def saddle() -> str:
    """The last commit of what is built, and whether the files differ from it."""
    built = ["--", "Sources", "Kernels", "Package.swift"]

    def git(*words: str) -> str:
        return subprocess.run(["git", *words, *built], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    changes = " with changes" if git("status", "--porcelain") else ""
    return f"Saddle at commit {git('log', '-1', '--format=%h')}{changes}"
