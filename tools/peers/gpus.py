"""Keeps what tools/gpu-report measured on a card, and writes GPUS.md.

python3 -m tools.peers.gpus --add report.json nvidia-h200   keeps a report as gpus/nvidia-h200.json
python3 -m tools.peers.gpus                                 writes GPUS.md from all that are kept
"""

import argparse
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEPT, PAGE = HERE / "gpus", HERE / "GPUS.md"
SHOWN = 20  # launches of a step

HEAD = """# Saddle on GPUs

Written by `python3 -m tools.peers.gpus` from the reports of `tools/gpu-report --run --tune` in `gpus/`. A share of the roofline
is the time that a kernel's bytes or its multiply-adds, counted directly, would take at the rates of the triad and of chains of
multiply-adds, which are measured in the same run. PyTorch runs on the same card in the same minutes: plainly, and as a CUDA
graph of the whole step, whose launches cost the host nothing. TF32 has 10 bits of mantissa where float32 has 23, and runs on
matrix units; Saddle computes in float32. One run is one reading: steps of thousands of images a second wait for the host, and
vary with it.
"""


def reduced(report: dict) -> dict:
    """What of a report is about the card, and not about the machine that it stands in."""
    facts = report["facts"]
    return {
        "date": report["date"][:10],
        "commit": next((line.split()[1] for line in facts.get("build", []) + facts.get("commit", [])
                        if line.startswith("commit ")), "unknown"),
        "card": next((line for line in facts.get("nvidia_smi", [])[1:]), ""),
        "processor": [line.split(":", 1)[-1].strip() for line in facts.get("processor", [])],
        "parts": [{key: part[key] for key in ("name", "status", "reason", "seconds")} | {"result": kept(part)}
                  for part in report["parts"]],
    }


def kept(part: dict) -> object:
    """Of the tuner's thousand lines the tiles that it chose, of the check what differs and its sums; the compiler's words
    stay in the report."""
    result = part["result"]
    if part["name"] in ("opencl", "builds", "programs"):
        return None
    if part["name"] in ("check", "first build") and result:
        return [line for line in result[:-1] if not line.startswith("equal")] + result[-1:]
    if part["name"] != "tune" or not result:
        return result
    first = next((i for i, line in enumerate(result) if " now uses" in line), len(result))
    return [line for line in result[first:] if line and not line.startswith("kept in")]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Markdown; every column but the first to the right."""
    return [f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|",
            *(f"| {' | '.join(row)} |" for row in rows)]


# Ways of PyTorch's step: the words for it, whether it is a graph, whether it is compiled.
CALLS = (("", False, False), (", CUDA graph", True, False), (", compiled", False, True))
SETTINGS = {"float32": ("float32", "float32, searched"), "TF32 as installed or asked": ("default", "tf32, searched"),
            "bf16": ("bf16",)}


def best(peers: list[dict], game: str, graph: bool, compiled: bool, settings: tuple[str, ...]) -> float | None:
    """PyTorch's images a second, of all that were measured in this way."""
    return max((line["images_per_second"] for line in peers
                if line["game"] == game and line["setting"] in settings
                and (line.get("graph", False), line.get("compiled", False)) == (graph, compiled)), default=None)


def steps(parts: dict) -> list[str]:
    """Images a second, and how many times as fast as each way of PyTorch that was measured."""
    peers = [line for line in parts.get("pytorch") or [] if line["what"] == "step" and "images_per_second" in line]
    ours = {game: parts.get(f"step {game} tuned") or parts.get(f"step {game}") for game in ("dcgan64", "dcgan32")}
    ours = {game: result for game, result in ours.items() if result}
    rows = [["Saddle", *(f"{each['images_per_second']:,.0f}" for each in ours.values())],
            ["Saddle's launches a step, MiB", *(f"{each['launches']}, {each['device_mib']}" for each in ours.values())]]
    if parts.get("step dcgan64 tuned") and parts.get("step dcgan64"):
        rows.insert(1, ["Saddle before it was tuned", *(
            f"{parts['step dcgan64']['images_per_second']:,.0f}" if game == "dcgan64" else "" for game in ours)])
    for words, graph, compiled in CALLS:
        for setting, settings in SETTINGS.items():
            found = {game: best(peers, game, graph, compiled, settings) for game in ours}
            if any(found.values()):
                rows.append([f"PyTorch{words}, {setting}", *(
                    f"{speed:,.0f} ({ours[game]['images_per_second'] / speed:.2f})" if speed else "not measured"
                    for game, speed in found.items())])
    return table(["images/s", *(f"{game}, batch {each['batch']}" for game, each in ours.items())], rows) + [
        "", "PyTorch's figure is the better one of NCHW and channels_last; in parentheses Saddle's to it."]


