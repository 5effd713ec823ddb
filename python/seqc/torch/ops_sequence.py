# SPDX-License-Identifier: Apache-2.0
"""Scans and convolutions: the operators of seqc.ops, and those of mamba_ssm and causal_conv1d by name, each one op of the graph."""

from .builder import is_complex
from .errors import Unsupported
from .registry import emitter


def _sequence_op(c, name, operands, groups=(), attributes=(), results=None):
    """`seq.name %operands word(%x : type).. {attributes} : types -> types`; groups: [(word, value or None)]; results: [(shape, dtype)]."""
    b = c.b
    results = results or c.results[:1]
    text = f"seq.{name} {', '.join(x.name for x in operands)}"
    text += "".join(f" {word}({x.name} : {x.type})" for word, x in groups if x is not None)
    text += f" {{{', '.join(attributes)}}}" if attributes else ""
    types = [b.type(shape, dtype) for shape, dtype in results]
    return b.emit_several(f"{text} : {', '.join(x.type for x in operands)} -> {', '.join(types)}", results)


def _with_unread(found, count):
    """One value per result of the torch operator; results that nothing reads are not made."""
    return found + (None,) * (count - len(found))


def _read(c):
    """Results of the torch operator that the op has: the second one only if something reads it."""
    return c.results if c.used(1) else c.results[:1]


# Convolutions


@emitter("seqc.long_conv.default")
def _long_conv(c, u, k, k_rev=None, skip=None, pre_gate=None, post_gate=None, mode="causal", reverse_offset=1):
    attributes = [f'mode = "{mode}"'] + ([f"reverse_offset = {reverse_offset} : i64"] if mode == "bidirectional" else [])
    groups = (("k_rev", k_rev), ("skip", skip), ("pre_gate", pre_gate), ("post_gate", post_gate))
    return _sequence_op(c, "long_conv", (u, k), groups, attributes)[0]


@emitter("seqc.long_conv_tail.default")
def _long_conv_tail(c, u, k, tail=None, skip=None, pre_gate=None, post_gate=None):
    groups = (("skip", skip), ("pre_gate", pre_gate), ("post_gate", post_gate), ("tail", tail))
    return _with_unread(_sequence_op(c, "long_conv", (u, k), groups, ['mode = "causal"'], _read(c)), 2)


@emitter("seqc.short_conv.default")
def _short_conv(c, u, w, bias=None, activation="none"):
    return _sequence_op(c, "short_conv", (u, w), (("bias", bias),), [f'activation = "{activation}"'])[0]


@emitter("seqc.short_conv_state.default")
def _short_conv_state(c, u, w, state=None, bias=None, activation="none"):
    found = _sequence_op(c, "short_conv", (u, w), (("bias", bias), ("state", state)), [f'activation = "{activation}"'], _read(c))
    return _with_unread(found, 2)


# Scans


@emitter("seqc.linear_scan.default")
def _linear_scan(c, a, b, initial=None, reverse=False):
    if is_complex(b.dtype):
        a = c.b.cast(a, b.dtype)
        initial = None if initial is None else c.b.cast(initial, b.dtype)
    return _with_unread(_sequence_op(c, "linear_scan", (a, b), (("initial", initial),), ["reverse"] if reverse else [], _read(c)), 2)


@emitter("seqc.selective_scan.default")
def _selective_scan(c, u, delta, A, B, C, D=None, z=None, delta_bias=None, initial=None, cu_seqlens=None, delta_softplus=False):
    groups = (("D", D), ("z", z), ("delta_bias", delta_bias), ("initial", initial), ("cu_seqlens", cu_seqlens))
    found = _sequence_op(c, "selective_scan", (u, delta, A, B, C), groups, ["delta_softplus"] if delta_softplus else [], _read(c))
    return _with_unread(found, 2)


# Structured matrices


def _butterfly_op(c, x, factors, stages):
    """stages: (left, in, out, right) of each factor, which has the shape [1, left, right, out, in]."""
    b = c.b
    types = ", ".join(f.type for f in factors)
    names = ", ".join(f.name for f in factors)
    texts = ", ".join(f"#seq.stage<matrix [{left}, {p} -> {q}, {right}]>" for left, p, q, right in stages)
    return b.emit(f"seq.butterfly {x.name} factors({names} : {types}) [{texts}] : {x.type} -> {b.type(c.shape, c.dtype)}", c.shape, c.dtype)


@emitter("seqc.monarch.default")
def _monarch(c, x, w1, w2):
    (k, q, p), (l, s, r) = w1.shape, w2.shape
    factors = (c.b.reshape(w1, (1, k, 1, q, p)), c.b.reshape(w2, (1, 1, l, s, r)))
    return _butterfly_op(c, x, factors, ((k, p, q, 1), (1, r, s, l)))


@emitter("seqc.butterfly.default")
def _butterfly(c, x, twiddle, increasing=True):
    n, b = x.shape[-1], c.b
    strides = [1 << i for i in range(n.bit_length() - 1)]
    factors, stages = [], []
    for i, stride in enumerate(strides if increasing else strides[::-1]):
        factor = b.slice(twiddle, [i, 0, 0, 0], (1,) + twiddle.shape[1:])
        factors.append(b.reshape(factor, (1, n // (2 * stride), stride, 2, 2)))
        stages.append((n // (2 * stride), 2, 2, stride))
    return _butterfly_op(c, x, factors, stages)


# Names of other libraries. Their kernels are CUDA alone; models that call them through a registered operator are recognised by its name.


def _grouped(c, x):
    """B or C of mamba_ssm, [B, N, L] or [B, G, N, L] or [D, N], as seq.selective_scan has it."""
    if is_complex(x.dtype):
        raise Unsupported("selective scan with complex parameters")
    return c.b.reshape(x, (x.shape[0], 1) + x.shape[1:]) if x.rank == 3 else x


@emitter("mamba_ssm.selective_scan_fn.default", "mamba_ssm.selective_scan.default")
def _mamba_selective_scan(c, u, delta, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False, return_last_state=False):
    B, C = _grouped(c, B), _grouped(c, C)
    if len(c.results) == 1:
        c.used = lambda i: False
    found = _selective_scan(c, u, delta, A, B, C, D, z, delta_bias, None, None, delta_softplus)
    return found[0] if len(c.results) == 1 else found


@emitter("causal_conv1d.causal_conv1d_fn.default", "causal_conv1d.causal_conv1d.default")
def _causal_conv1d(c, x, weight, bias=None, activation=None):
    if activation not in (None, "silu", "swish"):
        raise Unsupported(f"causal convolution with activation {activation!r}")
    return _short_conv(c, x, weight, bias, "silu" if activation else "none")
