# SPDX-License-Identifier: Apache-2.0
"""Reductions, softmax and normalisation, written out."""

import math

from . import symbols
from .builder import INT_BITS, is_complex, is_float
from .errors import Unsupported
from .registry import emitter
from .reshape import broadcast_to, reshape


def normal_dims(x, dims):
    """Non-negative dims; None and [] mean all."""
    if dims is None or (isinstance(dims, (list, tuple)) and not dims):
        return list(range(x.rank))
    dims = dims if isinstance(dims, (list, tuple)) else [dims]
    return sorted({d % x.rank for d in dims}) if x.rank else []


def sum_over(b, x, dims):
    return b.reduce("arith.addf" if is_float(x.dtype) or is_complex(x.dtype) else "arith.addi", 0, x, dims)


def extreme(b, x, dims, largest):
    """Maximum or minimum over dims; NaN wins."""
    if is_float(x.dtype):
        return b.reduce("arith.maximumf" if largest else "arith.minimumf", -math.inf if largest else math.inf, x, dims)
    if x.dtype == "i1":
        return b.reduce("arith.ori" if largest else "arith.andi", not largest, x, dims)
    bound = 2 ** (INT_BITS[x.dtype] - 1)
    return b.reduce("arith.maxsi" if largest else "arith.minsi", -bound if largest else bound - 1, x, dims)


def spread(b, x, shape, dims):
    """The reverse of a reduction: `x` repeated along `dims` of `shape`."""
    return b.broadcast(x, shape, dims)


def mean_over(b, x, dims):
    total = sum_over(b, x, dims)
    count = symbols.product(x.shape[d] for d in dims)
    divisor = b.constant(count, total.shape, x.dtype) if symbols.is_static(count) else broadcast_to(b, b.scalar_of_size(count, x.dtype), total.shape)
    return b.binary("arith.divf", total, divisor)


def _finish(c, x):
    """A reduction's result with torch's shape (keepdim) and element type."""
    return reshape(c.b, c.result(x), c.shape)


@emitter("sum.default", "sum.dim_IntList")
def _sum(c, x, dim=None, keepdim=False, dtype=None):
    x = c.wide(c.b.cast(x, c.dtype))
    return _finish(c, sum_over(c.b, x, normal_dims(x, dim)))


@emitter("mean.default", "mean.dim")
def _mean(c, x, dim=None, keepdim=False, dtype=None):
    x = c.wide(c.b.cast(x, c.dtype))
    return _finish(c, mean_over(c.b, x, normal_dims(x, dim)))


@emitter("prod.default", "prod.dim_int")
def _prod(c, x, dim=None, keepdim=False, dtype=None):
    x = c.wide(c.b.cast(x, c.dtype))
    return _finish(c, c.b.reduce("arith.mulf" if is_float(x.dtype) else "arith.muli", 1, x, normal_dims(x, dim)))


@emitter("amax.default", "max.default")
def _amax(c, x, dim=None, keepdim=False):
    return _finish(c, extreme(c.b, x, normal_dims(x, dim), True))


@emitter("amin.default", "min.default")
def _amin(c, x, dim=None, keepdim=False):
    return _finish(c, extreme(c.b, x, normal_dims(x, dim), False))


@emitter("any.default", "any.dim", "any.dims")
def _any(c, x, dim=None, keepdim=False):
    return _finish(c, extreme(c.b, c.b.cast(x, "i1"), normal_dims(x, dim), True))


@emitter("all.default", "all.dim", "all.dims")
def _all(c, x, dim=None, keepdim=False):
    return _finish(c, extreme(c.b, c.b.cast(x, "i1"), normal_dims(x, dim), False))


def moments(b, x, dims):
    """(x - mean, mean, variance) with the plain divisor; mean and variance without `dims`."""
    mean = mean_over(b, x, dims)
    centered = b.binary("arith.subf", x, spread(b, mean, x.shape, dims))
    return centered, mean, mean_over(b, b.binary("arith.mulf", centered, centered), dims)


