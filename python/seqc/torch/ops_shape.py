# SPDX-License-Identifier: Apache-2.0
"""Views, slices, joins and lookups."""

from . import symbols
from .builder import Value
from .errors import Unsupported
from .registry import emitter
from .reshape import broadcast_to, reshape, unsqueeze

END = 2**63 - 1  # torch's "to the end"


@emitter(
    "view.default", "reshape.default", "_unsafe_view.default", "flatten.using_ints", "unsqueeze.default", "squeeze.default", "squeeze.dim",
    "squeeze.dims", "unflatten.int", "view_copy.default", "_reshape_copy.default",
)
def _view(c, x, *args, **kwargs):
    return reshape(c.b, x, c.shape)


@emitter("clone.default", "contiguous.default", "alias.default", "detach.default", "lift_fresh_copy.default", "lift.default", "positive.default")
def _same(c, x, *args, **kwargs):
    return x


@emitter("dropout.default", "feature_dropout.default", "alpha_dropout.default")
def _dropout(c, x, p, train):
    if train and p > 0:
        raise Unsupported("dropout in training mode (call .eval() first)")
    return x


@emitter("native_dropout.default")
def _native_dropout(c, x, p, train):
    return _dropout(c, x, p, train), c.b.constant(True, x.shape, "i1")


@emitter("permute.default")
def _permute(c, x, dims):
    return c.b.transpose(x, [d % x.rank for d in dims])


@emitter("transpose.int")
def _transpose(c, x, dim0, dim1):
    order = list(range(x.rank))
    if order:
        order[dim0], order[dim1] = order[dim1 % x.rank], order[dim0 % x.rank]
    return c.b.transpose(x, order)


@emitter("t.default", "numpy_T.default", "mT.default")
def _t(c, x):
    return _transpose(c, x, -1, -2) if x.rank >= 2 else x


@emitter("expand.default", "broadcast_to.default", "expand_as.default")
def _expand(c, x, *args, **kwargs):
    return broadcast_to(c.b, x, c.shape)


@emitter("repeat.default")
def _repeat(c, x, repeats):
    b = c.b
    x = reshape(b, x, (1,) * (len(repeats) - x.rank) + x.shape)
    pairs = [(r, e) for r, e in zip(repeats, x.shape)]
    wide = tuple(extent for pair in pairs for extent in pair)
    return reshape(b, b.broadcast(x, wide, range(0, len(wide), 2)), c.shape)


def _offset(start, extent):
    """A slice's start as a non-negative offset, clamped to the extent."""
    if start is None:
        return 0
    if symbols.is_static(start) and start < 0:
        start = start + extent
        return max(start, 0) if symbols.is_static(start) else start
    return min(start, extent) if symbols.is_static(start) and symbols.is_static(extent) else start


@emitter("slice.Tensor", "narrow.default", "slice_copy.Tensor")
def _slice(c, x, dim=0, start=None, end=None, step=1):
    offsets, steps = [0] * x.rank, [1] * x.rank
    offsets[dim], steps[dim] = _offset(start, x.shape[dim]), step
    if step == 1 and all(symbols.same(p, q) for p, q in zip(x.shape, c.shape)):
        return x
    return c.b.slice(x, offsets, c.shape, steps)


@emitter("select.int", "select_copy.int")
def _select(c, x, dim, index):
    dim %= x.rank
    if dim == x.rank - 1 and c.b.is_pairs(x):
        return c.b.parts(x)[index]  # torch's `real` and `imag`
    offsets, shape = [0] * x.rank, list(x.shape)
    offsets[dim], shape[dim] = _offset(index, x.shape[dim]), 1
    return reshape(c.b, c.b.slice(x, offsets, shape), c.shape)


@emitter("split.Tensor", "split_with_sizes.default", "chunk.default", "unsafe_chunk.default", "unsafe_split.Tensor", "tensor_split.sections")
def _split(c, x, sizes, dim=0):
    dim %= x.rank
    parts, offsets = [], [0] * x.rank
    for shape, _ in c.results:
        parts.append(c.b.slice(x, offsets, shape))
        offsets[dim] = offsets[dim] + shape[dim]
    return tuple(parts)


@emitter("unbind.int")
def _unbind(c, x, dim=0):
    dim %= x.rank
    parts = []
    for i, (shape, _) in enumerate(c.results):
        offsets, sizes = [0] * x.rank, list(x.shape)
        offsets[dim], sizes[dim] = i, 1
        parts.append(reshape(c.b, c.b.slice(x, offsets, sizes), shape))
    return tuple(parts)


def _join(c, parts, dim):
    parts = [c.b.cast(part, c.dtype) for part in parts]
    return parts[0] if len(parts) == 1 else c.b.concat(parts, dim, c.shape)


@emitter("cat.default", "concat.default", "concatenate.default")
def _cat(c, tensors, dim=0):
    # torch lets empty tensors of shape [0] join anything.
    return _join(c, [t for t in tensors if t.shape != (0,) or len(c.shape) == 1], dim % len(c.shape))


@emitter("roll.default")
def _roll(c, x, shifts, dims=()):
    if not dims:
        flat = reshape(c.b, x, (symbols.product(x.shape),))
        return reshape(c.b, _rolled(c.b, flat, shifts[0], 0), x.shape)
    for shift, dim in zip(shifts, dims):
        x = _rolled(c.b, x, shift, dim % x.rank)
    return x


