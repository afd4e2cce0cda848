"""Keeps what tools/gpu-report measured on a card, and writes GPUS.md.

python3 -m tools.peers.gpus --add report.json nvidia-h200   keeps a report as gpus/nvidia-h200.json
python3 -m tools.peers.gpus                                 writes GPUS.md from all that are kept
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEPT, PAGE = HERE / "gpus", HERE / "GPUS.md"

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
    """Of the tuner's thousand lines the tiles that it chose."""
    result = part["result"]
    if part["name"] != "tune" or not result:
        return result
    first = next((i for i, line in enumerate(result) if " now uses" in line), len(result))
    return [line for line in result[first:] if line and not line.startswith("kept in")]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Markdown; every column but the first to the right."""
    return [f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|",
            *(f"| {' | '.join(row)} |" for row in rows)]


def steps(parts: dict) -> list[str]:
    """Images a second, and how many times as fast as each way of PyTorch."""
    peers = [line for line in parts.get("pytorch", []) if line["what"] == "step" and "images_per_second" in line]
    ways = {"float32": ("float32", "float32, searched"), "TF32 as installed or asked": ("default", "tf32, searched")}
    head, rows = ["step", "Saddle, images/s", "launches", "MiB"], []
    columns = [(f"PyTorch{', CUDA graph' if graph else ''}, {way}", graph, settings)
               for graph in (False, True) for way, settings in ways.items()]
    for game in ("dcgan64", "dcgan32"):
        ours = parts.get(f"step {game}")
        if not ours:
            continue
        row = [f"{game}, batch {ours['batch']}", f"{ours['images_per_second']:,.0f}", str(ours["launches"]),
               str(ours["device_mib"])]
        for _, graph, settings in columns:
            best = max((line["images_per_second"] for line in peers
                        if line["game"] == game and line.get("graph", False) == graph and line["setting"] in settings),
                       default=None)
            row.append(f"{best:,.0f} ({ours['images_per_second'] / best:.2f})" if best else "not measured")
        rows.append(row)
    return table(head + [name for name, *_ in columns], rows) + [
        "", "PyTorch's figure is the better one of NCHW and channels_last; in parentheses Saddle's to it."]


def kernels(parts: dict) -> list[str]:
    """Every row of the kernel bench."""
    rows = []
    for name, result in parts.items():
        for row in (result or {}).get("rows", []) if name.startswith("kernels ") else []:
            line = row["roofline"]
            least = max(row["bytes"] / line["bytes_per_second"], row["flops"] / line["flops_per_second"])
            rows.append([row["name"], f"{1e6 * row['seconds']:,.1f}", f"{row['flops'] / row['seconds'] / 1e9:,.0f}",
                         f"{row['bytes'] / row['seconds'] / 1e9:,.0f}", f"{100 * least / row['seconds']:.0f}%"])
    return table(["kernels", "µs", "GFLOP/s", "GB/s", "of the roofline"], rows)


def products(parts: dict) -> list[str]:
    """Square products beside cuBLAS."""
    ours = {row["name"]: row["flops"] / row["seconds"] / 1e9 for row in (parts.get("kernels product") or {}).get("rows", [])}
    rows = []
    for line in parts.get("pytorch", []):
        name = f"product {line.get('size')}x{line.get('size')}"
        if line["what"] == "product" and line["setting"] == "float32" and name in ours:
            rows.append([name, f"{ours[name]:,.0f}", f"{line['gflops']:,.0f}", f"{ours[name] / line['gflops']:.2f}"])
    return table(["float32", "Saddle, GFLOP/s", "cuBLAS by PyTorch, GFLOP/s", "Saddle's to it"], rows)


def section(report: dict) -> list[str]:
    parts = {part["name"]: part["result"] for part in report["parts"]}
    versions = next((line for line in parts.get("pytorch") or [] if line["what"] == "versions"), {})
    roofline = next((result["roofline"] for name, result in parts.items() if name.startswith("kernels ") and result), None)
    name, driver = (report["card"].split(", ") + ["", ""])[:2]
    lines = [f"## {name}", "",
             f"{report['date']}, driver {driver}, Saddle at commit {report['commit'][:7]}, on a host with "
             f"{report['processor'][1]} threads of {report['processor'][0]}; PyTorch {versions.get('torch', 'was not there')}."]
    failed = [f"{part['name']}: {part['reason']}" for part in report["parts"] if part["status"] == "failed"]
    lines += [f"- failed: {each}" for each in failed]
    lines += ["", f"**Bits:** {parts['check'][-1]}."] if parts.get("check") else []
    lines += [f"**Training:** {parts['training'][-1]}."] if parts.get("training") else []
    if roofline:
        lines += ["", f"**Roofline:** {roofline['flops_per_second'] / 1e12:.1f} TFLOP/s, "
                  f"{roofline['bytes_per_second'] / 1e12:.2f} TB/s."]
    lines += ["", *steps(parts), "", *products(parts), "", *kernels(parts)]
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