@emitter("std.correction", "std.dim")
def _std(c, x, *args, **kwargs):
    return c.b.unary("math.sqrt", _var(c, x, *args, **kwargs))


@emitter("var.correction", "var.dim")
def _var(c, x, dim=None, unbiased=None, correction=None, keepdim=False):
    x = c.wide(x)
    dims = normal_dims(x, dim)
    if correction is None:
        correction = 1 if unbiased in (None, True) else 0
    count = symbols.product(x.shape[d] for d in dims)
    if not symbols.is_static(count):
        raise Unsupported("variance over a dynamic extent")
    _, _, variance = moments(c.b, x, dims)
    factor = count / (count - correction) if count > correction else math.nan
    return _finish(c, c.b.binary("arith.mulf", variance, c.b.constant(factor, variance.shape, variance.dtype)))


# Softmax


def softmax_parts(b, x, dim):
    """(x - max, exp of it, their sum) over one dim; the sum without it."""
    shifted = b.binary("arith.subf", x, spread(b, extreme(b, x, [dim], True), x.shape, [dim]))
    exponentials = b.unary("math.exp", shifted)
    return shifted, exponentials, sum_over(b, exponentials, [dim])


@emitter("softmax.int", "_softmax.default")
def _softmax(c, x, dim, dtype=None):
    x = c.wide(x if is_float(x.dtype) else c.b.cast(x, c.dtype))
    if x.rank == 0:
        return c.operand(1)
    dim %= x.rank
    _, exponentials, total = softmax_parts(c.b, x, dim)
    return c.result(c.b.binary("arith.divf", exponentials, spread(c.b, total, x.shape, [dim])))


@emitter("_safe_softmax.default")
def _safe_softmax(c, x, dim, dtype=None):
    dim %= x.rank
    x, b = c.wide(x), c.b
    empty = b.compare("eq", spread(b, extreme(b, x, [dim], True), x.shape, [dim]), b.constant(-math.inf, x.shape, x.dtype))
    return c.result(b.select(empty, b.constant(0, x.shape, x.dtype), c.wide(_softmax(c, x, dim))))


@emitter("log_softmax.int", "_log_softmax.default")
def _log_softmax(c, x, dim, dtype=None):
    x = c.wide(x if is_float(x.dtype) else c.b.cast(x, c.dtype))
    if x.rank == 0:
        return c.operand(0)
    dim %= x.rank
    shifted, _, total = softmax_parts(c.b, x, dim)
    return c.result(c.b.binary("arith.subf", shifted, spread(c.b, c.b.unary("math.log", total), x.shape, [dim])))


@emitter("logsumexp.default")
def _logsumexp(c, x, dim, keepdim=False):
    b, x = c.b, c.wide(x)
    dims = normal_dims(x, dim)
    top = extreme(b, x, dims, True)
    # A row of -inf (or with +inf) is shifted by nothing, so that it gives -inf (or +inf) and not NaN.
    infinite = b.compare("eq", b.unary("math.absf", top), b.constant(math.inf, top.shape, top.dtype))
    shift = b.select(infinite, b.constant(0, top.shape, top.dtype), top)
    total = sum_over(b, b.unary("math.exp", b.binary("arith.subf", x, spread(b, shift, x.shape, dims))), dims)
    return _finish(c, b.binary("arith.addf", b.unary("math.log", total), shift))


# Normalisation


def _affine(b, x, weight, bias, dims):
    """x * weight + bias, both repeated along `dims`."""
    if weight is not None:
        x = b.binary("arith.mulf", x, spread(b, b.cast(weight, x.dtype), x.shape, dims))
    if bias is not None:
        x = b.binary("arith.addf", x, spread(b, b.cast(bias, x.dtype), x.shape, dims))
    return x


def _inverse_root(b, x, eps):
    return b.unary("math.rsqrt", b.binary("arith.addf", x, b.constant(eps, x.shape, x.dtype)))


