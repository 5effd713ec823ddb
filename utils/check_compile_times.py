#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limits on the time of compilation: one kernel of every scheme and float type takes at most --kernel-limit seconds (best of --runs), every model of models/ at
most --model-limit seconds. For --targets=sm_90a with ptxas the limit of a kernel is --gpu-kernel-limit. Seconds are processor time on a machine that compiles the C file of `reference_source` in REFERENCE_SECONDS; that file is compiled
beside every run, and the run's time is divided by how much slower it was, because a shared machine changes its speed by half from second to second.
Prints a table; exit 1 if a limit is exceeded or a graph is not one kernel."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "benchmarks"))
import graphs  # noqa: E402

KERNELS = {
    "attention": graphs.attention,
    "attention causal": lambda dtype: graphs.attention(causal="bottom_right", dtype=dtype),
    "attention D128": lambda dtype: graphs.attention(width=128, dtype=dtype),
    "matmul": lambda dtype: graphs.matmul(epilogue=False, dtype=dtype),
    "matmul bias gelu": graphs.matmul,
    "residual layernorm": graphs.residual_layernorm,
    "softmax": graphs.softmax,
    "gelu": graphs.gelu,
    "add": graphs.pointwise_add,
    "gather": graphs.gather,
    "transpose": graphs.transpose,
}
DTYPES = ("f32", "f16", "bf16", "f64")

REFERENCE_SECONDS = 0.12  # of clang 22 -O2 on the file below, on an idle core of an AMD EPYC at about 3 GHz


def reference_source():
    """Twenty loops with divisions and indirect loads: about as long to compile as a small kernel."""
    loop = "s += x[i] * x[(i * {a}) % n]; if (s > {b}) s -= x[i] / (1 + s * s);"
    body = "double f{b}(double *x, int n) {{ double s = {b}; for (int i = 0; i < n; ++i) {{ " + loop + " }} return s; }}"
    return "\n".join(body.format(a=i + 3, b=i) for i in range(20))


def processor_time(command):
    """Processor seconds (user and system) of one run, its exit code and what it said."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return usage.ru_utime + usage.ru_stime, process.returncode, said.read()


class Clock:
    """Seconds of commands on the reference machine."""

    def __init__(self, folder):
        source, output = pathlib.Path(folder) / "reference.c", pathlib.Path(folder) / "reference.o"
        source.write_text(reference_source())
        self.reference = [shutil.which("clang-22") or shutil.which("clang"), "-O2", "-c", source, "-o", output]

    def slowness(self):
        seconds, code, message = processor_time(self.reference)
        if code:
            sys.exit(f"the reference file does not compile: {message}")
        return max(1.0, seconds / REFERENCE_SECONDS)

    def best(self, command, runs, limit):
        """Least seconds of `runs` runs, of up to four times as many while `limit` is exceeded; the last exit code and what it said."""
        best = float("inf")
        for run in range(4 * runs):
            if run >= runs and best <= limit:
                break
            slowness = self.slowness()
            seconds, code, message = processor_time(command)
            best = min(best, seconds / slowness)
            if code:
                return best, code, message
        return best, 0, ""


SLOW = {("sm_90a", name, "f64"): 1.6 for name in KERNELS if name.startswith("attention")}  # tiles that barely fit in registers: ptxas takes its time


def check_kernels(options, clock, folder, target, usual, runs):
    """One table; returns what is wrong."""
    source, package, failures, dtypes = pathlib.Path(folder) / "k.mlir", pathlib.Path(folder) / "k.seqc", [], options.dtypes.split(",")
    print(f"{target + ', seconds':24}" + "".join(f"{d:>8}" for d in dtypes))
    for name in options.kernels.split(","):
        cells = []
        for dtype in dtypes:
            source.write_text(KERNELS[name](dtype=dtype))
            limit = SLOW.get((target, name, dtype), usual)
            seconds, code, message = clock.best([options.seqc, "compile", source, f"--target={target}", "-o", package], runs, limit)
            cells.append("-" if code else f"{seconds:.2f}")
            if code:
                failures.append(f"{target} {name} {dtype}: expects exit code 0, but got {code}: {message}")
                continue
            manifest = json.loads(subprocess.run([options.seqc, "inspect", package, "--json"], check=True, capture_output=True).stdout)
            if len(manifest["kernels"]) != 1:
                failures.append(f"{target} {name} {dtype}: expects one kernel, but got {len(manifest['kernels'])}")
            if target != "cpu" and "cubin" not in manifest["kernels"][0][target]:
                failures.append(f"{target} {name} {dtype}: expects a cubin, but got none: SEQC_PTXAS does not name an assembler, and none is on PATH")
            if seconds > limit:
                failures.append(f"{target} {name} {dtype}: expects at most {limit} s, but got {seconds:.2f} s")
        print(f"{name:24}" + "".join(f"{c:>8}" for c in cells), flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seqc", default=str(TOP / "build/bin/seqc"))
    parser.add_argument("--kernel-limit", type=float, default=0.5)
    parser.add_argument("--gpu-kernel-limit", type=float, default=1.0)
    parser.add_argument("--model-limit", type=float, default=10.0)
    parser.add_argument("--kernels", default=",".join(KERNELS), help="some of the table")
    parser.add_argument("--dtypes", default=",".join(DTYPES))
    parser.add_argument("--targets", default="cpu,sm_90a")
    parser.add_argument("--runs", type=int, default=2, help="for the CPU; GPU kernels are compiled once, again where that was too slow")
    options = parser.parse_args()
    failures, limits = [], {"cpu": options.kernel_limit, "sm_90a": options.gpu_kernel_limit}
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(folder)
        for target in options.targets.split(","):
            failures += check_kernels(options, clock, folder, target, limits[target], options.runs if target == "cpu" else 1)
        for model in sorted((TOP / "models").glob("*/*.mlir")):
            output = pathlib.Path(folder) / "k.so"  # no weights are read
            seconds, code, message = clock.best([options.seqc, "compile", model, "--emit=object", "-o", output], 1, options.model_limit)
            print(f"{model.relative_to(TOP / 'models')!s:24}{seconds:8.2f}", flush=True)
            if code:
                failures.append(f"{model}: exit code {code}: {message}")
            elif seconds > options.model_limit:
                failures.append(f"{model}: expects at most {options.model_limit} s, but got {seconds:.2f} s")
    print("\n".join(failures) if failures else "compile times: ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
