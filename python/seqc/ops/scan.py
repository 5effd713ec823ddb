# SPDX-License-Identifier: Apache-2.0
"""Recurrences along the last dim, evaluated by doubling: log2 L steps over the whole sequence."""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ._register import expects, register, wide


PIECE = 1024


def doubling(a, b):
    """h_t = a_t h_{t-1} + b_t from h_{-1} = 0 along the last dim; a and b of one shape.

    After the step of width w, b_t is the sum over the last 2w terms and a_t the product of their coefficients.
    """
    width = 1
    while width < b.shape[-1]:
        b = torch.cat([b[..., :width], b[..., width:] + a[..., width:] * b[..., :-width]], -1)
        a = torch.cat([a[..., :width], a[..., width:] * a[..., :-width]], -1)
        width *= 2
    return b


def recurrence(a, b, initial):
    """The same from h_{-1} = initial (without the last dim), which may be None; (h, the last h)."""
    if initial is not None and b.shape[-1]:
        b = torch.cat([b[..., :1] + a[..., :1] * initial.unsqueeze(-1), b[..., 1:]], -1)
    h = doubling(a, b)
    if b.shape[-1]:
        return h, h[..., -1]
    return h, torch.zeros_like(b.sum(-1)) if initial is None else initial


def _scan_fake(a, b, initial=None, reverse=False):
    return torch.empty_like(b, memory_format=torch.contiguous_format), b.new_empty(b.shape[:2], dtype=_state_dtype(b))


def _state_dtype(x):
    return torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype


@register("linear_scan", _scan_fake)
def linear_scan(a: Tensor, b: Tensor, initial: Optional[Tensor] = None, reverse: bool = False) -> Tuple[Tensor, Tensor]:
    """(h, final): h_t = a_t h_{t-1} + b_t; b, h [B, D, L]; a [B, D, L], or [D] where it does not change; initial, final [B, D], zeros without.

    Real or complex (S4D, S5, LRU, RG-LRU). reverse runs from t = L - 1 down to 0. 16-bit inputs are scanned in f32, and final is f32 then.
    """
    expects(b.dim() == 3 and a.dim() in (1, 3), f"expects a [D] or [B, D, L] and b [B, D, L], but got {tuple(a.shape)} and {tuple(b.shape)}")
    wide_b = wide(b)
    wide_a = (wide(a)[:, None] if a.dim() == 1 else wide(a)).expand(b.shape).to(wide_b.dtype)
    if reverse:
        wide_a, wide_b = wide_a.flip(-1), wide_b.flip(-1)
    h, final = recurrence(wide_a, wide_b, None if initial is None else wide(initial).to(wide_b.dtype))
    return (h.flip(-1) if reverse else h).to(b.dtype), final


def _per_channel(x, like):
    """B or C as [B or 1, D, N, L or 1]."""
    x = wide(x)
    return x[None, :, :, None] if x.dim() == 2 else x.repeat_interleave(like.shape[1] // x.shape[1], dim=1)


def _scan_sequence(u, dt, A, B, C, state):
    """(y without skip, final) of one sequence per batch entry; everything wide. In pieces of PIECE steps, as all states at once are [B, D, N, L]."""
    parts = []
    for begin in range(0, max(u.shape[-1], 1), PIECE):
        u_, dt_, B_, C_ = (x if x.shape[-1] == 1 else x[..., begin : begin + PIECE] for x in (u, dt, B, C))
        a = torch.exp(dt_[:, :, None] * A[None, :, :, None])
        h, state = recurrence(a, (dt_ * u_)[:, :, None] * B_, state)
        parts.append((h * C_).sum(2))
    return torch.cat(parts, -1), state


def _selective_scan(u, dt, A, B, C, initial, bounds):
    if bounds is None:
        return _scan_sequence(u, dt, A, B, C, initial)
    parts, finals = [], []
    for s, (begin, end) in enumerate(zip(bounds[:-1], bounds[1:])):
        cut = [x[..., begin:end] if x.shape[-1] != 1 or u.shape[-1] == 1 else x for x in (B, C)]
        part, final = _scan_sequence(u[..., begin:end], dt[..., begin:end], A, *cut, None if initial is None else initial[s : s + 1])
        parts.append(part)
        finals.append(final)
    y = torch.cat(parts, -1)
    return F.pad(y, (0, u.shape[-1] - y.shape[-1])), torch.cat(finals, 0)


def _inside(x, end):
    return F.pad(x[..., :end], (0, x.shape[-1] - end))


def _selective_fake(u, delta, A, B, C, D=None, z=None, delta_bias=None, initial=None, cu_seqlens=None, delta_softplus=False):
    sequences = u.shape[0] if cu_seqlens is None else cu_seqlens.shape[0] - 1
    dtype = torch.float64 if u.dtype == torch.float64 else torch.float32
    return torch.empty_like(u, memory_format=torch.contiguous_format), u.new_empty((sequences, u.shape[1], A.shape[1]), dtype=dtype)


@register("selective_scan", _selective_fake)
def selective_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Optional[Tensor] = None, z: Optional[Tensor] = None, delta_bias: Optional[Tensor] = None,
    initial: Optional[Tensor] = None, cu_seqlens: Optional[Tensor] = None, delta_softplus: bool = False,
) -> Tuple[Tensor, Tensor]:  # fmt: skip
    """(y, final): the scan of Mamba (Gu, Dao 2023): h_t = exp(dt_t A) h_{t-1} + dt_t B_t u_t, y_t = (C_t . h_t + D u_t) silu(z_t).

    u, delta, z, y [B, D, L]; A [D, N]; B, C [B, G, N, L] with G dividing D, or [D, N] where they do not change; D, delta_bias [D]; initial, final
    [B, D, N] f32 (f64 for f64). dt = delta + delta_bias, through softplus with delta_softplus. Packed sequences: B is 1, cu_seqlens i32 [S + 1] has their
    bounds, the state starts anew at each, initial, final are [S, D, N], and y is 0 behind the last sequence.
    """
    expects(u.dim() == 3 and u.shape == delta.shape, f"expects u and delta [B, D, L], but got {tuple(u.shape)} and {tuple(delta.shape)}")
    expects(cu_seqlens is None or u.shape[0] == 1, f"expects packed sequences in one row, but got a batch of {u.shape[0]}")
    x, dt = wide(u), wide(delta)
    if delta_bias is not None:
        dt = dt + wide(delta_bias)[:, None]
    if delta_softplus:
        dt = F.softplus(dt, threshold=20)
    bounds = None if cu_seqlens is None else cu_seqlens.tolist()
    y, final = _selective_scan(x, dt, wide(A), _per_channel(B, u), _per_channel(C, u), None if initial is None else wide(initial), bounds)
    if D is not None:
        y = y + wide(D)[:, None] * (x if bounds is None else _inside(x, bounds[-1]))
    if z is not None:
        y = y * F.silu(wide(z))
    return y.to(u.dtype), final
