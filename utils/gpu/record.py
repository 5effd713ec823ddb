#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the timed part of a runner's results.json as benchmarks/results/<name>.json, from which utils/bench_tables.py writes README's tables.

    utils/gpu/record.py results.json --commit <commit that the bundle was made from> --date 2026-11-25 [--name gpu-h100]

Times are medians of calls."""
import argparse
import json
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]
SUITES = {"add": "gpu-pointwise", "gelu": "gpu-pointwise", "softmax": "gpu-pointwise", "residual_layernorm": "gpu-pointwise", "matmul": "gpu-matmul",
          "attention": "gpu-attention", "overhead": "gpu-overhead"}


def row(result):
    name = result["name"]
    kind, _, case = name.partition("/")
    if kind == "model":
        return {"suite": "gpu-model", "case": case, "unit": "us", "ours": result["us"]}
    scheme, _, rest = case.partition("/")
    dtype, _, rest = rest.partition("/")
    if "overhead_us" in result:
        return {"suite": "gpu-overhead", "case": f"one call of {rest}, above the bare launch of its kernel", "unit": "us", "ours": result["overhead_us"]}
    r = {"suite": SUITES[scheme], "case": f"{scheme} {rest}", "dtype": dtype, "unit": "us", "ours": result["us"]}
    if "torch_us" in result:
        r |= {"peer": "PyTorch", "peer_value": result["torch_us"]}
    if "copy_share" in result and SUITES[scheme] == "gpu-pointwise":
        r["share"] = result["copy_share"]
    return r | {key: result[key] for key in ("gb_s", "tflop_s") if key in result}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--name", default="gpu-h100")
    options = parser.parse_args()
    report = json.loads(options.results.read_text())
    timed = [r for r in report["results"] if r["name"].startswith(("time/", "model/"))]
    torch = next((r["torch"] for r in timed if "torch" in r), None)
    machine = {k: report["machine"][k] for k in ("gpu", "compute_capability", "driver_cuda", "multiprocessors", "memory_bytes")}
    machine |= {k: report["machine"][k] for k in ("copy_gb_per_s", "copy_bytes") if k in report["machine"]}
    kept = {"machine": machine, "versions": {"torch": torch} if torch else {}, "date": options.date, "commit": options.commit,
            "cases_run": len(report["results"]), "cases_failed": sum(not r["ok"] for r in report["results"]), "rows": [row(r) for r in timed]}
    out = TOP / "benchmarks" / "results" / f"{options.name}.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
