#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hostile_graphs.py FOLDER: the graphs of hostile-graphs.test."""
import pathlib
import sys

LEAST = -(2**63)


def chain(first, step, count, last):
    return "\n".join([first, *(step.format(n=i, m=i - 1) for i in range(1, count + 1)), last.format(n=count)]) + "\n"


def function(body, result, argument="tensor<?x3xf32> {seq.dims = ['N', 3]}"):
    return f"func.func @main(%x0: {argument}) -> {result} attributes {{seq.export}} {{\n{body}\n}}\n".replace("'", '"')


VECTOR = "tensor<?xf32> {seq.dims = ['N']}"
CONCAT = "  %y = tensor.concat dim({}) %x0, %x0 : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>\n  return %y : tensor<?x3xf32>"
PAD = "  %v = arith.constant 0.0 : f32\n  %y = tensor.pad %x0 low[{}, 2] high[0, 1] {{\n  ^bb0(%i: index, %j: index):\n    tensor.yield %v : f32\n  }} : tensor<?x3xf32> to tensor<?x6xf32>\n  return %y : tensor<?x6xf32>"
BROADCAST = "  %e = tensor.empty() : tensor<4x4x3xf32>\n  %y = linalg.broadcast ins(%x0 : tensor<3xf32>) outs(%e : tensor<4x4x3xf32>) dimensions = [0, 0]\n  return %y : tensor<4x4x3xf32>"
SLICE = "  %y = tensor.extract_slice %x0[{}, 0] [1, 3] [1, 1] : tensor<?x3xf32> to tensor<1x3xf32>\n  return %y : tensor<1x3xf32>"
SIZE = chain("  %c0 = arith.constant 0 : index\n  %n0 = tensor.dim %x0, %c0 : tensor<?xf32>", "  %n{n} = arith.muli %n{m}, %n{m} : index", 40,
             "  %y = seq.iota(%n{n}) {{dim = 0}} : tensor<?xi32>\n  return %y : tensor<?xi32>")

GRAPHS = {
    "concat": function(CONCAT.format(-1), "tensor<?x3xf32>"),
    "concat-least": function(CONCAT.format(LEAST), "tensor<?x3xf32>"),
    "broadcast": function(BROADCAST, "tensor<4x4x3xf32>", "tensor<3xf32>"),
    "pad": function(PAD.format(LEAST), "tensor<?x6xf32>"),
    "slice": function(SLICE.format(LEAST), "tensor<1x3xf32>"),
    "nested": "func.func @main() attributes {a = " + "[" * 100000 + "]" * 100000 + "}",
    "strings": function(f"  // {'(' * 300}\n  return %x0 : tensor<?x3xf32>", "(tensor<?x3xf32> {test.note = '" + "[" * 300 + "'})"),
    "doubled": function(chain("", "  %x{n} = arith.addf %x{m}, %x{m} : tensor<?xf32>", 60, "  return %x{n} : tensor<?xf32>"), "tensor<?xf32>", VECTOR),
    "size": function(SIZE, "tensor<?xi32>", VECTOR),
    "concats": function(chain("", "  %x{n} = tensor.concat dim(0) %x{m}, %x{m} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>", 10, "  return %x{n} : tensor<?xf32>"),
                        "tensor<?xf32>", VECTOR),
}

for name, text in GRAPHS.items():
    (pathlib.Path(sys.argv[1]) / f"{name}.mlir").write_text(text)
