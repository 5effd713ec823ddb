# SPDX-License-Identifier: Apache-2.0
"""Complex numbers and Fourier transforms."""

from . import symbols
from .builder import COMPLEX_PARTS, is_complex
from .errors import Unsupported
from .registry import emitter, scalar
from .reshape import broadcast_to, reshape


@emitter("view_as_complex.default")
def _view_as_complex(c, x):
    b, rank = c.b, x.rank
    parts = [reshape(b, b.slice(x, [0] * (rank - 1) + [i], x.shape[:-1] + (1,)), c.shape) for i in (0, 1)]
    return b.complex(*parts, c.dtype)


@emitter("view_as_real.default")
def _view_as_real(c, x):
    return c.b.pairs(x)


@emitter("complex.default")
def _complex(c, real, imaginary):
    part = COMPLEX_PARTS[c.dtype]
    return c.b.complex(c.operand(real, part), c.operand(imaginary, part), c.dtype)


@emitter("polar.default")
def _polar(c, magnitude, angle):
    b, part = c.b, COMPLEX_PARTS[c.dtype]
    magnitude, angle = c.operand(magnitude, part), c.operand(angle, part)
    return b.complex(*[b.binary("arith.mulf", magnitude, b.unary(f, angle)) for f in ("math.cos", "math.sin")], c.dtype)


@emitter("real.default")
def _real(c, x):
    return c.b.parts(x)[0] if is_complex(x.dtype) else x


@emitter("imag.default")
def _imag(c, x):
    return c.b.parts(x)[1]


@emitter("conj.default", "_conj.default", "conj_physical.default", "_conj_physical.default")
def _conj(c, x):
    return c.b.map("complex.conj", (x,), x.dtype) if is_complex(x.dtype) else x


@emitter("resolve_conj.default", "resolve_neg.default")
def _resolve(c, x):
    return x


# Fourier transforms. torch's normalization: 0 none, 1 by the root of the number of elements, 2 by the number.


def _last(c, x, dim):
    """(x with `dim` as the last one, the permutation back)"""
    order = [d for d in range(x.rank) if d != dim % x.rank] + [dim % x.rank]
    return c.b.transpose(x, order), [order.index(d) for d in range(x.rank)]


def _scaled(c, x, count, power):
    """x * count ** power; count is a size."""
    if power == 0:
        return x
    b, dtype = c.b, COMPLEX_PARTS.get(x.dtype, x.dtype)
    if symbols.is_static(count):
        factor = b.constant(float(count) ** power, x.shape, x.dtype)
    else:
        number = scalar(b, count, dtype)
        root = b.unary("math.sqrt", number) if abs(power) == 0.5 else number
        number = b.binary("arith.divf", b.constant(1, (), dtype), root) if power < 0 else root
        factor = b.cast(broadcast_to(b, number, x.shape), x.dtype)
    return b.binary("arith.mulf", x, factor)


_POWER = {0: 0.0, 1: -0.5, 2: -1.0}


def _one_dim(dim):
    if len(dim) != 1:
        raise Unsupported("Fourier transform over several dims")
    return dim[0]


@emitter("_fft_c2c.default")
def _fft_c2c(c, x, dim, normalization, forward):
    b, power = c.b, _POWER[normalization]
    for d in reversed(dim):
        x, back = _last(c, x, d)
        x = b.emit(f"seq.fft {x.name}{'' if forward else ' {inverse}'} : {x.type} -> {x.type}", x.shape, x.dtype)
        # The inverse op divides by the number of elements already.
        x = b.transpose(_scaled(c, x, x.shape[-1], power if forward else power + 1), back)
    return x


@emitter("_fft_r2c.default")
def _fft_r2c(c, x, dim, normalization, onesided):
    if not onesided:
        return _fft_c2c(c, c.b.cast(x, c.dtype), dim, normalization, True)
    b, count = c.b, x.shape[_one_dim(dim)]
    x, back = _last(c, x, _one_dim(dim))
    shape = x.shape[:-1] + (c.shape[_one_dim(dim)],)
    y = b.emit(f"seq.rfft {x.name} : {x.type} -> {b.type(shape, c.dtype)}", shape, c.dtype)
    return b.transpose(_scaled(c, y, count, _POWER[normalization]), back)


@emitter("_fft_c2r.default")
def _fft_c2r(c, x, dim, normalization, last_dim_size):
    b = c.b
    x, back = _last(c, x, _one_dim(dim))
    shape = x.shape[:-1] + (last_dim_size,)
    size = f" {{n = {last_dim_size} : i64}}" if symbols.is_static(last_dim_size) else f" size({b.index(last_dim_size)})"
    y = b.emit(f"seq.irfft {x.name}{size} : {x.type} -> {b.type(shape, c.dtype)}", shape, c.dtype)
    return b.transpose(_scaled(c, y, last_dim_size, _POWER[normalization] + 1), back)