def _rolled(b, x, shift, dim):
    extent = x.shape[dim]
    if not symbols.is_static(shift) or not symbols.is_static(extent):
        raise Unsupported("roll along a dynamic extent")
    if extent == 0 or shift % extent == 0:
        return x
    cut = extent - shift % extent

    def part(offset, length):
        return b.slice(x, [offset if d == dim else 0 for d in range(x.rank)], x.shape[:dim] + (length,) + x.shape[dim + 1 :])

    return b.concat([part(cut, extent - cut), part(0, cut)], dim, x.shape)


@emitter("stack.default")
def _stack(c, tensors, dim=0):
    dim %= len(c.shape)
    return _join(c, [unsqueeze(c.b, t, [dim]) for t in tensors], dim)


@emitter("constant_pad_nd.default")
def _constant_pad(c, x, pad, value=0.0):
    low, high = [0] * x.rank, [0] * x.rank
    for i in range(len(pad) // 2):
        low[x.rank - 1 - i], high[x.rank - 1 - i] = pad[2 * i], pad[2 * i + 1]
    cut = [(min(l, 0), min(h, 0)) if symbols.is_static(l) and symbols.is_static(h) else (0, 0) for l, h in zip(low, high)]
    if any(l or h for l, h in cut):
        x = c.b.slice(x, [-l for l, _ in cut], [e + l + h for e, (l, h) in zip(x.shape, cut)])
    low, high = [l - k for l, (k, _) in zip(low, cut)], [h - k for h, (_, k) in zip(high, cut)]
    return c.b.pad(x, low, high, value, c.shape) if any(l != 0 or h != 0 for l, h in zip(low, high)) else x


@emitter("pad.default")
def _pad(c, x, pad, mode="constant", value=None):
    if mode != "constant":
        raise Unsupported(f"padding mode {mode}")
    return _constant_pad(c, x, pad, value or 0.0)


# Lookups


@emitter("embedding.default")
def _embedding(c, weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    return c.b.gather(weight, unsqueeze(c.b, indices, [indices.rank]), [0], c.shape)


def _wrapped(b, index, extent):
    """Indices as torch reads them: negative ones count from the end."""
    if index.dtype not in ("i32", "i64"):
        raise Unsupported(f"indices of element type {index.dtype}")
    limit = broadcast_to(b, b.scalar_of_size(extent, index.dtype), index.shape)
    negative = b.compare("lt", index, b.constant(0, index.shape, index.dtype))
    return b.select(negative, b.binary("arith.addi", index, limit), index)


def _linear(b, indices, extents):
    """One row-major index of coordinates: ((i0 * e1) + i1) * e2 + .."""
    linear = indices[0]
    for index, extent in zip(indices[1:], extents[1:]):
        stride = broadcast_to(b, b.scalar_of_size(extent, index.dtype), index.shape)
        linear = b.binary("arith.addi", b.binary("arith.muli", linear, stride), index)
    return linear


def _gather_along(b, x, first, coordinates):
    """Elements of x at coordinates (one Value for each of the dims from `first` on), which replace those dims."""
    count = len(coordinates)
    linear = _linear(b, coordinates, x.shape[first : first + count])
    rest = x.shape[:first], x.shape[first + count :]
    flat = reshape(b, x, rest[0] + (symbols.product(x.shape[first : first + count]),) + rest[1])
    found = b.gather(flat, unsqueeze(b, linear, [linear.rank]), [first], linear.shape + rest[0] + rest[1])
    # The coordinates' dims come first in tensor.gather; move them to where they replace.
    order = list(range(linear.rank, linear.rank + first)) + list(range(linear.rank)) + list(range(linear.rank + first, found.rank))
    return b.transpose(found, order)


@emitter("index.Tensor")
def _index(c, x, indices):
    b = c.b
    dims = [d for d, index in enumerate(indices) if index is not None]
    given = [b.cast(_checked(indices[d]), "i64") for d in dims]
    if dims != list(range(dims[0], dims[0] + len(dims))):
        # torch's rule for indices that are not side by side: their dims come first.
        x = b.transpose(x, dims + [d for d in range(x.rank) if d not in dims])
        dims = list(range(len(dims)))
    count = len(c.shape) - x.rank + len(dims)
    common = c.shape[dims[0] : dims[0] + count]
    return _gather_along(b, x, dims[0], [broadcast_to(b, _wrapped(b, index, x.shape[d]), common) for d, index in zip(dims, given)])


def _checked(index):
    if not isinstance(index, Value) or index.dtype == "i1":
        raise Unsupported("indexing by a mask (its result has a shape that depends on data)")
    return index


@emitter("index_select.default")
def _index_select(c, x, dim, index):
    index = reshape(c.b, index, (symbols.product(index.shape),))
    return _index(c, x, [None] * (dim % x.rank) + [index])


@emitter("gather.default")
def _gather(c, x, dim, index, sparse_grad=False):
    if x.rank == 0:
        return x
    dim %= x.rank
    return _gather_along(c.b, x, 0, [c.b.cast(index, "i64") if d == dim else c.b.iota(index.shape, d) for d in range(x.rank)])
