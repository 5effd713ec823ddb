#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU benchmarks: compiles each case with --cpu=native, times it through the runtime beside the installed peers, writes JSON.

  benchmarks/run.py --seqc build/bin/seqc [--suite attention,pointwise,matmul,convolution,scan,dot,model,overhead,compile] [--threads N] [--quick] [--name cpu]

Suites and what they are compared with, in the same run and with the same number of threads:
  attention   PyTorch scaled_dot_product_attention (f32)
  pointwise   PyTorch, and the time that memcpy takes for the same bytes (`floor`); tensors are at least 4 x the last-level cache
  matmul      PyTorch addmm + gelu
  scan        the recurrences as C loops over rows, compiled by clang -O3 -march=native (benchmarks/peers/scan_loops.c), where clang is installed
  dot         share of the core's multiply-add peak that the micro-kernel reaches (benchmarks/cpu_dot.cpp)
  convolution PyTorch and SciPy (a row each, f32), real transforms of twice the length; short ones: conv1d and SiLU of PyTorch
  model       PyTorch eager: digits at batch 1 and 32
  overhead    microseconds of a call that computes nothing to speak of
  compile     seconds of `seqc compile`
Rows: {suite, case, dtype, unit, ours, [peer, peer_value], [floor], [share]}. The file has the facts of the machine; README tables come from it (utils/bench_tables.py).
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "benchmarks"))
import graphs  # noqa: E402

SUITES = "attention,pointwise,matmul,convolution,scan,dot,model,overhead,compile"


def run(command, **kw):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **kw)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr[-800:]}")
    return done.stdout


# --- The machine ---------------------------------------------------------------------------------------------------------------------------


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def last_level_cache():
    """Bytes; 32 MiB where the system does not say."""
    best = (0, 32 << 20)
    for index in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        try:
            level, size = int((index / "level").read_text()), (index / "size").read_text().strip()
        except OSError:
            continue
        best = max(best, (level, int(size.rstrip("KM")) << (20 if size.endswith("M") else 10)))
    return best[1]


