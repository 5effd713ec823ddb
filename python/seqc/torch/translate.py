# SPDX-License-Identifier: Apache-2.0
"""Translates the graph of a torch ExportedProgram into the text of a `seq` module."""

import json

import torch

from . import symbols
from .builder import Builder, Value, type_text
from .errors import ExportError, Unsupported
from .operators import EMITTERS
from .registry import Context
from .signature import Dims

DTYPES = {
    torch.float64: "f64",
    torch.float32: "f32",
    torch.float16: "f16",
    torch.bfloat16: "bf16",
    torch.int64: "i64",
    torch.int32: "i32",
    torch.int8: "i8",
    torch.bool: "i1",
    torch.complex64: "complex<f32>",
    torch.complex128: "complex<f64>",
}
# Assertions on sizes; what they state goes into seq.assume where it can be expressed.
ASSERTIONS = {"_assert_scalar.default", "sym_constrain_range_for_size.default", "sym_constrain_range.default", "_assert_tensor_metadata.default"}
INLINE_ELEMENTS = 1  # constants of at most so many elements are written into the text


def operator_name(target):
    """"add.Tensor" for torch.ops.aten.add.Tensor; the full name for other namespaces."""
    name = str(target)
    return name[len("aten.") :] if name.startswith("aten.") else name


def dtype_of(tensor):
    if tensor.dtype not in DTYPES:
        raise Unsupported(f"element type {str(tensor.dtype).removeprefix('torch.')}")
    return DTYPES[tensor.dtype]


def _unique(names):
    """Repeated names get a number."""
    return [name if name not in names[:i] else f"{name}_again{i}" for i, name in enumerate(names)]


