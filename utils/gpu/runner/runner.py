#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks and times the packages of a bundle on this machine's GPU. Needs the NVIDIA driver and Python 3.8; NumPy makes it faster.

    python3 runner.py [--filter RE] [--no-time] [--no-graph] [--no-foreign] [--torch] [--json results.json]

Per case: outputs against the expected ones with the stored tolerances; bits of repeated calls, of calls with host tensors and of CUDA graph replays;
memory around every tensor; the same kernels launched from the manifest alone, as cubin and as PTX, by the driver API and by CuPy where installed.
Besides: the bandwidth of plain copies in device memory, and what a call costs the host above the bare launch of its kernel.
Exit codes: 0 all is well, 5 the device or the driver failed, 6 a result is wrong."""
import argparse
import ctypes as c
import json
import os
import pathlib
import platform
import re
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import arrays  # noqa: E402
import foreign  # noqa: E402
import package as pkg  # noqa: E402

DEVICE_FAILURE, MISMATCH = 5, 6
FLUSH_BYTES = 128 << 20  # more than any second-level cache
GRAPH_LAUNCHES = 20
L2_CACHE_SIZE = 38  # device attribute
OVERHEAD_CALLS, OVERHEAD_ROUNDS = 100, 50  # few enough that the queue of launches does not fill


def machine(rt, ordinal):
    """Facts of GPU, driver and host; raises RuntimeFailure where there is no GPU."""
    info = pkg.abi.DeviceInfo(struct_size=c.sizeof(pkg.abi.DeviceInfo))
    status = rt.device_info(pkg.abi.Device(1, ordinal), c.byref(info))
    if status:
        raise pkg.RuntimeFailure(rt, status)
    return {"gpu": info.name.decode(errors="replace"), "compute_capability": f"{info.compute_major}.{info.compute_minor}",
            "driver_cuda": f"{info.driver_major}.{info.driver_minor}", "multiprocessors": info.multiprocessors, "memory_bytes": info.memory_bytes,
            "host": platform.machine(), "python": platform.python_version(), "numpy": arrays.np.__version__ if arrays.np else None,
            "runtime": rt.version().decode()}


class Runner:
    def __init__(self, options):
        self.options, self.rt = options, pkg.load_runtime(options.runtime)
        self.machine = machine(self.rt, options.device)
        self.target = None
        self.packages, self.foreign, self.results, self.notes = {}, {}, [], []
        self.folder = tempfile.TemporaryDirectory()
        self.driver = None if options.no_graph and options.no_foreign else self._driver()
        self.cupy = self._cupy()

    def _driver(self):
        try:
            return foreign.Driver(self.options.device)
        except (OSError, foreign.DriverError) as error:
            self.notes.append(f"no graphs and no foreign launches: {error}")
            return None

    def _cupy(self):
        if self.options.no_foreign:
            return None
        try:
            import cupy
            cupy.cuda.Device(self.options.device).use()
            return cupy
        except Exception as error:  # whatever an import of CuPy on this machine may raise
            self.notes.append(f"no CuPy: {type(error).__name__}: {error}"[:200])
            return None

    def package(self, name):
        if name not in self.packages:
            self.packages[name] = pkg.Package(self.rt, HERE / name, self.options.device)
        return self.packages[name]

    # One case

    def inputs(self, case):
        loaded = []
        for i, spec in enumerate(case["inputs"]):
            if "file" in spec:
                dtype, shape, data = arrays.read_npy(HERE / spec["file"])
                if arrays.DTYPES[dtype][0] != arrays.DTYPES[spec["dtype"]][0]:
                    raise ValueError(f"{spec['file']}: expects {spec['dtype']}, but got {dtype}")
                loaded.append((spec["dtype"], shape, data))
            else:
                loaded.append((spec["dtype"], tuple(spec["shape"]), arrays.generate(spec["dtype"], spec["shape"], spec["fill"], i)))
        return loaded

    def check(self, case, call, row):
        problems = []
        call.launch()
        first = call.results()
        if not case.get("outputs"):  # large, for timing: equal bits and intact guards only
            call.launch()
            return (["a repeated call gave other bits"] if call.results() != first else []) + call.faults(inputs=False)
        row["used"] = 0.0
        for i, (expected, actual, (dtype, shape)) in enumerate(zip(case["outputs"], first, call.output_specs)):
            file_dtype, file_shape, data = arrays.read_npy(HERE / expected["file"])
            if tuple(file_shape) != tuple(shape):
                problems.append(f"output {i}: expected shape {file_shape}, but got {shape}")
                continue
            ok, text, used = arrays.compare(file_dtype, data, dtype, actual, expected)
            row["used"] = max(row["used"], used)
            if not ok:
                problems.append(f"output {i}: {text}")
        for _ in range(2):
            call.poison()
            call.launch()
            if call.results() != first:
                problems.append("a repeated call gave other bits")
        if call.on_host() != first:
            problems.append("a call with host tensors gave other bits")
        if self.driver and not self.options.no_graph:
            problems += self.check_graph(call, first, row)
        if self.driver and not self.options.no_foreign:
            problems += self.check_foreign(case, call, first, row)
        return problems + call.faults()

    def check_graph(self, call, first, row):
        if not self.driver.has("cuGraphInstantiateWithFlags"):
            return []
        graph = foreign.Graph(self.driver, call.package.stream, call.launch)
        problems = []
        for _ in range(2):
            call.poison()
            graph.launch()
            if call.results() != first:
                problems.append("a replayed CUDA graph gave other bits")
        graph.free()
        row["graph"] = True
        return problems

    def foreign_package(self, case, kind, way, cupy):
        """Kept: loading PTX takes the driver long."""
        key = (case["package"], kind, way)
        if key not in self.foreign:
            folder = tempfile.mkdtemp(dir=self.folder.name)
            self.foreign[key] = foreign.ForeignPackage(self.driver, HERE / case["package"], kind, self.target_of(case), cupy, folder)
        return self.foreign[key]

    def check_foreign(self, case, call, first, row):
        problems, ways = [], [("driver", None)] + ([("cupy", self.cupy)] if self.cupy else [])
        row["foreign"] = []
        for kind in ("cubin", "ptx"):
            for way, cupy in ways:
                other = self.foreign_package(case, kind, way, cupy)
                if not other.usable(case["function"]):
                    continue
                call.poison()
                try:
                    other.run(call, case["function"], self.machine["multiprocessors"])
                    if call.results() != first:
                        problems.append(f"{kind} launched from the manifest by {way} gave other bits")
                    row["foreign"].append(f"{kind}/{way}")
                except (foreign.DriverError, pkg.RuntimeFailure) as error:
                    problems.append(f"{kind} launched from the manifest by {way}: {error}")
        return problems

    def target_of(self, case):
        """The target in the package that this GPU runs; the runtime has chosen the same."""
        sm = self.machine["compute_capability"].replace(".", "")
        names = {key for k in json.loads(self.package(case["package"]).manifest())["kernels"] for key in k if key.startswith("sm_")}
        return next((n for n in (f"sm_{sm}a", f"sm_{sm}") if n in names), None)

    def copy_bandwidth(self, p):
        """GB/s, read and written, of copies on the device of at least four times its second-level cache; measured once, beside the first timed case."""
        if "copy_gb_per_s" not in self.machine:
            size = max(4 * self.driver.attribute(L2_CACHE_SIZE) if self.driver else 0, FLUSH_BYTES)
            buffers, timer = [pkg.Buffer(p, size, fill) for fill in (0, 1)], pkg.Timer(p)
            times = [timer.measure(lambda: p.copy_on_device(buffers[0].address, buffers[1].address, size)) for _ in range(23)][3:]
            timer.free()
            for b in buffers:
                b.free()
            self.machine["copy_gb_per_s"] = round(2 * size / max(statistics.median(times), 1e-3) / 1e3, 1)
            self.machine["copy_bytes"] = size
        return self.machine["copy_gb_per_s"]

    def time_overhead(self, case, call, row):
        """Host microseconds of a call of a one-kernel function, of the bare launch of the same kernel, and the difference. Both go through ctypes."""
        if not self.driver:
            return
        kind = next((k for k in ("cubin", "ptx") if self.foreign_package(case, k, "driver", None).usable(case["function"])), None)
        launches = list(self.foreign_package(case, kind, "driver", None).launches(call, case["function"], self.machine["multiprocessors"])) if kind else []
        if len(launches) != 1:
            raise ValueError(f"expects one launch to measure the overhead of a call, but got {len(launches)}")
        (module, launch), = launches
        ours, bare = call.bare(), module.bare(*launch)
        times = {ours: [], bare: []}
        for _ in range(OVERHEAD_ROUNDS):
            for action in (ours, bare):
                call.package.synchronize()
                start = time.perf_counter()
                failed = [r for r in [action() for _ in range(OVERHEAD_CALLS)] if r]
                times[action].append((time.perf_counter() - start) * 1e6 / OVERHEAD_CALLS)
                if failed:
                    raise ValueError(f"a call failed with {failed[0]}")
        call.package.synchronize()
        row.update(call_us=statistics.median(times[ours]), launch_us=statistics.median(times[bare]))
        row["overhead_us"] = row["call_us"] - row["launch_us"]

    def time(self, case, call, row):
        """Median microseconds. Cold: the second-level cache is overwritten before each run, which also hides the launch. Warm: many launches in one
        CUDA graph, so that the host's time does not count."""
        p, timer, flush, graph, launches, action = call.package, pkg.Timer(call.package), [], None, 1, call.launch
        if case.get("cold"):
            flush = [pkg.Buffer(p, FLUSH_BYTES, fill) for fill in (0, 1)]
        elif self.driver and self.driver.has("cuGraphInstantiateWithFlags"):
            launches = GRAPH_LAUNCHES
            graph = foreign.Graph(self.driver, p.stream, lambda: [call.launch() for _ in range(launches)])
            action = graph.launch
        for _ in range(3):
            action()
        times, start = [], time.monotonic()
        while len(times) < 10 or (time.monotonic() - start < self.options.seconds and len(times) < 1000):
            if flush:
                p.copy_on_device(flush[0].address, flush[1].address, flush[0].size)
            times.append(timer.measure(action) / launches)
        times.sort()
        row.update(us=statistics.median(times), us_min=times[0], us_p90=times[len(times) * 9 // 10], runs=len(times))
        for key, unit, scale in (("bytes", "gb_s", 1e3), ("flops", "tflop_s", 1e6)):
            if case.get(key):
                row[unit] = case[key] / row["us"] / scale
        if "gb_s" in row:
            row["copy_share"] = row["gb_s"] / self.copy_bandwidth(p)
        if case.get("overhead"):
            self.time_overhead(case, call, row)
        if self.options.torch and case.get("torch"):
            self.time_torch(case, call, row, bool(flush))
        timer.free()
        if graph:
            graph.free()
        for b in flush:
            b.free()

    def time_torch(self, case, call, row, cold):
        """The same by PyTorch, on the same values: `torch` of a case is an expression over its inputs by name."""
        try:
            import torch
            row.update(torch_peer(torch, case, call, self.options, cold))
        except Exception as error:  # a peer that cannot run says so; ours counts
            row["torch_error"] = f"{type(error).__name__}: {error}"[:200]

    def run(self, case):
        row = {"name": case["name"], "ok": False, "problems": []}
        self.results.append(row)
        call = None
        try:
            call = pkg.Call(self.package(case["package"]), case["function"], self.inputs(case))
            row["problems"] = self.check(case, call, row)
            if not self.options.no_time and not row["problems"] and case.get("time", False):
                self.time(case, call, row)
        except (pkg.RuntimeFailure, foreign.DriverError, OSError, ValueError, LookupError) as error:
            row["problems"].append(str(error))
            row["failed"] = isinstance(error, (pkg.RuntimeFailure, foreign.DriverError))
        row["ok"] = not row["problems"]
        if call:
            call.free()
        return row

    def close(self):
        for p in (*self.foreign.values(), *self.packages.values()):
            p.free()
        self.folder.cleanup()


def torch_peer(torch, case, call, options, cold):
    types = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "i32": torch.int32, "i64": torch.int64, "i8": torch.int8, "i1": torch.bool}
    device = f"cuda:{options.device}"
    names = {spec["name"]: torch.frombuffer(bytearray(data), dtype=types[dtype]).reshape(shape).to(device)
             for spec, (dtype, shape, data) in zip(case["inputs"], call.host_inputs)}
    code = compile(case["torch"], case["name"], "eval")
    scope = dict(names, torch=torch, F=torch.nn.functional)
    flush = torch.empty(FLUSH_BYTES, dtype=torch.int8, device=device) if cold else None
    result = eval(code, scope)  # the bundle's own text
    for _ in range(3):
        result = eval(code, scope)
    times = []
    for _ in range(50):
        if cold:
            flush.zero_()
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        result = eval(code, scope)
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3)
    ours = torch.frombuffer(bytearray(call.results()[0]), dtype=types[call.output_specs[0][0]]).reshape(call.output_specs[0][1])
    first = result[0] if isinstance(result, (tuple, list)) else result
    difference = (ours.double() - first.cpu().double()).abs().max().item() if ours.numel() else 0.0
    return {"torch_us": statistics.median(times), "torch_difference": difference, "torch": torch.__version__}


