# SPDX-License-Identifier: Apache-2.0
"""The importer's entry point: a torch module or ExportedProgram becomes model.mlir and a safetensors file."""

import dataclasses
import os
import shutil
import subprocess

import torch

from . import safetensors
from .errors import ExportError
from .operators import EMITTERS
from .signature import requested_names
from .translate import DTYPES, Translator


@dataclasses.dataclass
class Options:
    function: str = "main"
    input_names: list = None
    output_names: list = None
    source_root: str = None


@dataclasses.dataclass
class Exported:
    """What was written: paths and sizes. `weights` is None for a model without weights; `checked` tells whether seqc-opt verified the file."""

    path: str
    weights: str
    parameters: int
    checked: bool


def export(model, args=(), *, out, kwargs=None, dynamic_shapes=None, name_dims=None, function="main", input_names=None, output_names=None,
           weights=None, source_root=None, check=True):
    """Imports a module (in eval mode, with example arguments) or an ExportedProgram.

    out: the .mlir file; weights: the safetensors file (default: beside it, same stem). dynamic_shapes: as torch.export takes it; the names of its Dim
    objects become the names in `seq.dims`. name_dims: {input name: {dim: name}}, names for an ExportedProgram or for Dim.AUTO. source_root: directory
    that paths in locations are relative to. check: verify the file with seqc-opt (SEQC_OPT, or on PATH) where there is one.
    Raises UnsupportedError with all operators that cannot be expressed, ExportError for programs with side effects and the like.
    """
    options = Options(function, input_names, output_names, source_root)
    kwargs = kwargs or {}
    program = model if isinstance(model, torch.export.ExportedProgram) else _trace(model, args, kwargs, dynamic_shapes)
    translator = Translator(_functional(program), options)
    spec = None if isinstance(model, torch.export.ExportedProgram) else dynamic_shapes
    translator.run(requested_names(model, args, kwargs, spec, name_dims, translator.input_names))
    out = os.fspath(out)
    weights = os.fspath(weights) if weights else os.path.splitext(out)[0] + ".safetensors"
    relative = os.path.relpath(weights, os.path.dirname(out) or ".").replace(os.sep, "/")
    if translator.weights:
        safetensors.save(weights, {name: to_numpy(tensor) for name, tensor in translator.weights.items()})
    with open(out, "w", encoding="utf-8") as file:
        file.write(translator.module_text(relative))
    count = sum(tensor.numel() for tensor in translator.weights.values())
    return Exported(out, weights if translator.weights else None, count, check and verify(out))


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