class Translator:
    """One function. After `run`: `arguments`, `results` [(name, value)], `dims` and the lines of `builder`; the weights it reads are in `weights`."""

    def __init__(self, program, options, weights, locations):
        self.program, self.options = program, options
        self.weights, self.locations, self.unsupported = weights, locations, []
        self._loaded, self._values = {}, {}
        weights.declare(program.state_dict)
        self._read_signature()

    def _read_signature(self):
        signature = self.program.graph_signature
        changed = list(signature.buffers_to_mutate.values()) + list(signature.user_inputs_to_mutate.values())
        if changed:
            raise ExportError(f"expects a model without side effects, but got one that changes {', '.join(changed)} in place")
        by_name = {node.name: node for node in self.program.graph.nodes if node.op == "placeholder"}
        self._inputs = []
        for spec in signature.input_specs:
            if spec.kind.name == "USER_INPUT" and hasattr(spec.arg, "name") and spec.arg.name in by_name:
                node = by_name[spec.arg.name]
                if not isinstance(node.meta["val"], torch.Tensor):
                    raise ExportError(f"expects tensors as inputs, but got {type(node.meta['val']).__name__} for {node.name!r}")
                self._inputs.append(node)
        self._specs = {spec.arg.name: spec for spec in signature.input_specs if hasattr(spec.arg, "name")}
        self.input_names = list(self.options.input_names or [node.name for node in self._inputs])
        if len(self.input_names) != len(self._inputs):
            raise ExportError(f"expects {len(self._inputs)} input names, but got {len(self.input_names)}")

    def run(self, requested_dims):
        """Translates everything; what cannot be expressed is in `unsupported` afterwards."""
        shapes = [symbols.shape_of(node.meta["val"]) for node in self._inputs]
        self.dims = Dims(shapes, requested_dims)
        self.dims.assume_ranges(self.program.range_constraints)
        arguments = [Value(f"%arg{i}", shape, self._input_dtype(node)) for i, (node, shape) in enumerate(zip(self._inputs, shapes))]
        sources = {symbol: (arguments[i], d, a, b) for symbol, (i, d, a, b) in self.dims.sources.items()}
        self.builder = Builder(sources)
        self._values.update(zip(self._inputs, arguments))
        self.arguments = arguments
        for node in self.program.graph.nodes:
            if node.op == "call_function":
                self._values[node] = self._call(node)
            elif node.op == "output":
                self.results = self._outputs(node)
            elif node.op != "placeholder":
                self._reject(node, str(node.target), f"graph node of kind {node.op}")

    def _input_dtype(self, node):
        try:
            return dtype_of(node.meta["val"])
        except Unsupported as error:
            self._reject(node, f"input {node.name}", str(error))
            return "f32"

    def _reject(self, node, operator, reason):
        self.unsupported.append((operator, reason, node.name, self.locations.place_text(node)))

    # Nodes

    def _call(self, node):
        value, name = node.meta.get("val"), operator_name(node.target)
        if name in ASSERTIONS:
            return self._assertion(node)
        if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool, int, float, bool)) and not isinstance(node.target, torch._ops.HigherOrderOperator):
            return value.node.expr if hasattr(value, "node") else value
        if getattr(node.target, "__name__", "") == "getitem":
            return self._values[node.args[0]][node.args[1]]
        self.builder.location = self.locations.reference(node)
        try:
            return self._emit(node, name, value)
        except Unsupported as error:
            self._reject(node, str(node.target), str(error))
        except Exception as error:
            where = f"{self.locations.place_text(node) or node.name}: {node.target}"
            raise ExportError(f"{where}: the importer failed, which is a bug of it: {type(error).__name__}: {error}") from error
        return self._placeholder_results(value)

    def _emit(self, node, name, value):
        if name not in EMITTERS:
            raise Unsupported("no emitter")
        args, kwargs = self._argument(node.args), {key: self._argument(arg) for key, arg in node.kwargs.items()}
        used = lambda i: any(user.args[1] == i and user.users for user in node.users if getattr(user.target, "__name__", "") == "getitem")  # noqa: E731
        return EMITTERS[name](Context(self.builder, self._result_types(value), lambda: self._promoted(node), used), *args, **kwargs)

    def _result_types(self, value):
        tensors = value if isinstance(value, (tuple, list)) else [value]
        return [(symbols.shape_of(t), dtype_of(t)) for t in tensors if isinstance(t, torch.Tensor)]

    def _promoted(self, node):
        operands = [a.meta["val"] if isinstance(a, torch.fx.Node) else a for a in node.args[:2]]
        return DTYPES[torch.result_type(*operands)]

    def _placeholder_results(self, value):
        """Values of the right types for a node that could not be emitted, so that the rest of the graph is checked too."""
        values = [Value("%unsupported", symbols.shape_of(t), DTYPES.get(t.dtype, "f32")) for t in (value if isinstance(value, (tuple, list)) else [value]) if isinstance(t, torch.Tensor)]
        return tuple(values) if isinstance(value, (tuple, list)) else (values or [None])[0]

    def _argument(self, arg):
        if isinstance(arg, torch.fx.Node):
            return self._weight(arg) if arg.op == "placeholder" and arg not in self._values else self._values[arg]
        if isinstance(arg, (tuple, list)):
            return type(arg)(self._argument(a) for a in arg) if not isinstance(arg, torch.Size) else tuple(arg)
        return arg

    def _assertion(self, node):
        condition = node.args[0]
        value = condition.meta.get("val") if isinstance(condition, torch.fx.Node) else None
        if isinstance(value, torch.SymBool) and not self.dims.assume(value.node.expr):
            self._reject(node, str(node.target), f"condition {value.node.expr}")

    # Weights

    def _weight(self, node):
        """Loads a parameter, buffer or constant; equal storage is one global."""
        spec = self._specs[node.name]
        target = spec.target
        table = self.program.state_dict if target in self.program.state_dict else self.program.constants
        tensor = table[target].detach()
        if tensor.dtype not in DTYPES:
            raise Unsupported(f"weight {target} of element type {tensor.dtype}")
        if tensor.numel() <= INLINE_ELEMENTS and tensor.dim() == 0:
            return self.builder.constant(tensor.item(), (), DTYPES[tensor.dtype])
        if tensor.is_complex():
            return self._complex_weight(target, tensor)
        return self._load(target, tensor)

    def _load(self, target, tensor):
        name = self.weights.use(target, tensor)
        if name not in self._loaded:
            shape, dtype = symbols.shape_of(tensor), DTYPES[tensor.dtype]
            self._loaded[name] = self.builder.emit(f"ml_program.global_load_const @{json.dumps(name)} : {type_text(shape, dtype)}", shape, dtype)
        return self._loaded[name]

    def _complex_weight(self, target, tensor):
        """Stored as real pairs in a last dim of 2, as view_as_real has them."""
        pairs = self._load(target, torch.view_as_real(tensor.resolve_conj()))
        key = f"complex {pairs.name}"
        if key not in self._loaded:
            result = (symbols.shape_of(tensor), DTYPES[tensor.dtype])
            self._loaded[key] = EMITTERS["view_as_complex.default"](Context(self.builder, [result]), pairs)
        return self._loaded[key]

    # Results

    def _outputs(self, node):
        specs, values = self.program.graph_signature.output_specs, []
        for arg, spec in zip(node.args[0], specs):
            if not isinstance(arg, torch.fx.Node) or not isinstance(arg.meta.get("val"), torch.Tensor):
                self._reject(node, "output", f"result {arg} that is no tensor")
                continue
            values.append((self._argument(arg), arg))
        names = self.options.output_names or _unique([arg.name for _, arg in values])
        if len(names) != len(values):
            raise ExportError(f"expects {len(values)} output names, but got {len(names)}")
        for output, state in self.options.states.items():
            if output not in names or state not in self.input_names:
                raise ExportError(f"expects states to be {{output name: input name}}, but got {output!r}: {state!r}")
        return [(name, value) for name, (value, _) in zip(names, values)]