@emitter("native_layer_norm.default")
def _native_layer_norm(c, x, normalized_shape, weight, bias, eps):
    b, x = c.b, c.wide(x)
    dims = list(range(x.rank - len(normalized_shape), x.rank))
    centered, mean, variance = moments(b, x, dims)
    scale = _inverse_root(b, variance, eps)
    normal = b.binary("arith.mulf", centered, spread(b, scale, x.shape, dims))
    out = _affine(b, normal, weight, bias, range(x.rank - len(normalized_shape)))
    statistics = [reshape(b, b.cast(v, dtype), shape) for v, (shape, dtype) in zip((mean, scale), c.results[1:])]
    return (c.result(out), *statistics)


@emitter("layer_norm.default")
def _layer_norm(c, x, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    return _native_layer_norm(c, x, normalized_shape, weight, bias, eps)[0]


@emitter("rms_norm.default")
def _rms_norm(c, x, normalized_shape, weight=None, eps=None):
    return _fused_rms_norm(c, x, normalized_shape, weight, eps)[0]


@emitter("_fused_rms_norm.default")
def _fused_rms_norm(c, x, normalized_shape, weight=None, eps=None):
    b = c.b
    x = c.wide(x)
    if eps is None:  # torch's default: the epsilon of the type it computes in
        eps = 2.0**-52 if x.dtype == "f64" else 2.0**-23
    dims = list(range(x.rank - len(normalized_shape), x.rank))
    scale = _inverse_root(b, mean_over(b, b.binary("arith.mulf", x, x), dims), eps)
    normal = b.binary("arith.mulf", x, spread(b, scale, x.shape, dims))
    out = c.result(_affine(b, normal, weight, None, range(x.rank - len(normalized_shape))))
    return (out, *[reshape(b, b.cast(scale, dtype), shape) for shape, dtype in c.results[1:2]])


@emitter("_native_batch_norm_legit_no_training.default")
def _batch_norm(c, x, weight, bias, mean, variance, momentum, eps):
    b, x = c.b, c.wide(x)
    dims = [d for d in range(x.rank) if d != 1]
    scale = _inverse_root(b, b.cast(variance, x.dtype), eps)
    normal = b.binary("arith.subf", x, spread(b, b.cast(mean, x.dtype), x.shape, dims))
    out = c.result(_affine(b, b.binary("arith.mulf", normal, spread(b, scale, x.shape, dims)), weight, bias, dims))
    return (out, *[b.constant(0, shape, dtype) for shape, dtype in c.results[1:]])


@emitter("native_group_norm.default")
def _group_norm(c, x, weight, bias, batch, channels, extent, groups, eps):
    b, shape = c.b, x.shape
    grouped = reshape(b, c.wide(x), (shape[0], groups, channels // groups) + shape[2:])
    dims = list(range(2, grouped.rank))
    centered, mean, variance = moments(b, grouped, dims)
    scale = _inverse_root(b, variance, eps)
    normal = reshape(b, b.binary("arith.mulf", centered, spread(b, scale, grouped.shape, dims)), shape)
    out = _affine(b, normal, weight, bias, [d for d in range(len(shape)) if d != 1])
    return (c.result(out), *[reshape(b, b.cast(v, dtype), s) for v, (s, dtype) in zip((mean, scale), c.results[1:])])


@emitter("linalg_vector_norm.default", "norm.ScalarOpt_dim")
def _vector_norm(c, x, ord=2, dim=None, keepdim=False, dtype=None):
    b, x = c.b, c.wide(x)
    dims = normal_dims(x, dim)
    magnitude = b.unary("math.absf", x)
    if ord == 2:
        value = b.unary("math.sqrt", sum_over(b, b.binary("arith.mulf", x, x), dims))
    elif ord == 1:
        value = sum_over(b, magnitude, dims)
    elif isinstance(ord, float) and math.isinf(ord):
        value = extreme(b, magnitude, dims, ord > 0)
    else:
        raise Unsupported(f"norm of order {ord}")
    return _finish(c, value)