def line(row):
    if not row["ok"]:
        return f"{'FAIL':5} {row['name']:60} {'; '.join(row['problems'])[:200]}"
    text = f"{'ok':5} {row['name']:60} {100 * row.get('used', 0):5.1f}% of tolerance"
    if "us" in row:
        text += f"  {row['us']:9.2f} us"
        text += f"  {row['gb_s']:7.0f} GB/s, {100 * row['copy_share']:.0f} % of a copy" if "gb_s" in row else ""
        text += f"  {row['tflop_s']:6.1f} TFLOP/s" if "tflop_s" in row else ""
        text += f"  call {row['call_us']:.2f} us, launch alone {row['launch_us']:.2f} us, overhead {row['overhead_us']:.2f} us" if "overhead_us" in row else ""
        text += f"  torch {row['torch_us']:9.2f} us ({row['torch_us'] / row['us']:.2f}x)" if "torch_us" in row else ""
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", type=int, default=0)
    parser.add_argument("--filter", default="", help="regular expression on the names of cases")
    parser.add_argument("--json", default=os.path.join(os.environ.get("OUT", "."), "results.json"), help="default: results.json in $OUT or here")
    parser.add_argument("--runtime", default=str(HERE / "lib" / "libseqc_rt.so"))
    parser.add_argument("--seconds", type=float, default=0.3, help="of timing per case")
    parser.add_argument("--no-time", action="store_true")
    parser.add_argument("--no-graph", action="store_true")
    parser.add_argument("--no-foreign", action="store_true")
    parser.add_argument("--torch", action="store_true", help="also time PyTorch where a case names a peer")
    parser.add_argument("--quiet", action="store_true", help="print failures and timed cases only")
    options = parser.parse_args()
    cases = json.loads((HERE / "cases.json").read_text())["cases"]
    try:
        runner = Runner(options)
    except (pkg.RuntimeFailure, OSError) as error:
        print(f"runner: {error}", file=sys.stderr)
        return DEVICE_FAILURE
    print(", ".join(f"{k} {v}" for k, v in runner.machine.items()))
    for case in cases:
        if re.search(options.filter, case["name"]):
            row = runner.run(case)
            if not options.quiet or not row["ok"] or "us" in row:
                print(line(row), flush=True)
            if any("can no longer use this GPU" in p for p in row["problems"]):
                print("the remaining cases are not run")
                break
    runner.close()
    failed = [r for r in runner.results if not r["ok"]]
    for note in runner.notes:
        print("note:", note)
    print(f"{len(runner.results)} of {len(cases)} cases run, {len(failed)} failed")
    pathlib.Path(options.json).write_text(json.dumps({"machine": runner.machine, "notes": runner.notes, "results": runner.results}, indent=1))
    return 0 if not failed else DEVICE_FAILURE if any(r.get("failed") for r in failed) else MISMATCH


if __name__ == "__main__":
    sys.exit(main())
