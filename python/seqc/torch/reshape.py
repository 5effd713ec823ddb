# SPDX-License-Identifier: Apache-2.0
"""Reshapes as collapse_shape and expand_shape, and torch's broadcasting."""

from . import symbols
from .builder import type_text
from .errors import Unsupported


def reshape(b, x, shape):
    if len(x.shape) == len(shape) and all(symbols.same(p, q) for p, q in zip(x.shape, shape)):
        return x
    if 0 in x.shape or 0 in shape:
        return b.constant(0, shape, x.dtype)
    groups = _groups(x.shape, shape)
    middle = tuple(symbols.product(x.shape[begin:end]) for (begin, end), _ in groups)
    return _expand(b, _collapse(b, x, middle, [source for source, _ in groups]), shape, [target for _, target in groups])


def _groups(source, target):
    """Pairs of dim ranges with equal products: the finest common cuts of both shapes."""
    cuts, j, target_product = [], 0, 1
    source_product = 1
    prefixes = [1]
    for extent in target:
        target_product = symbols.product((target_product, extent))
        prefixes.append(target_product)
    for i, extent in enumerate(source):
        source_product = symbols.product((source_product, extent))
        match = next((k for k in range(j + 1, len(target) + 1) if symbols.same(source_product, prefixes[k])), None)
        if match is not None:
            j = match
            cuts.append((i + 1, j))
    if not cuts or not source or not target:
        return [((0, len(source)), (0, len(target)))] if source and target else []
    cuts[-1] = (len(source), len(target))
    starts = [(0, 0)] + cuts[:-1]
    return [((s, e), (t, f)) for (s, t), (e, f) in zip(starts, cuts)]


def _reassociation(ranges):
    return "[" + ", ".join(str(list(range(begin, end))) for begin, end in ranges) + "]"


def _collapse(b, x, shape, ranges):
    if len(shape) == x.rank:
        return x
    text = f"tensor.collapse_shape {x.name} {_reassociation(ranges)} : {x.type} into {type_text(shape, x.dtype)}"
    return b.emit(text, shape, x.dtype)


def _expand(b, x, shape, ranges):
    if len(shape) == x.rank:
        return x
    text = f"tensor.expand_shape {x.name} {_reassociation(ranges)} output_shape {b.mixed(shape)} : {x.type} into {type_text(shape, x.dtype)}"
    return b.emit(text, shape, x.dtype)


def unsqueeze(b, x, dims):
    """New dims of extent 1 at positions `dims` of the result."""
    shape = list(x.shape)
    for dim in sorted(dims):
        shape.insert(dim, 1)
    return reshape(b, x, tuple(shape))


def broadcast_to(b, x, shape):
    """torch's broadcasting: missing leading dims and dims of extent 1 are repeated."""
    shape = tuple(shape)
    lead = len(shape) - x.rank
    new = list(range(lead))
    kept = []
    for d, extent in enumerate(x.shape):
        if symbols.same(extent, shape[lead + d]):
            kept.append(extent)
        elif symbols.same(extent, 1):
            new.append(lead + d)
        else:
            raise Unsupported(f"broadcast of extent {extent} to {shape[lead + d]}")
    return b.broadcast(reshape(b, x, tuple(kept)), shape, new)
