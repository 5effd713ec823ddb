#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the chain from PTX to the runner without the compiler: hand-written PTX, its cubin by ptxas, a package made with zipfile, a bundle of it.

    utils/gpu/selftest.py -o FOLDER [--ptxas ptxas]     FOLDER/bundle is a bundle; `python3 FOLDER/bundle/runner.py` runs it

Without ptxas the packages hold PTX alone."""
import argparse
import array
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent

# The lines `// entry` are for the fake driver of runtime/test.
PTX = """.version 8.0
.target sm_90a
.address_size 64
// entry test_add 8 8 8 8
// entry test_scale 8 8 4 4

.visible .entry test_add(.param .u64 .ptr .global .align 4 a, .param .u64 .ptr .global .align 4 b, .param .u64 .ptr .global .align 4 y, .param .u64 n)
.maxntid 128, 1, 1
{
  .reg .pred %p; .reg .b32 %r<2>; .reg .b64 %d<9>; .reg .f32 %f<3>;
  ld.param.u64 %d0, [a]; ld.param.u64 %d1, [b]; ld.param.u64 %d2, [y]; ld.param.u64 %d3, [n];
  mov.u32 %r0, %ctaid.x; mov.u32 %r1, %tid.x; mul.wide.u32 %d4, %r0, 128; cvt.u64.u32 %d5, %r1; add.s64 %d4, %d4, %d5;
  setp.ge.s64 %p, %d4, %d3; @%p bra done;
  shl.b64 %d5, %d4, 2; add.s64 %d6, %d0, %d5; add.s64 %d7, %d1, %d5; add.s64 %d8, %d2, %d5;
  ld.global.f32 %f0, [%d6]; ld.global.f32 %f1, [%d7]; add.rn.f32 %f2, %f0, %f1; st.global.f32 [%d8], %f2;
done: ret;
}

