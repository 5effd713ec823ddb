#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile models: writes each into FOLDER, imports it, prints exit code and message.    damaged.py FOLDER"""
import os
import pathlib
import struct
import subprocess
import sys

import models
from models import *  # noqa: F403

X, Y = value("x", FLOAT, ["B", 4]), value("y", FLOAT, ["B", 4])
RELU = [node("Relu", ["x"], ["y"], "n")]


def simple(nodes=RELU, inputs=(X,), outputs=(Y,), initializers=(), **options):
    return model(nodes, inputs, outputs, initializers, **options)


def weight(**parts):
    """y = x + w with a weight of any kind."""
    parts = {"name": "w", "dtype": FLOAT, "dims": [4], "data": b"\0" * 16, **parts}
    name, dtype, dims, data = (parts.pop(k) for k in ("name", "dtype", "dims", "data"))
    return simple([node("Add", ["x", "w"], ["y"], "n")], initializers=[tensor(name, dtype, dims, data, **parts)])


def external(location, **more):
    return weight(data=None, external={"location": location, **more})


def recursion():
    body = function("local", "F", ["v"], ["w"], [node("F", ["v"], ["w"], domain="local")])
    return simple([node("F", ["x"], ["y"], domain="local")], opsets={"": 20, "local": 1}, functions=[body])


def bomb():
    """Functions that call the next one ten times each: 10^8 nodes."""
    functions = [function("local", f"F{i}", ["v"], ["w"], [node(f"F{i + 1}", ["v"], ["w" if k == 9 else f"t{k}"], domain="local") for k in range(10)]) for i in range(8)]
    functions.append(function("local", "F8", ["v"], ["w"], [node("Relu", ["v"], ["w"])]))
    return simple([node("F0", ["x"], ["y"], domain="local")], opsets={"": 20, "local": 1}, functions=functions)


