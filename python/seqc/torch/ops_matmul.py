# SPDX-License-Identifier: Apache-2.0
"""Matrix products and attention."""

import math

from . import symbols
from .builder import Value, is_complex, is_float
from .errors import Unsupported
from .registry import emitter
from .reshape import broadcast_to, reshape, unsqueeze


def product(c, a, b):
    """torch.matmul of two float tensors, in the accumulator's type."""
    if is_complex(a.dtype):
        return _complex_product(c, a, b)
    if not is_float(a.dtype):
        raise Unsupported(f"matrix product of {a.dtype}")
    build = c.b
    left = unsqueeze(build, a, [0]) if a.rank == 1 else a
    right = unsqueeze(build, b, [1]) if b.rank == 1 else b
    if right.rank == 2:
        folded = reshape(build, left, (symbols.product(left.shape[:-1]), left.shape[-1]))
        out = reshape(build, build.matmul(folded, right), left.shape[:-1] + right.shape[-1:])
    else:
        out = _batched(build, left, right)
    drop = ([out.rank - 2] if a.rank == 1 else []) + ([out.rank - 1] if b.rank == 1 else [])
    return reshape(build, out, tuple(e for d, e in enumerate(out.shape) if d not in drop)) if drop else out


def _complex_product(c, a, b):
    """Four real products."""
    build = c.b
    (ar, ai), (br, bi) = build.parts(a), build.parts(b)
    real = build.binary("arith.subf", product(c, ar, br), product(c, ai, bi))
    return build.complex(real, build.binary("arith.addf", product(c, ar, bi), product(c, ai, br)), a.dtype)


def _batched(build, a, b):
    batch = _common_shape(a.shape[:-2], b.shape[:-2])
    count = symbols.product(batch)
    a3 = reshape(build, broadcast_to(build, a, batch + a.shape[-2:]), (count,) + a.shape[-2:])
    b3 = reshape(build, broadcast_to(build, b, batch + b.shape[-2:]), (count,) + b.shape[-2:])
    return reshape(build, build.matmul(a3, b3), batch + (a.shape[-2], b.shape[-1]))


def _common_shape(a, b):
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + tuple(a), (1,) * (rank - len(b)) + tuple(b)
    return tuple(q if p == 1 else p for p, q in zip(a, b))


def _transposed(c, x):
    return c.b.transpose(x, list(range(x.rank - 2)) + [x.rank - 1, x.rank - 2])


@emitter("matmul.default", "mm.default", "bmm.default", "dot.default", "mv.default")
def _matmul(c, a, b):
    return c.result(product(c, a, b))


@emitter("linear.default")
def _linear(c, x, weight, bias=None):
    # The bias is added before narrowing, as a fused kernel does.
    out = product(c, x, _transposed(c, weight) if weight.rank == 2 else weight)
    return c.result(out if bias is None else c.b.binary("arith.addf", out, c.operand(bias, out.dtype)))


def _scaled_sum(c, base, out, beta, alpha):
    build = c.b
    if alpha != 1:
        out = build.binary("arith.mulf", out, c.operand(alpha, out.dtype))
    if beta == 0:
        return c.result(out)
    base = c.operand(base, out.dtype)
    if beta != 1:
        base = build.binary("arith.mulf", base, c.operand(beta, out.dtype))
    return c.result(build.binary("arith.addf", base, out))


@emitter("addmm.default", "baddbmm.default", "addmv.default")
def _addmm(c, base, a, b, beta=1, alpha=1):
    return _scaled_sum(c, base, product(c, a, b), beta, alpha)


# Attention


def _bias(c, mask, q, k):
    """attn_mask as the additive bias of seq.attention, rank 4: broadcasting along batch and heads stays an extent of 1."""
    build = c.b
    if mask.dtype == "i1":
        zero, never = (build.constant(v, mask.shape, q.dtype) for v in (0.0, -math.inf))
        mask = build.select(mask, zero, never)
    mask = build.cast(mask, q.dtype)
    mask = reshape(build, mask, (1,) * (4 - mask.rank) + mask.shape)
    return broadcast_to(build, mask, mask.shape[:2] + (q.shape[2], k.shape[2]))


def _rank4(c, x, batch):
    """[.., N, D] as [B, H, N, D]: leading dims are folded, missing ones are 1."""
    build = c.b
    if x.rank <= 4:
        return reshape(build, x, (1,) * (4 - x.rank) + x.shape)
    return reshape(build, x, (batch,) + x.shape[-3:])


@emitter("scaled_dot_product_attention.default")
def _attention(c, q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if dropout_p != 0:
        raise Unsupported("attention with dropout")
    if not symbols.is_static(q.shape[-1]) or not symbols.is_static(v.shape[-1]):
        raise Unsupported("attention with a dynamic head dim")
    if scale is not None and not isinstance(scale, (int, float)):
        raise Unsupported("attention with a scale that depends on sizes")
    if attn_mask is not None and q.rank > 4:
        raise Unsupported(f"attention mask with queries of rank {q.rank}")
    lead = c.shape[:-2]
    build = c.b
    q = broadcast_to(build, q, lead + q.shape[-2:])
    if not enable_gqa:
        k, v = (broadcast_to(build, x, lead + x.shape[-2:]) for x in (k, v))
    batch = symbols.product(lead[:-1])
    q, k, v = (_rank4(c, x, batch) for x in (q, k, v))
    bias = "" if attn_mask is None else _bias(c, attn_mask, q, k)
    shape = q.shape[:3] + v.shape[3:]
    attributes = ['causal = "top_left"'] if is_causal else []
    if scale is not None:
        attributes.append(f"scale = {float(scale):.17e} : f64")
    text = f"seq.attention {q.name}, {k.name}, {v.name}"
    text += f" bias({bias.name} : {bias.type})" if isinstance(bias, Value) else ""
    text += f" {{{', '.join(attributes)}}}" if attributes else ""
    result = Value("", shape, q.dtype).type
    return reshape(build, build.emit(f"{text} : {q.type}, {k.type}, {v.type} -> {result}", shape, q.dtype), c.shape)
