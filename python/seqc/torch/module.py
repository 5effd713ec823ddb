# SPDX-License-Identifier: Apache-2.0
"""The file that an import writes: weights that functions share, and the text of the module."""

import json

from . import symbols
from .builder import type_text
from .errors import ExportError


def _identity(tensor):
    return tensor.data_ptr() or id(tensor), tuple(tensor.shape), tensor.stride(), tensor.dtype


class Weights:
    """Weights of all functions. Tensors with one storage are one global, under the name that comes first. `used`: name -> tensor."""

    def __init__(self):
        self.used, self._names = {}, {}

    def declare(self, tensors):
        """{name: tensor} of a program, in order: fixes the names of tied weights."""
        for name, tensor in tensors.items():
            self._names.setdefault(_identity(tensor), name)

    def use(self, target, tensor):
        """The name of a weight that a function reads."""
        name = self._names.setdefault(_identity(tensor), target)
        if name in self.used and _identity(self.used[name]) != _identity(tensor):
            raise ExportError(f"expects functions to agree on their weights, but got two different ones named {name!r}")
        self.used[name] = tensor
        return name


def module_text(functions, weights, weights_file, locations, dtypes):
    """MLIR text; functions: translators that have run; dtypes: torch type -> element type."""
    lines = [f"module{f' attributes {{seq.weights = {json.dumps(weights_file)}}}' if weights.used else ''} {{"]
    for name, tensor in weights.used.items():
        text = type_text(symbols.shape_of(tensor), dtypes[tensor.dtype])
        lines.append(f"  ml_program.global private @{json.dumps(name)}(#ml_program.extern<{text}>) : {text}")
    for function in functions:
        lines += function_lines(function)
    return locations.definitions() + "\n".join(lines + ["}"]) + "\n"


def function_lines(f):
    """A translator's function: arguments with their dims and names, results with names and states, and the body."""
    arguments = []
    for name, value, dims in zip(f.input_names, f.arguments, f.dims.attributes):
        dims_text = "[" + ", ".join(str(d) if isinstance(d, int) else json.dumps(d) for d in dims) + "]"
        arguments.append(f"{value.name}: {value.type} {{seq.dims = {dims_text}, seq.name = {json.dumps(name)}}}")
    results = []
    for name, value in f.results:
        state = f', seq.state = {json.dumps(f.options.states[name])}' if name in f.options.states else ""
        results.append(f"{value.type} {{seq.name = {json.dumps(name)}{state}}}")
    attributes = ["seq.export"]
    if f.dims.assumptions:
        attributes.append(f"seq.assume = [{', '.join(json.dumps(a) for a in f.dims.assumptions)}]")
    lines = [f"  func.func @{f.options.function}({', '.join(arguments)}) -> ({', '.join(results)}) attributes {{{', '.join(attributes)}}} {{"]
    lines += ["    " + line.replace("\n", "\n    ") for line in f.builder.lines]
    lines.append(f"    return {', '.join(v.name for _, v in f.results)} : {', '.join(v.type for _, v in f.results)}")
    return lines + ["  }"]