.visible .entry test_scale(.param .u64 .ptr .global .align 4 x, .param .u64 .ptr .global .align 4 y, .param .u32 n, .param .f32 s)
.maxntid 128, 1, 1
{
  .reg .pred %p; .reg .b32 %r<3>; .reg .b64 %d<5>; .reg .f32 %f<3>;
  ld.param.u64 %d0, [x]; ld.param.u64 %d1, [y]; ld.param.u32 %r2, [n]; ld.param.f32 %f0, [s];
  mov.u32 %r0, %ctaid.x; mov.u32 %r1, %tid.x; mad.lo.u32 %r0, %r0, 128, %r1;
  setp.ge.s32 %p, %r0, %r2; @%p bra done;
  mul.wide.u32 %d2, %r0, 4; add.s64 %d3, %d0, %d2; add.s64 %d4, %d1, %d2;
  ld.global.f32 %f1, [%d3]; mul.rn.f32 %f2, %f0, %f1; st.global.f32 [%d4], %f2;
done: ret;
}
"""
SHARED_BYTES = 100_000  # more than a launch may have without asking


def pointer(name, access):
    return {"name": name, "kind": "ptr", "dtype": "f32", "access": access}


def manifest(with_cubin):
    def code(entry, params, shared):
        cubin = {"cubin": "kernels/test.cubin", "registers": 12, "spill_bytes": 0} if with_cubin else {}
        return dict({"entry": entry, "ptx": "kernels/test.ptx", "ptx_version": "8.0", "params": params, "block": [128, 1, 1], "shared_bytes": shared},
                    **cubin)
    grid, index = [["ceildiv", "N", 128]], {"name": "N", "kind": "index"}
    size = ["mul", "B", 6]
    return {
        "schema": 1, "producer": {"name": "selftest"},
        "kernels": [
            {"name": "add", "params": [pointer("a", "read"), pointer("b", "read"), pointer("y", "write"), index], "grid": grid,
             "sm_90a": code("test_add", ["ptr", "ptr", "ptr", "i64"], 0)},
            {"name": "scale", "params": [pointer("x", "read"), pointer("y", "write"), index, {"name": "s", "kind": "scalar", "dtype": "f32"}],
             "grid": grid, "sm_90a": code("test_scale", ["ptr", "ptr", "i32", "f32"], SHARED_BYTES)}],
        "functions": [{
            "name": "main", "dims": ["B"], "inputs": [{"name": n, "dtype": "f32", "shape": ["B", 6]} for n in ("x", "z")],
            "outputs": [{"name": "y", "dtype": "f32", "shape": ["B", 6]}], "workspace_bytes": ["mul", ["ceildiv", ["mul", "B", 24], 64], 64],
            "launches": [[{"guard": 1, "kernel": 0, "args": [{"input": 0}, {"input": 1}, {"workspace": 0}, {"expr": size}]}],
                         [{"guard": 1, "kernel": 1, "args": [{"workspace": 0}, {"output": 0}, {"expr": size}, {"value": 0.5}]}]]}, {
            "name": "sum", "dims": ["B"], "inputs": [{"name": n, "dtype": "f32", "shape": ["B", 6]} for n in ("x", "z")],
            "outputs": [{"name": "y", "dtype": "f32", "shape": ["B", 6]}], "workspace_bytes": 0,
            "launches": [[{"guard": 1, "kernel": 0, "args": [{"input": 0}, {"input": 1}, {"output": 0}, {"expr": size}]}]]}],
    }


def write_package(path, text, members):
    text["files"] = {n: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in members.items()}
    members = dict(members, **{"seqc.json": json.dumps(text, sort_keys=True).encode()})
    with zipfile.ZipFile(path, "w") as file:
        for name in sorted(members):
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), members[name])


def write_npy(path, shape, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.array("f", values).tobytes())


def assemble(ptxas, folder):
    (folder / "test.ptx").write_text(PTX)
    subprocess.run([ptxas, "-arch=sm_90a", "-O3", str(folder / "test.ptx"), "-o", str(folder / "test.cubin")], check=True)
    return (folder / "test.cubin").read_bytes()


def make_cases(folder, ptxas):
    kinds = {"ptx": {"kernels/test.ptx": PTX.encode()}}
    if ptxas:
        kinds["cubin"] = dict(kinds["ptx"], **{"kernels/test.cubin": assemble(ptxas, folder)})
    cases = []
    for kind, members in kinds.items():
        write_package(folder / f"{kind}.seqc", manifest(kind == "cubin"), members)
        for rows in (0, 1, 3, 21, 22, 1000):
            x, z = [i * 0.25 for i in range(rows * 6)], [100.0 - i for i in range(rows * 6)]
            for name, values in (("x", x), ("z", z), ("y", [0.5 * (a + b) for a, b in zip(x, z)])):
                write_npy(folder / f"{name}{rows}.npy", (rows, 6), values)
            cases.append({"name": f"selftest/{kind}/B={rows}", "package": f"{kind}.seqc", "function": "main", "time": rows == 1000,
                          "inputs": [{"name": n, "dtype": "f32", "file": f"{n}{rows}.npy"} for n in ("x", "z")],
                          "outputs": [{"dtype": "f32", "file": f"y{rows}.npy", "relative": 0}], "bytes": 5 * 24 * rows, "torch": "(x + z) * 0.5"})
        cases.append({"name": f"selftest/{kind}/large", "package": f"{kind}.seqc", "function": "main", "time": True, "cold": True, "bytes": 5 * 24 * (4 << 20),
                      "inputs": [{"name": n, "dtype": "f32", "shape": [4 << 20, 6], "fill": {"kind": "uniform", "scale": 1.0}} for n in ("x", "z")],
                      "torch": "(x + z) * 0.5"})
        cases.append({"name": f"selftest/{kind}/overhead", "package": f"{kind}.seqc", "function": "sum", "time": True, "overhead": True,
                      "inputs": [{"name": n, "dtype": "f32", "shape": [1, 6], "fill": {"kind": "uniform", "scale": 1.0}} for n in ("x", "z")]})
    (folder / "cases.json").write_text(json.dumps(cases))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", required=True)
    parser.add_argument("--ptxas", default=os.environ.get("SEQC_PTXAS") or shutil.which("ptxas"))
    parser.add_argument("--runtime", help="default: as bundle.py")
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    cases = out / "cases"
    cases.mkdir(parents=True, exist_ok=True)
    make_cases(cases, options.ptxas)
    command = [sys.executable, str(HERE / "bundle.py"), "-o", str(out / "bundle"), "--only-extra", "--extra", str(cases / "cases.json")]
    return subprocess.run(command + (["--runtime", options.runtime] if options.runtime else [])).returncode


if __name__ == "__main__":
    sys.exit(main())
