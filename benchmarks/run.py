#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU benchmarks: compiles each case with --cpu=native, times it through the runtime beside the installed peers, writes JSON.

  benchmarks/run.py --seqc build/bin/seqc [--suite attention,norm,model,compile] [--threads 2] [--out benchmarks/results/cpu.json]

Rows: {suite, op, case, dtype, unit, ours, peer, peer_value, floor}. Peers: PyTorch (CPU) if it can be imported by --python, in the same run.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent

ATTENTION = """
func.func @main(%q: tensor<{b}x{h}x?x{d}xf32> {{seq.dims = [{b}, {h}, "L", {d}], seq.name = "q"}},
                %k: tensor<{b}x{h}x?x{d}xf32> {{seq.dims = [{b}, {h}, "L", {d}], seq.name = "k"}},
                %v: tensor<{b}x{h}x?x{d}xf32> {{seq.dims = [{b}, {h}, "L", {d}], seq.name = "v"}}) -> tensor<{b}x{h}x?x{d}xf32> attributes {{seq.export}} {{
  %o = seq.attention %q, %k, %v {{causal = "{causal}"}} : tensor<{b}x{h}x?x{d}xf32>, tensor<{b}x{h}x?x{d}xf32>, tensor<{b}x{h}x?x{d}xf32> -> tensor<{b}x{h}x?x{d}xf32>
  return %o : tensor<{b}x{h}x?x{d}xf32>
}}
"""

LAYERNORM = """
func.func @main(%x: tensor<?x{d}xf32> {{seq.dims = ["R", {d}], seq.name = "x"}}, %r: tensor<?x{d}xf32> {{seq.dims = ["R", {d}], seq.name = "r"}},
                %g: tensor<{d}xf32> {{seq.name = "g"}}, %bt: tensor<{d}xf32> {{seq.name = "b"}}) -> (tensor<?x{d}xf32>, tensor<?x{d}xf32>) attributes {{seq.export}} {{
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x{d}xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %inv = arith.constant dense<{inv}> : tensor<f32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %e1 = tensor.empty(%n) : tensor<?xf32>
  %e2 = tensor.empty(%n) : tensor<?x{d}xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e1 : tensor<?xf32>) dimensions = [0]
  %invr = linalg.broadcast ins(%inv : tensor<f32>) outs(%e1 : tensor<?xf32>) dimensions = [0]
  %epsr = linalg.broadcast ins(%eps : tensor<f32>) outs(%e1 : tensor<?xf32>) dimensions = [0]
  %s = arith.addf %x, %r : tensor<?x{d}xf32>
  %sum = linalg.reduce ins(%s : tensor<?x{d}xf32>) outs(%z : tensor<?xf32>) dimensions = [1] (%a: f32, %b: f32) {{ %t = arith.addf %a, %b : f32 linalg.yield %t : f32 }}
  %mu = arith.mulf %sum, %invr : tensor<?xf32>
  %mub = linalg.broadcast ins(%mu : tensor<?xf32>) outs(%e2 : tensor<?x{d}xf32>) dimensions = [1]
  %c = arith.subf %s, %mub : tensor<?x{d}xf32>
  %cc = arith.mulf %c, %c : tensor<?x{d}xf32>
  %ss = linalg.reduce ins(%cc : tensor<?x{d}xf32>) outs(%z : tensor<?xf32>) dimensions = [1] (%a: f32, %b: f32) {{ %t = arith.addf %a, %b : f32 linalg.yield %t : f32 }}
  %var = arith.mulf %ss, %invr : tensor<?xf32>
  %ve = arith.addf %var, %epsr : tensor<?xf32>
  %rs = math.rsqrt %ve : tensor<?xf32>
  %rsb = linalg.broadcast ins(%rs : tensor<?xf32>) outs(%e2 : tensor<?x{d}xf32>) dimensions = [1]
  %gb = linalg.broadcast ins(%g : tensor<{d}xf32>) outs(%e2 : tensor<?x{d}xf32>) dimensions = [0]
  %bb = linalg.broadcast ins(%bt : tensor<{d}xf32>) outs(%e2 : tensor<?x{d}xf32>) dimensions = [0]
  %y0 = arith.mulf %c, %rsb : tensor<?x{d}xf32>
  %y1 = arith.mulf %y0, %gb : tensor<?x{d}xf32>
  %y = arith.addf %y1, %bb : tensor<?x{d}xf32>
  return %y, %s : tensor<?x{d}xf32>, tensor<?x{d}xf32>
}}
"""