CASES = {
    "empty": b"",
    "text": b"this is not a model\n",
    "truncated": models.mlp()[:-100],
    "garbage-tail": models.mlp() + b"\xff\xff\xff",
    "no-graph": message((1, 9), (8, [opset_id("", 20)])),
    "no-opset": model(RELU, [X], [Y], opsets={"other": 1}),
    "old-opset": simple(opset=12),
    "new-opset": simple(opset=99),
    "negative-opset": simple(opset=-1),
    "no-outputs": simple(outputs=()),
    "output-not-computed": simple(outputs=[value("z", FLOAT, ["B", 4])]),
    "output-of-another-type": simple(outputs=[value("y", INT64, ["B", 4])]),
    "output-of-another-rank": simple(outputs=[value("y", FLOAT, ["B"])]),
    "output-of-another-size": simple(outputs=[value("y", FLOAT, ["B", 5])]),
    "input-not-computed": simple([node("Add", ["x", "later"], ["y"], "n")]),
    "order": simple([node("Relu", ["a"], ["y"], "second"), node("Relu", ["x"], ["a"], "first")]),
    "twice": simple([node("Relu", ["x"], ["y"], "n"), node("Neg", ["x"], ["y"], "m")]),
    "input-without-rank": simple(inputs=[value("x", FLOAT, None)]),
    "input-of-strings": simple(inputs=[value("x", STRING, ["B"])]),
    "input-of-unknown-size": simple(inputs=[value("x", FLOAT, [-5, 4])]),
    "input-too-large": simple(inputs=[value("x", FLOAT, [1 << 40, 1 << 40])], outputs=[value("y", FLOAT, None)]),
    "rank-100": simple(inputs=[value("x", FLOAT, [1] * 100)]),
    "missing-input": simple([node("Add", ["x"], ["y"], "n")]),
    "shapes-do-not-fit": simple([node("Add", ["x", "w"], ["y"], "n")], initializers=[ramp("w", 3)]),
    "types-do-not-fit": simple([node("Add", ["x", "w"], ["y"], "n")], initializers=[ints("w", 1, 2, 3, 4)]),
    "bad-axis": simple([node("Softmax", ["x"], ["y"], "n", axis=7)]),
    "bad-permutation": simple([node("Transpose", ["x"], ["y"], "n", perm=[0, 0])]),
    "attribute-of-another-kind": simple([node("Softmax", ["x"], ["y"], "n", axis="last")]),
    "bad-reshape": simple([node("Reshape", ["x", "s"], ["y"], "n")], inputs=[value("x", FLOAT, [2, 4])], initializers=[ints("s", 3, -1)]),
    "two-inferred": simple([node("Reshape", ["x", "s"], ["y"], "n")], initializers=[ints("s", -1, -1)]),
    "zero-step": simple([node("Slice", ["x", "a", "b", "a", "a"], ["y"], "n")], initializers=[ints("a", 0), ints("b", 1)]),
    "range-overflow": simple([node("Range", ["a", "b", "c"], ["y"], "n")], initializers=[tensor(k, INT64, [], struct.pack("<q", v)) for k, v in (("a", -(1 << 63)), ("b", (1 << 63) - 1), ("c", 1))]),
    "expand-too-large": simple([node("Expand", ["x", "s"], ["y"], "n")], initializers=[ints("s", 1 << 62, 1 << 62, 1, 4)], outputs=[value("y", FLOAT, None)]),
    "heads-0": simple([node("Attention", ["x", "x", "x"], ["y"], "n", q_num_heads=0, kv_num_heads=0)], inputs=[value("x", FLOAT, [1, 2, 4])], opset=23),
    "weight-too-short": weight(data=b"\0" * 12),
    "weight-too-long": weight(data=b"\0" * 20),
    "weight-without-data": weight(data=None),
    "weight-of-negative-dims": weight(dims=[-4]),
    "weight-of-huge-dims": weight(dims=[1 << 32, 1 << 32]),
    "weight-of-rank-100": weight(dims=[1] * 100, data=b"\0" * 4),
    "weight-of-strings": weight(dtype=STRING),
    "weight-of-unknown-type": weight(dtype=77),
    "bools-of-2": weight(dtype=BOOL, data=b"\0\1\2\0"),
    "external-absolute": external("/etc/passwd"),
    "external-parent": external("../secret.bin"),
    "external-hidden-parent": external("sub/../../secret.bin"),
    "external-link": external("link.bin"),
    "external-folder": external("sub"),
    "external-missing": external("nothing.bin"),
    "external-device": external("device"),
    "external-too-short": external("short.bin"),
    "external-offset": external("good.bin", offset=8),
    "external-offset-overflow": external("good.bin", offset=(1 << 64) - 8),
    "external-bad-offset": external("good.bin", offset="-1"),
    "external-bad-length": external("good.bin", length=12),
    "external-nul": external("good.bin\0/../x"),
    "external-empty": external(""),
    "recursion": recursion(),
    "bomb": bomb(),
    "branch-without-outputs": simple([node("If", ["c"], ["y"], "n", then_branch=graph([]), else_branch=graph([]))], initializers=[tensor("c", BOOL, [], b"\1")]),
    "external-good": external("good.bin", length=16, offset=16),
}


def nested(levels):
    inner = graph([node("Relu", ["x"], ["r"])], outputs=[value("r", FLOAT, None)])
    for _ in range(levels):
        inner = graph([node("If", ["c"], ["r"], then_branch=inner)], outputs=[value("r", FLOAT, None)])
    return inner


CASES["deep-branches"] = simple([node("If", ["c"], ["y"], "n", then_branch=nested(40))], initializers=[tensor("c", BOOL, [], b"\1")])
CASES["branches"] = simple([node("If", ["c"], ["y"], "n", then_branch=nested(5))], initializers=[tensor("c", BOOL, [], b"\1")])


def main(folder):
    folder = pathlib.Path(folder)
    (folder / "m" / "sub").mkdir(parents=True)
    (folder / "secret.bin").write_bytes(b"\0" * 16)
    (folder / "m" / "good.bin").write_bytes(bytes(32))
    (folder / "m" / "short.bin").write_bytes(b"\0" * 15)
    os.symlink("../secret.bin", folder / "m" / "link.bin")
    os.symlink("/dev/zero", folder / "m" / "device")
    for name, data in CASES.items():
        path = folder / "m" / f"{name}.onnx"
        path.write_bytes(data)
        done = subprocess.run(["seqc", "import", "--check", path], capture_output=True, text=True, timeout=60)
        lines = (done.stderr or done.stdout).replace(str(path), "M").replace(str(folder), "F").replace("\0", "?").splitlines()
        print(f"{name}: exit {done.returncode}: " + " / ".join(line for line in lines if line))


if __name__ == "__main__":
    main(*sys.argv[1:])
