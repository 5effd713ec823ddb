#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of benchmarks/results/*.json into README.md, between the lines `<!-- benchmarks -->` and `<!-- /benchmarks -->`. With --check: exit 1 if they
are not up to date. Results of --quick runs and of changed trees are refused."""
import argparse
import json
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- benchmarks -->\n", "<!-- /benchmarks -->\n"
TITLES = {"attention": "Attention", "pointwise": "Norms, softmax and pointwise, tensors of 4 x the last-level cache", "matmul": "Products with a fused epilogue",
          "convolution": "Convolutions along the sequence", "convolution-scipy": "Long convolutions beside SciPy",
          "scan": "Scans", "dot": "Micro-kernel of products, one core", "model": "Models", "overhead": "Call overhead", "compile": "Compile time", "gpu-pointwise": "GPU: norms, softmax and pointwise, cold caches", "gpu-matmul": "GPU: matrix products",
          "gpu-attention": "GPU: attention", "gpu-model": "GPU: models, one call", "gpu-overhead": "GPU: host time of a call"}
SHARES = {"pointwise": "share of memcpy bandwidth", "gpu-pointwise": "share of copy bandwidth", "dot": "share of multiply-add peak"}


def table(suite, rows):
    unit = rows[0]["unit"]
    peer = next((r["peer"] for r in rows if "peer" in r), None)
    has_share, has_dtype = any("share" in r for r in rows), len({r.get("dtype") for r in rows}) > 1
    head = ["case"] + (["dtype"] if has_dtype else []) + [f"seqc, {unit}"]
    head += ([f"{peer}, {unit}", "ratio"] if peer else []) + ([SHARES.get(suite, "share")] if has_share else [])
    lines = [head, ["---"] * len(head)]
    for r in rows:
        line = [r["case"]] + ([r["dtype"]] if has_dtype else []) + [f"{r['ours']:.4g}"]
        if peer:
            line += [f"{r['peer_value']:.4g}", f"{r['peer_value'] / r['ours']:.2f} x"] if "peer_value" in r else ["", ""]
        if has_share:
            line += [f"{100 * r['share']:.0f} %" if "share" in r else ""]
        lines.append(line)
    return f"**{TITLES.get(suite, suite)}**\n\n" + "".join("| " + " | ".join(line) + " |\n" for line in lines)


def section(report):
    m, v = report["machine"], report["versions"]
    facts = ", ".join(filter(None, [m.get("gpu") or m["cpu"], f"{m['threads']} threads" if "threads" in m else "",
                       f"memcpy {m['copy_gb_per_s']} GB/s" if "copy_gb_per_s" in m else "", *(f"{k} {x}" for k, x in sorted(v.items()) if k != "seqc"), report["date"],
                       f"commit {report['commit'][:12]}"]))
    suites = {}
    for row in report["rows"]:
        suites.setdefault(row["suite"], []).append(row)
    return f"Measured on {facts}. A ratio above 1: seqc is faster.\n\n" + "\n".join(table(s, rows) for s, rows in suites.items())


def render(folder):
    parts = []
    for path in sorted(folder.glob("*.json")):
        report = json.loads(path.read_text())
        if report.get("quick") or report.get("dirty"):
            raise ValueError(f"{path.name}: made by a quick run or from a changed tree; run it again for the record")
        parts.append(section(report))
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--root", type=pathlib.Path, default=TOP)
    options = parser.parse_args()
    readme = options.root / "README.md"
    text = readme.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        print(f"README.md: expects one line {BEGIN.strip()} and one line {END.strip()}")
        return 1
    try:
        tables = render(options.root / "benchmarks/results")
    except ValueError as error:
        print(error)
        return 1
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    new = before + BEGIN + tables + END + after
    if options.check:
        print("benchmark tables: ok" if new == text else "README.md: the benchmark tables are not those of benchmarks/results; run utils/bench_tables.py")
        return 0 if new == text else 1
    readme.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