GELU = """
func.func @main(%x: tensor<?x1024xf32> {seq.dims = ["R", 1024], seq.name = "x"}) -> tensor<?x1024xf32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x1024xf32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %isq = arith.constant dense<0.70710678118654752> : tensor<f32>
  %e = tensor.empty(%n) : tensor<?x1024xf32>
  %h = linalg.broadcast ins(%half : tensor<f32>) outs(%e : tensor<?x1024xf32>) dimensions = [0, 1]
  %o = linalg.broadcast ins(%one : tensor<f32>) outs(%e : tensor<?x1024xf32>) dimensions = [0, 1]
  %q = linalg.broadcast ins(%isq : tensor<f32>) outs(%e : tensor<?x1024xf32>) dimensions = [0, 1]
  %a = arith.mulf %x, %q : tensor<?x1024xf32>
  %b = math.erf %a : tensor<?x1024xf32>
  %c = arith.addf %b, %o : tensor<?x1024xf32>
  %d = arith.mulf %x, %h : tensor<?x1024xf32>
  %y = arith.mulf %d, %c : tensor<?x1024xf32>
  return %y : tensor<?x1024xf32>
}
"""


def cases():
    """(suite, op, case name, MLIR text or path, shapes, peer key, bytes moved)"""
    for causal in ("none", "bottom_right"):
        for length in (256, 1024, 2048, 4096):
            text = ATTENTION.format(b=1, h=8, d=64, causal=causal)
            yield "attention", "attention", f"B1 H8 L{length} D64 {'causal' if causal != 'none' else 'full'}", text, f"L={length}", \
                ("attention", 1, 8, length, 64, causal != "none"), None
    for rows, d in ((65536, 768), (16384, 1024)):
        yield "norm", "residual_layernorm", f"R{rows} D{d}", LAYERNORM.format(d=d, inv=repr(1.0 / d)), f"R={rows}", ("residual_layernorm", rows, d), 4 * rows * d * 4
    yield "norm", "gelu", "R32768 D1024", GELU, "R=32768", ("gelu", 32768, 1024), 2 * 32768 * 1024 * 4
    digits = TOP / "models/digits/model.mlir"
    if digits.exists():
        for batch in (1, 64, 256):
            yield "model", "digits", f"B{batch}", digits, f"B={batch}", ("digits", batch), None


def run(command, **kw):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **kw)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr[-800:]}")
    return done.stdout


def copy_bandwidth(threads):
    """Bytes read + written per second by `threads` processes copying 256 MiB each with memcpy (NumPy)."""
    code = ("import numpy as np, time\na = np.ones(1 << 26, np.float32); b = np.empty_like(a); b[:] = a\n"
            "best = 1e9\nfor _ in range(12):\n    t = time.perf_counter(); np.copyto(b, a); best = min(best, time.perf_counter() - t)\nprint(2 * a.nbytes / best)")
    procs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(threads)]
    return sum(float(p.communicate()[0]) for p in procs)


def peers(python, keys, threads):
    """Median milliseconds of PyTorch per key; empty if PyTorch is not installed."""
    script = TOP / "benchmarks/peers/torch_cpu.py"
    if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode != 0:
        return {}, None
    out = run([python, script, "--threads", threads, "--cases", json.dumps(keys)])
    data = json.loads(out.strip().splitlines()[-1])
    return {json.dumps(k): v for k, v in zip(keys, data["median_ms"])}, data["version"]


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seqc", default=str(TOP / "build/bin/seqc"))
    parser.add_argument("--python", default=sys.executable, help="interpreter that has PyTorch, for the peers")
    parser.add_argument("--suite", default="attention,norm,model,compile")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", default=str(TOP / "benchmarks/results/cpu.json"))
    arguments = parser.parse_args()
    suites = arguments.suite.split(",")
    chosen = [c for c in cases() if c[0] in suites]
    peer_ms, peer_version = peers(arguments.python, [c[5] for c in chosen], arguments.threads)
    bandwidth = copy_bandwidth(arguments.threads)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for suite, op, name, text, shapes, key, moved in chosen:
            source = pathlib.Path(folder) / "case.mlir"
            package = pathlib.Path(folder) / "case.seqc"
            if isinstance(text, pathlib.Path):
                source = text
            else:
                source.write_text(text)
            start = time.perf_counter()
            run([arguments.seqc, "compile", source, "-o", package, "--cpu=native"])
            seconds = time.perf_counter() - start
            result = json.loads(run([arguments.seqc, "bench", package, f"--shapes={shapes}", f"--threads={arguments.threads}", "--json"]))
            row = {"suite": suite, "op": op, "case": name, "dtype": "f32", "unit": "ms", "ours": round(result["median_ms"], 4),
                   "compile_s": round(seconds, 3)}
            if json.dumps(key) in peer_ms:
                row |= {"peer": f"PyTorch {peer_version}", "peer_value": round(peer_ms[json.dumps(key)], 4)}
            if moved:
                row["floor"] = round(moved / bandwidth * 1e3, 4)
            rows.append(row)
            print(json.dumps(row), flush=True)
    report = {"machine": {"cpu": cpu_model(), "threads": arguments.threads, "copy_gbytes_per_s": round(bandwidth / 1e9, 2)},
              "date": datetime.date.today().isoformat(), "rows": rows}
    path = pathlib.Path(arguments.out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    print("wrote", os.path.relpath(path))


if __name__ == "__main__":
    main()
