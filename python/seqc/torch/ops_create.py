# SPDX-License-Identifier: Apache-2.0
"""Tensors made from nothing, and triangles."""

from .builder import is_float
from .errors import Unsupported
from .registry import emitter


@emitter("full.default", "full_like.default", "new_full.default", "scalar_tensor.default")
def _full(c, *args, fill_value=None, **kwargs):
    value = args[-1] if fill_value is None else fill_value
    return c.operand(value)


@emitter("fill.Scalar", "fill.Tensor")
def _fill(c, x, value):
    return c.operand(value)


@emitter("zeros.default", "zeros_like.default", "new_zeros.default", "zero.default")
def _zeros(c, *args, **kwargs):
    return c.operand(0)


@emitter("ones.default", "ones_like.default", "new_ones.default")
def _ones(c, *args, **kwargs):
    return c.operand(1)


@emitter("arange.default", "arange.start", "arange.start_step")
def _arange(c, *bounds, dtype=None, layout=None, device=None, pin_memory=None):
    start, step = (0, 1) if len(bounds) == 1 else (bounds[0], bounds[2] if len(bounds) == 3 else 1)
    b = c.b
    positions = b.cast(b.iota(c.shape, 0, c.dtype if c.dtype in ("i32", "i64") else "i64"), c.dtype)
    multiply, add = ("arith.mulf", "arith.addf") if is_float(c.dtype) else ("arith.muli", "arith.addi")
    if step != 1:
        positions = b.binary(multiply, positions, c.operand(step))
    return positions if start == 0 else b.binary(add, positions, c.operand(start))


def _triangle(predicate):
    def emit(c, x, diagonal=0):
        b = c.b
        if not isinstance(diagonal, int):
            raise Unsupported("triangle with a dynamic diagonal")
        rows, columns = b.iota(x.shape, x.rank - 2), b.iota(x.shape, x.rank - 1)
        if diagonal:
            rows = b.binary("arith.addi", rows, b.constant(diagonal, x.shape, "i64"))
        return b.select(b.compare(predicate, columns, rows), x, b.constant(0, x.shape, x.dtype))

    return emit


emitter("tril.default")(_triangle("le"))
emitter("triu.default")(_triangle("ge"))
