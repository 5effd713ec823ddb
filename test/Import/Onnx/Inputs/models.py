#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models of the import tests.    models.py NAME PATH"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "utils" / "onnx"))
from onnx_writer import *  # noqa: E402,F403


def ramp(name, *shape):
    n = 1
    for d in shape:
        n *= d
    return tensor(name, FLOAT, shape, struct.pack(f"<{n}f", *((i % 13 - 6) / 16 for i in range(n))))


def mlp():
    """x + fc2(gelu(fc1(layernorm(x))))"""
    nodes = [
        node("LayerNormalization", ["x", "gamma", "beta"], ["n"], "norm"),
        node("MatMul", ["n", "w1"], ["h0"], "fc1"),
        node("Add", ["h0", "b1"], ["h1"], "fc1_bias"),
        node("Gelu", ["h1"], ["h2"], "act"),
        node("MatMul", ["h2", "w2"], ["h3"], "fc2"),
        node("Add", ["x", "h3"], ["y"], "residual"),
    ]
    weights = [ramp("gamma", 32), ramp("beta", 32), ramp("w1", 32, 48), ramp("b1", 48), ramp("w2", 48, 32)]
    return model(nodes, [value("x", FLOAT, ["B", "L", 32])], [value("y", FLOAT, ["B", "L", 32])], weights)


def unsupported():
    nodes = [
        node("NonZero", ["x"], ["i"], "find"),
        node("Cast", ["i"], ["i32"], "cast", to=INT32),
        node("Sort", ["x"], ["s"], "sort_a"),
        node("Sort", ["x"], ["t"], "sort_b"),
        node("Frobnicate", ["x"], ["f"], "custom", domain="my.domain"),
        node("Reshape", ["x", "shape"], ["r"], "view"),
        node("Relu", ["x"], ["y"], "fine"),
    ]
    return model(nodes, [value("x", FLOAT, ["B", 4]), value("shape", INT64, [2])], [value("y", FLOAT, ["B", 4])], opsets={"": 17, "my.domain": 3})


def names():
    """Names that are no identifiers, derived and anonymous dims."""
    nodes = [node("Concat", ["past.0", "/x/new:0"], ["all"], axis=1), node("Add", ["all", "mask"], ["present.0"])]
    inputs = [value("past.0", FLOAT, ["batch size", "past", 4]), value("/x/new:0", FLOAT, ["batch size", "now", 4]), value("mask", FLOAT, [None, "past + now", 1])]
    return model(nodes, inputs, [value("present.0", FLOAT, None)])


def shapes():
    """Shape arithmetic: [B, L, 12] to [B, 3, L, 4] as exporters of PyTorch write it, and a position table."""
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"], axis=0),
        node("Gather", ["shape", "one"], ["length"], axis=0),
        node("Unsqueeze", ["batch", "axes0"], ["batch1"]),
        node("Unsqueeze", ["length", "axes0"], ["length1"]),
        node("Concat", ["batch1", "length1", "heads", "minus"], ["split"], axis=0),
        node("Reshape", ["x", "split"], ["x4"]),
        node("Transpose", ["x4"], ["y"], perm=[0, 2, 1, 3]),
        node("Range", ["zero", "length", "one"], ["positions"]),
        node("Gather", ["table", "positions"], ["rows"], axis=0),
        node("Expand", ["rows", "wide"], ["p"]),
        node("Concat", ["one1", "length1", "minus"], ["unused"], axis=0),
    ]
    weights = [tensor("zero", INT64, [], struct.pack("<q", 0)), tensor("one", INT64, [], struct.pack("<q", 1)), ints("axes0", 0), ints("heads", 3), ints("minus", -1),
               ints("wide", 2, 1, 1), ints("one1", 1), ramp("table", 64, 4)]
    return model(nodes, [value("x", FLOAT, ["B", "L", 12])], [value("y", FLOAT, None), value("p", FLOAT, None)], weights)


def agreed():
    """Two dims that have to be equal, and one that has to be 4."""
    nodes = [node("Add", ["x", "y"], ["s"]), node("MatMul", ["s", "w"], ["z"])]
    return model(nodes, [value("x", FLOAT, ["N", "D"]), value("y", FLOAT, ["M", "E"])], [value("z", FLOAT, None)], [ramp("w", 4, 3)])


def branch():
    """If with a known condition, a function with an attribute and an input that is left out."""
    then = graph([node("Squeeze", ["x", "axes"], ["a"])], outputs=[value("a", FLOAT, None)], initializers=[ints("axes", 1)])
    other = graph([node("Identity", ["x"], ["b"])], outputs=[value("b", FLOAT, None)])
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "one"], ["extent"]),
        node("Equal", ["extent", "one"], ["is_one"]),
        node("If", ["is_one"], ["squeezed"], "choose", then_branch=then, else_branch=other),
        node("Scaled", ["squeezed", ""], ["y"], "scaled", domain="local", by=2.5),
    ]
    reference = message((1, "value_float"), (21, "by"), (20, 1))
    constant = message((2, ["k"]), (4, "Constant"), (5, [reference]))
    body = function("local", "Scaled", ["v", "bias"], ["w"], [constant, node("Mul", ["v", "k"], ["m"]), node("Clip", ["m", "bias"], ["w"])], attributes=["by"])
    return model(nodes, [value("x", FLOAT, ["B", 1, 4])], [value("y", FLOAT, ["B", 4])], [tensor("one", INT64, [], struct.pack("<q", 1))],
                 opsets={"": 20, "local": 1}, functions=[body])


NAMES = ["mlp", "unsupported", "names", "shapes", "agreed", "branch"]


def main(name, path):
    pathlib.Path(path).write_bytes(globals()[name]())


if __name__ == "__main__":
    main(*sys.argv[1:])
