# SPDX-License-Identifier: Apache-2.0
"""The importer's entry point: a torch module or ExportedProgram becomes model.mlir and a safetensors file."""

import dataclasses
import os
import shutil
import subprocess

import torch

from . import safetensors
from .errors import ExportError, UnsupportedError
from .locations import Locations
from .module import Weights, module_text
from .operators import EMITTERS
from .signature import requested_names
from .translate import DTYPES, Translator


@dataclasses.dataclass
class Options:
    function: str = "main"
    input_names: list = None
    output_names: list = None
    states: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Exported:
    """What was written: paths and sizes. `weights` is None for a model without weights; `checked` tells whether seqc-opt verified the file."""

    path: str
    weights: str
    parameters: int
    checked: bool


def export(model, args=(), *, out, weights=None, source_root=None, check=True, function="main", **call):
    """Imports a module (in eval mode, with example arguments) or an ExportedProgram as the function `function`; `call` are more fields of `Call`.

    out: the .mlir file; weights: the safetensors file (default: beside it, same stem). source_root: directory that paths in locations are relative to.
    check: verify the file with seqc-opt (SEQC_OPT, or on PATH) where there is one.
    Raises UnsupportedError with all operators that cannot be expressed, ExportError for programs with side effects and the like.
    """
    return export_functions({function: Call(model, args, **call)}, out=out, weights=weights, source_root=source_root, check=check)


@dataclasses.dataclass
class Call:
    """One function of an import.

    dynamic_shapes: as torch.export takes it; the names of its Dim objects become the names in `seq.dims`. name_dims: {input name: {dim: name}}, names for
    an ExportedProgram or for Dim.AUTO. states: {output name: input name}, results that are inputs of the next call.
    """

    model: object
    args: tuple = ()
    kwargs: dict = None
    dynamic_shapes: object = None
    name_dims: dict = None
    input_names: list = None
    output_names: list = None
    states: dict = None


def export_functions(calls, *, out, weights=None, source_root=None, check=True):
    """Imports several functions {name: Call} into one module, as `export` does. Weights with one storage are shared, whatever module they come from."""
    shared, locations = Weights(), Locations(source_root, _skipped_sources())
    functions, unsupported = [], []
    for name, call in calls.items():
        functions.append(_function(name, call, shared, locations, unsupported))
    if unsupported:
        raise UnsupportedError(unsupported)
    out = os.fspath(out)
    weights = os.fspath(weights) if weights else os.path.splitext(out)[0] + ".safetensors"
    relative = os.path.relpath(weights, os.path.dirname(out) or ".").replace(os.sep, "/")
    if shared.used:
        safetensors.save(weights, {name: to_numpy(tensor) for name, tensor in shared.used.items()})
    with open(out, "w", encoding="utf-8") as file:
        file.write(module_text(functions, shared, relative, locations, DTYPES))
    count = sum(tensor.numel() for tensor in shared.used.values())
    return Exported(out, weights if shared.used else None, count, check and verify(out))


def _skipped_sources():
    """Folders whose lines are not places in the user's program."""
    return [os.path.dirname(torch.__file__), os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "ops")]


def _function(name, call, shared, locations, unsupported):
    traced = isinstance(call.model, torch.export.ExportedProgram)
    kwargs = call.kwargs or {}
    program = call.model if traced else _trace(call.model, call.args, kwargs, call.dynamic_shapes)
    translator = Translator(_functional(program), Options(name, call.input_names, call.output_names, call.states or {}), shared, locations)
    spec = None if traced else call.dynamic_shapes
    translator.run(requested_names(call.model, call.args, kwargs, spec, call.name_dims, translator.input_names))
    unsupported += translator.unsupported
    return translator


def _trace(model, args, kwargs, dynamic_shapes):
    if model.training and any(True for _ in model.modules()):
        raise ExportError("expects a model in eval mode, but got one in training mode (call .eval() first)")
    with torch.no_grad():
        return torch.export.export(model, tuple(args), kwargs, dynamic_shapes=dynamic_shapes)


def _functional(program):
    """Removes in-place operators, and opens up composite operators that have no emitter of their own; those that have one stay whole."""
    table = torch.export.default_decompositions()
    for name in EMITTERS:
        packet, _, overload = name.partition(".")
        operator = getattr(getattr(torch.ops.aten, packet, None), overload, None)
        if operator is not None and operator in table:
            table.pop(operator)
    with torch.no_grad():
        return program.run_decompositions(table)


def to_numpy(tensor):
    """(MLIR element type, numpy array) of a tensor; bf16 as its bits."""
    tensor = tensor.detach().cpu().contiguous()
    array = tensor.view(torch.int16).numpy().view("<u2") if tensor.dtype == torch.bfloat16 else tensor.numpy()
    return DTYPES[tensor.dtype], array


def verify(path):
    """Parses the file and checks that it is in the closed list of forms. False where no seqc-opt is found."""
    tool = os.environ.get("SEQC_OPT") or shutil.which("seqc-opt")
    if not tool:
        return False
    done = subprocess.run([tool, path, "--seq-verify-graph", "-o", os.devnull], capture_output=True, text=True)
    if done.returncode != 0:
        raise ExportError(f"the importer wrote a module that the compiler rejects; this is a bug of the importer:\n{done.stderr}")
    return True