def git(*arguments):
    done = subprocess.run(["git", "-C", TOP, *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def copy_bandwidth(threads, total_bytes, rounds):
    """Bytes read + written per second by `threads` processes that each copy their part of `total_bytes` (sources and targets together) with memcpy."""
    code = ("import numpy as np, sys, time\nn, rounds = int(sys.argv[1]), int(sys.argv[2])\na = np.ones(n // 8, np.float32); b = np.empty_like(a); b[:] = a\n"
            "best = 1e9\nfor _ in range(rounds):\n    t = time.perf_counter(); np.copyto(b, a); best = min(best, time.perf_counter() - t)\nprint(2 * a.nbytes / best)")
    procs = [subprocess.Popen([sys.executable, "-c", code, str(total_bytes // threads), str(rounds)], stdout=subprocess.PIPE, text=True) for _ in range(threads)]
    return sum(float(p.communicate()[0]) for p in procs)


# --- Cases -----------------------------------------------------------------------------------------------------------------------------------


def rows_beyond_cache(bytes_per_row, quick):
    """Rows such that all tensors together are 4 x the last-level cache, a multiple of 1024."""
    footprint = (8 << 20) if quick else 4 * last_level_cache()
    return max(1024, -(-footprint // bytes_per_row // 1024) * 1024)


def cases(quick):
    """Dictionaries: suite, case, graph (text or path), shapes, peer (key of peers/torch_cpu.py or None), memory_bound."""
    for causal in ("none", "bottom_right"):
        for length in (256,) if quick else (256, 1024, 2048, 4096):
            yield {"suite": "attention", "case": f"B1 H8 L{length} D64 {'full' if causal == 'none' else 'causal'}", "graph": graphs.attention(causal=causal),
                   "shapes": f"L={length}", "peer": ["attention", 1, 8, length, 64, causal != "none"]}
    pointwise = {"residual_layernorm": (graphs.residual_layernorm, 768, 4), "softmax": (graphs.softmax, 1024, 2), "gelu": (graphs.gelu, 1024, 2),
                 "add": (graphs.pointwise_add, 1024, 3)}
    for name, (graph, width, tensors) in pointwise.items():
        rows = rows_beyond_cache(4 * width * tensors, quick)
        yield {"suite": "pointwise", "case": f"{name} {rows}x{width}", "graph": graph(width=width), "shapes": f"R={rows}", "peer": [name, rows, width], "memory_bound": True}
    for m in (128,) if quick else (1, 128, 1024):
        yield {"suite": "matmul", "case": f"bias gelu M{m} N1024 K1024", "graph": graphs.matmul(), "shapes": f"R={m}", "peer": ["matmul_bias_gelu", m, 1024, 1024]}
    for op, states in (("linear", 0), ("selective", 16)):
        for rows, length in ((64, 256),) if quick else ((256, 1024), (1024, 4096)):
            graph = graphs.linear_scan(channels=rows) if op == "linear" else graphs.selective_scan(channels=rows, states=states)
            yield {"suite": "scan", "case": f"{op} D{rows} L{length}" + (f" N{states}" if states else ""), "graph": graph, "shapes": f"L={length}", "peer": None,
                   "loop": [op, rows, length, states]}
    for batch, channels, length in ((2, 4, 1024),) if quick else ((4, 64, 1024), (4, 64, 4096), (2, 32, 16384), (1, 16, 65536)):
        for gated in (False, True):
            yield {"suite": "convolution", "case": f"B{batch} D{channels} L{length}{' gated' if gated else ''}", "graph": graphs.long_conv(channels, length, gated=gated),
                   "shapes": f"B={batch}", "peer": ["long_conv", batch, channels, length, gated], "scipy": True, "any_form": True}
    yield {"suite": "convolution", "case": "4 taps, bias, SiLU, B4 D256 L1024", "graph": graphs.short_conv(256, 4), "shapes": "B=4,L=1024", "peer": ["short_conv", 4, 256, 1024, 4],
           "any_form": True}
    for batch in (1, 32):
        yield {"suite": "model", "case": f"digits B{batch}", "graph": TOP / "models/digits/model.mlir", "shapes": f"B={batch}", "peer": ["digits", batch]}


def peers(python, keys, options, library="torch"):
    """Median milliseconds of PyTorch or SciPy by key, and its version; empty if it is not installed."""
    if not keys or subprocess.run([python, "-c", f"import {library}"], capture_output=True).returncode != 0:
        return {}, None
    seconds = 0.1 if options.quick else 1.5
    out = run([python, TOP / f"benchmarks/peers/{library}_cpu.py", "--threads", options.threads, "--seconds", seconds, "--cases", json.dumps(keys)])
    data = json.loads(out.strip().splitlines()[-1])
    return {json.dumps(k): v for k, v in zip(keys, data["median_ms"])}, data["version"]


def loop_times(cases, options, folder):
    """Milliseconds of the C loops by case, and the compiler; empty without clang."""
    compiler = next((c for c in ("clang", "clang-22") if shutil.which(c)), None)
    if not compiler or not cases:
        return {}, None
    program = pathlib.Path(folder) / "scan_loops"
    run([compiler, "-O3", "-march=native", "-fno-math-errno", "-fveclib=libmvec", TOP / "benchmarks/peers/scan_loops.c", "-o", program, "-lpthread", "-lm", "-lmvec"])
    seconds = 0.1 if options.quick else 1.5
    return {c["case"]: float(run([program, *c["loop"], options.threads, seconds])) for c in cases}, f"C loop, {compiler}"


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.rows, self.compile_rows = options, pathlib.Path(folder), [], []
        self.loops, self.loop_compiler = {}, None

    def add(self, **row):
        self.rows.append(row)
        print(json.dumps(row), flush=True)

    def package(self, graph, name, emit="package"):
        """Compiles a graph (text or path) for this machine; notes the seconds. `emit` object: no weights are read."""
        source, package = self.folder / "case.mlir", self.folder / "case.seqc"
        if isinstance(graph, pathlib.Path):
            source = graph
        else:
            source.write_text(graph)
        start = time.perf_counter()
        run([self.options.seqc, "compile", source, "-o", package, "--cpu=native", f"--emit={emit}"])
        self.compile_rows.append({"suite": "compile", "case": name, "unit": "s", "ours": round(time.perf_counter() - start, 3)})
        return package

    def time(self, package, shapes):
        seconds = 0.05 if self.options.quick else 1.5
        return json.loads(run([self.options.seqc, "bench", package, f"--shapes={shapes}", f"--threads={self.options.threads}", f"--min-seconds={seconds}", "--json"]))

    def graph_case(self, case, peer_ms, peer_version, scipy_ms, scipy_version, bandwidth):
        result = self.time(self.package(case["graph"], case["case"]), case["shapes"])
        row = {"suite": case["suite"], "case": case["case"], "dtype": "f32", "unit": "ms", "ours": round(result["median_ms"], 4)}
        if json.dumps(case["peer"]) in peer_ms:
            row |= {"peer": f"PyTorch {peer_version}", "peer_value": round(peer_ms[json.dumps(case["peer"])], 4)}
        if case["case"] in self.loops:
            row |= {"peer": self.loop_compiler, "peer_value": round(self.loops[case["case"]], 4)}
        if "flops" in result and not case.get("memory_bound") and not case.get("any_form"):
            row["gflops"] = round(result["flops"] / result["median_ms"] * 1e-6, 1)
        if case.get("memory_bound"):
            row["floor"] = round(result["bytes"] / bandwidth * 1e3, 4)
            row["share"] = round(row["floor"] / row["ours"], 3)
        self.add(**row)
        if json.dumps(case["peer"]) in scipy_ms:
            self.add(**(row | {"suite": case["suite"] + "-scipy", "peer": f"SciPy {scipy_version}", "peer_value": round(scipy_ms[json.dumps(case["peer"])], 4)}))

    def dot(self):
        program = pathlib.Path(self.options.seqc).parent / "cpu_dot"
        if not program.exists():
            print("no cpu_dot beside seqc: suite dot left out", file=sys.stderr)
            return
        pattern = "dot/64x128x64/f32/min" if self.options.quick else "dot/(64x64x64|64x128x64|128x256x256|1x256x256)/(f32|f16|bf16)(/transposed)?/min"
        out = json.loads(run([program, f"--benchmark_filter={pattern}", "--benchmark_format=json"]).split("\npeak ")[0])
        for b in out["benchmarks"]:
            name = b["name"].removesuffix("/min_time:0.100").split("/")
            self.add(suite="dot", case=" ".join([name[1]] + name[3:]), dtype=name[2], unit="GFLOP/s", ours=round(b["GFLOP/s"], 2), share=round(b["peak"], 3))

    def overhead(self):
        package = self.package(graphs.pointwise_add(width=4096), "add 1x4096")
        seconds = 0.05 if self.options.quick else 1.0
        for threads in sorted({1, self.options.threads}):
            result = json.loads(run([self.options.seqc, "bench", package, "--shapes=R=1", f"--threads={threads}", f"--min-seconds={seconds}", "--json"]))
            self.add(suite="overhead", case=f"call of an add of 4096 elements, {threads} threads", dtype="f32", unit="us", ours=round(result["median_ms"] * 1e3, 3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seqc", default=str(TOP / "build/bin/seqc"))
    parser.add_argument("--python", default=sys.executable, help="interpreter that has PyTorch, for the peers")
    parser.add_argument("--suite", default=SUITES, help=f"some of {SUITES}")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="few small cases, to see that all works: the numbers mean nothing")
    parser.add_argument("--name", default="cpu", help="writes benchmarks/results/NAME.json")
    parser.add_argument("--out", help="another file")
    options = parser.parse_args()
    suites = options.suite.split(",")
    if unknown := set(suites) - set(SUITES.split(",")):
        parser.error(f"expects suites of {SUITES}, but got {', '.join(sorted(unknown))}")
    chosen = [c for c in cases(options.quick) if c["suite"] in suites]
    peer_ms, peer_version = peers(options.python, [c["peer"] for c in chosen if c["peer"]], options)
    scipy_ms, scipy_version = peers(options.python, [c["peer"] for c in chosen if c.get("scipy")], options, "scipy")
    footprint = (8 << 20) if options.quick else 4 * last_level_cache()
    bandwidth = copy_bandwidth(options.threads, footprint, 3 if options.quick else 20)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        bench.loops, bench.loop_compiler = loop_times([c for c in chosen if "loop" in c], options, folder)
        for case in chosen:
            bench.graph_case(case, peer_ms, peer_version, scipy_ms, scipy_version, bandwidth)
        if "dot" in suites:
            bench.dot()
        if "overhead" in suites:
            bench.overhead()
        if "compile" in suites:
            if not bench.compile_rows:
                bench.package(graphs.attention(), "B1 H8 D64 full")
            if not options.quick:
                bench.package(TOP / "models/gpt/gpt12.mlir", "gpt, 12 layers, code only", emit="object")
            for row in {r["case"]: r for r in bench.compile_rows}.values():
                bench.add(**row)
    machine = {"cpu": cpu_model(), "cores": os.cpu_count(), "threads": options.threads, "last_level_cache_mib": last_level_cache() >> 20,
               "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30), "copy_gb_per_s": round(bandwidth / 1e9, 2),
               "system": f"{platform.system()} {platform.release()}"}
    versions = {"seqc": run([options.seqc, "--version"]).strip(), "python": platform.python_version()}
    if peer_version:
        versions["pytorch"] = peer_version
    if scipy_version:
        versions["scipy"] = scipy_version
    report = {"machine": machine, "versions": versions, "date": datetime.date.today().isoformat(), "commit": git("rev-parse", "HEAD"),
              "dirty": bool(git("status", "--porcelain", "--untracked-files=no")), "quick": options.quick, "rows": bench.rows}
    path = pathlib.Path(options.out) if options.out else TOP / f"benchmarks/results/{options.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    print("wrote", path)


if __name__ == "__main__":
    main()