def launches(parts: dict) -> list[str]:
    """What the step of dcgan64 spends its time in."""
    step = parts.get("step dcgan64 tuned") or parts.get("step dcgan64") or {}
    rows = [[row["name"], str(row["launches"]), f"{1e6 * row['seconds']:,.0f}"] for row in step.get("slowest", [])[:SHOWN]]
    return table(["launches of a step of dcgan64, tiles", "number", "µs in all"], rows) if rows else []


def rows_of(result: list | dict | None) -> list[dict]:
    """The rows of a part of the kernel bench: one object once, lines now."""
    lines = result if isinstance(result, list) else [result or {}, *(result or {}).get("rows", [])]
    roofline, rows = None, []
    for line in lines:
        roofline = line.get("roofline", roofline)
        if "seconds" in line:
            rows.append({"roofline": roofline, **line})
    return rows


def kernels(parts: dict) -> list[str]:
    """Every row of the kernel bench."""
    rows = []
    for name, result in parts.items():
        for row in rows_of(result) if name.startswith("kernels ") else []:
            line = row["roofline"]
            least = max(row["bytes"] / line["bytes_per_second"], row["flops"] / line["flops_per_second"])
            rows.append([row["name"], f"{1e6 * row['seconds']:,.1f}", f"{row['flops'] / row['seconds'] / 1e9:,.0f}",
                         f"{row['bytes'] / row['seconds'] / 1e9:,.0f}", f"{100 * least / row['seconds']:.0f}%"])
    return table(["kernels", "µs", "GFLOP/s", "GB/s", "of the roofline"], rows)


def products(parts: dict) -> list[str]:
    """Square products beside cuBLAS."""
    ours = {row["name"]: row["flops"] / row["seconds"] / 1e9 for row in rows_of(parts.get("kernels product"))}
    rows = []
    for line in parts.get("pytorch") or []:
        name = f"product {line.get('size')}x{line.get('size')}"
        if line["what"] == "product" and line["setting"] == "float32" and name in ours:
            rows.append([name, f"{ours[name]:,.0f}", f"{line['gflops']:,.0f}", f"{ours[name] / line['gflops']:.2f}"])
    return table(["float32", "Saddle, GFLOP/s", "cuBLAS by PyTorch, GFLOP/s", "Saddle's to it"], rows)


def bits(lines: list[str]) -> str:
    """The check's summary, and that of the same rows in other tiles and with 64-bit indices."""
    sums = [(line, int(found[1]), int(found[2])) for line in lines if (found := re.match(r"(\d+) of (\d+) rows ", line))]
    if not sums:
        return lines[-1]
    others = sums[1:]
    return sums[0][0] + (f"; with 64-bit indices and in other tiles {sum(each[1] for each in others)} of "
                         f"{sum(each[2] for each in others)}" if others else "")


def section(report: dict) -> list[str]:
    parts = {part["name"]: part["result"] for part in report["parts"]}
    versions = next((line for line in parts.get("pytorch") or [] if line["what"] == "versions"), {})
    roofline = next((rows[0]["roofline"] for name, result in parts.items()
                     if name.startswith("kernels ") and (rows := rows_of(result))), None)
    name, driver = (report["card"].split(", ") + ["", ""])[:2]
    lines = [f"## {name}", "",
             f"{report['date']}, driver {driver}, Saddle at commit {report['commit'][:7]}, on a host with "
             f"{report['processor'][1]} threads of {report['processor'][0]}; PyTorch {versions.get('torch', 'was not there')}."]
    failed = [f"{part['name']}: {part['reason']}" for part in report["parts"] if part["status"] == "failed"]
    lines += [f"- failed: {each}" for each in failed]
    lines += ["", f"**Bits:** {bits(parts['check'])}."] if parts.get("check") else []
    lines += ["", f"**Training:** {parts['training'][-1]}."] if parts.get("training") else []
    if roofline:
        lines += ["", f"**Roofline:** {roofline['flops_per_second'] / 1e12:.1f} TFLOP/s, "
                  f"{roofline['bytes_per_second'] / 1e12:.2f} TB/s."]
    lines += ["", *steps(parts), "", *products(parts), "", *kernels(parts), "", *launches(parts)]
    if parts.get("tune"):
        lines += ["", "Tiles that `saddle tune` chose:", "", *(f"    {line}" for line in parts["tune"])]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.peers.gpus", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--add", nargs=2, metavar=("REPORT", "NAME"), help="a report to keep, and the card's name")
    options = parser.parse_args()
    if options.add:
        report = reduced(json.loads(Path(options.add[0]).read_text()))
        (KEPT / f"{options.add[1]}.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    reports = [json.loads(path.read_text()) for path in sorted(KEPT.glob("*.json"))]
    PAGE.write_text("\n".join([HEAD] + [line for report in reports for line in section(report)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
