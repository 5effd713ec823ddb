# SPDX-License-Identifier: Apache-2.0
"""Convolution kernels of state-space models: one op of the graph."""

from . import symbols
from .builder import COMPLEX_PARTS
from .registry import emitter
from .reshape import broadcast_to


@emitter("seqc.ssm_kernel.default")
def _ssm_kernel(c, A, B, C, dt, length, P=None, discretization="zoh", conjugate=True):
    b = c.b
    A, B, P = (x if x is None else broadcast_to(b, b.cast(x, C.dtype), C.shape) for x in (A, B, P))
    dt = b.cast(dt, COMPLEX_PARTS.get(C.dtype, C.dtype))
    low_rank = f" low_rank({P.name} : {P.type})" if P is not None else ""
    dynamic = "" if symbols.is_static(length) else f" length({b.index(length)})"
    attributes = f' {{discretization = "{discretization}"{", conjugate" if conjugate else ""}}}'
    operands = (A, B, C, dt)
    text = f"seq.ssm_kernel {', '.join(x.name for x in operands)}{low_rank}{dynamic}{attributes} : {', '.join(x.type for x in operands)}"
    return b.emit(f"{text} -> {b.type(c.shape, c.dtype)}", c.shape, c.dtype)
