# SPDX-License-Identifier: Apache-2.0
"""The table ATen operator -> emitter.

Operators of other namespaces have their full name, as "seqc.long_conv.default". An emitter is `f(c, *args, **kwargs)` with the operator's own arguments: tensors are `Value`s, sizes integers or expressions. `c` is the Context of the
node: `c.b` the builder, `c.shape` and `c.dtype` what torch says about the (first) result, `c.results` all of them. It returns a Value or a tuple of them.
"""

import dataclasses

from .builder import Builder, Value, is_float
from .errors import Unsupported
from .reshape import broadcast_to

EMITTERS = {}


def emitter(*names):
    """Registers an emitter for ATen operators, named as "add.Tensor"."""

    def register(function):
        for name in names:
            assert name not in EMITTERS, name
            EMITTERS[name] = function
        return function

    return register


@dataclasses.dataclass
class Context:
    b: Builder
    results: list  # [(shape, dtype)]
    promoted: object = None  # () -> element type that torch's promotion gives for the node's operands
    used: object = None  # (i) -> whether something reads result i of several

    @property
    def shape(self):
        return self.results[0][0]

    @property
    def dtype(self):
        return self.results[0][1]

    def operand(self, x, dtype=None, shape=None):
        """A tensor or number in an element type (default: the result's), broadcast to a shape (default: the result's)."""
        dtype, shape = dtype or self.dtype, self.shape if shape is None else shape
        if isinstance(x, Value):
            return broadcast_to(self.b, self.b.cast(x, dtype), shape)
        if isinstance(x, (int, float, bool, complex)):
            return self.b.constant(x, shape, dtype)
        if hasattr(x, "free_symbols"):
            return broadcast_to(self.b, scalar(self.b, x, dtype), shape)
        raise Unsupported(f"operand {x}")

    def wide(self, x):
        """16-bit floats as f32: composite operators compute in f32, as torch does."""
        return self.b.cast(x, "f32") if x.dtype in ("f16", "bf16") else x

    def result(self, x):
        """`x` in the element type of the result."""
        return self.b.cast(x, self.dtype)


def scalar(b, expression, dtype):
    """A number that depends on sizes, as a rank-0 tensor."""
    if expression.is_integer:
        return b.scalar_of_size(expression, dtype)
    name = type(expression).__name__
    work = dtype if is_float(dtype) and dtype != "f16" and dtype != "bf16" else "f32"
    if expression.is_Number:
        return b.constant(float(expression), (), dtype)
    if name in ("ToFloat", "Identity"):
        return scalar(b, expression.args[0], dtype)
    parts = [scalar(b, part, work) for part in expression.args] if name != "Pow" else None
    if name in ("FloatTrueDiv", "IntTrueDiv"):
        return b.cast(b.binary("arith.divf", *parts), dtype)
    if name in ("OpaqueUnaryFn_sqrt",):
        return b.cast(b.unary("math.sqrt", parts[0]), dtype)
    if name in ("Add", "Mul"):
        value = parts[0]
        for part in parts[1:]:
            value = b.binary("arith.addf" if name == "Add" else "arith.mulf", value, part)
        return b.cast(value, dtype)
    if name in ("Pow", "FloatPow", "PowByNatural"):
        base, exponent = expression.args
        value = scalar(b, base, work)
        if exponent == -1:
            return b.cast(b.binary("arith.divf", b.constant(1, (), work), value), dtype)
        if exponent == 0.5:
            return b.cast(b.unary("math.sqrt", value), dtype)
        return b.cast(b.binary("math.powf", value, scalar(b, exponent, work)), dtype)
    raise Unsupported(f"number {expression}")
