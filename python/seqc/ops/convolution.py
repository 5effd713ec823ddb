# SPDX-License-Identifier: Apache-2.0
"""Depthwise convolutions along the last dim: long ones by FFT, short ones direct."""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ._register import expects, register, wide

MODES = ("causal", "circular", "bidirectional")


# Long convolution


def _rows(k, channels):
    """[HK, LK] as one row per channel: channel d has row d / (D / HK)."""
    return wide(k).repeat_interleave(channels // k.shape[0], dim=0)


def _fft_product(v, k, size):
    """The circular convolution of period `size`."""
    return torch.fft.irfft(torch.fft.rfft(v, size) * torch.fft.rfft(k, size), size)


def _full(v, k):
    """All L + LK - 1 terms; nothing where v or k has no term."""
    if v.shape[-1] == 0 or k.shape[-1] == 0:
        return v.new_zeros(v.shape[:-1] + (max(v.shape[-1] + k.shape[-1] - 1, 0),))
    terms = v.shape[-1] + k.shape[-1] - 1
    return _fft_product(v, k, 1 << (terms - 1).bit_length())[..., :terms]


def _circular(v, k):
    length = v.shape[-1]
    if length == 0 or k.shape[-1] == 0:
        return torch.zeros_like(v)
    wrapped = F.pad(k, (0, -k.shape[-1] % length)).unflatten(-1, (-1, length)).sum(-2)
    return _fft_product(v, wrapped, length)


def _convolve(v, k, k_rev, mode, reverse_offset):
    length = v.shape[-1]
    if mode == "circular":
        return _circular(v, k)
    forward = _full(v, k)
    forward = F.pad(forward, (0, max(length - forward.shape[-1], 0)))[..., :length]
    if mode == "causal":
        return forward
    backward = _full(v.flip(-1), F.pad(k_rev, (reverse_offset, 0)))
    return forward + F.pad(backward, (0, max(length - backward.shape[-1], 0)))[..., :length].flip(-1)


def _check_long(u, k, k_rev, mode, reverse_offset):
    expects(u.dim() == 3 and k.dim() == 2, f"expects u [B, D, L] and k [HK, LK], but got {tuple(u.shape)} and {tuple(k.shape)}")
    expects(u.shape[1] % max(k.shape[0], 1) == 0, f"expects the rows of k to divide D = {u.shape[1]}, but got {k.shape[0]}")
    expects(mode in MODES, f"expects mode to be one of {', '.join(MODES)}, but got {mode!r}")
    expects(reverse_offset in (0, 1), f"expects reverse_offset 0 or 1, but got {reverse_offset}")
    expects((k_rev is not None) == (mode == "bidirectional"), f"expects k_rev in mode bidirectional and nowhere else, but got mode {mode!r}")


def _finish_long(u, v, conv, skip, post_gate):
    if skip is not None:
        conv = conv + wide(skip)[:, None] * v
    return (conv if post_gate is None else conv * wide(post_gate)).to(u.dtype)


def _long_conv(u, k, k_rev, skip, pre_gate, post_gate, tail, mode, reverse_offset):
    """(y, the rest of the causal convolution beyond L)"""
    _check_long(u, k, k_rev, mode, reverse_offset)
    channels, length = u.shape[1:]
    v = wide(u) if pre_gate is None else wide(u) * wide(pre_gate)
    taps = _rows(k, channels)
    if mode != "causal":
        conv = _convolve(v, taps, None if k_rev is None else _rows(k_rev, channels), mode, reverse_offset)
        return _finish_long(u, v, conv, skip, post_gate), None
    whole = F.pad(_full(v, taps), (0, max(length - _terms(length, k.shape[1]), 0)))
    if tail is not None:
        size = max(whole.shape[-1], tail.shape[-1])
        whole = F.pad(whole, (0, size - whole.shape[-1])) + F.pad(wide(tail), (0, size - tail.shape[-1]))
    rest = whole[..., length:]
    rest = F.pad(rest, (0, max(k.shape[1] - 1 - rest.shape[-1], 0)))
    return _finish_long(u, v, whole[..., :length], skip, post_gate), rest


def _terms(length, taps):
    return max(length + taps - 1, 0)


def _long_fake(u, k, k_rev=None, skip=None, pre_gate=None, post_gate=None, mode="causal", reverse_offset=1):
    return torch.empty_like(u, memory_format=torch.contiguous_format)


@register("long_conv", _long_fake)
def long_conv(
    u: Tensor, k: Tensor, k_rev: Optional[Tensor] = None, skip: Optional[Tensor] = None, pre_gate: Optional[Tensor] = None,
    post_gate: Optional[Tensor] = None, mode: str = "causal", reverse_offset: int = 1,
) -> Tensor:  # fmt: skip
    """y = post_gate * (conv(v) + skip * v) with v = u * pre_gate; u, gates, y [B, D, L]; k [HK, LK], HK divides D; skip [D].

    causal: conv_t = sum_{s <= t} k[t-s] v_s, LK of any length (the convolution of S4, H3 and Hyena). circular: with period L. bidirectional: the causal
    part and sum_{s >= t + o} k_rev[s-t-o] v_s with o = reverse_offset: 1 is S4's convention, 0 that of Mega and M2, which count lag 0 twice.
    16-bit inputs are convolved in f32; y has the type of u.
    """
    return _long_conv(u, k, k_rev, skip, pre_gate, post_gate, None, mode, reverse_offset)[0]


def _tail_fake(u, k, tail=None, skip=None, pre_gate=None, post_gate=None):
    dtype = torch.float64 if u.dtype == torch.float64 else torch.float32
    return torch.empty_like(u, memory_format=torch.contiguous_format), u.new_empty((u.shape[0], u.shape[1], k.shape[1] - 1), dtype=dtype)


@register("long_conv_tail", _tail_fake)
def long_conv_tail(
    u: Tensor, k: Tensor, tail: Optional[Tensor] = None, skip: Optional[Tensor] = None, pre_gate: Optional[Tensor] = None, post_gate: Optional[Tensor] = None,
) -> Tuple[Tensor, Tensor]:  # fmt: skip
    """(y, tail of the next chunk): the causal long_conv of one chunk of a longer sequence.

    tail [B, D, LK - 1] f32 (f64 for f64) is what earlier chunks add: conv_t += tail[t]. The result's is tail'[j] = sum_s k[L+j-s] v_s + tail[L+j]. No tail
    is zeros. Chunks of any length give what one call over all of them gives.
    """
    expects(tail is None or tail.shape[-1] == k.shape[1] - 1, f"expects a tail of LK - 1 = {k.shape[1] - 1}, but got {None if tail is None else tail.shape[-1]}")
    return _long_conv(u, k, None, skip, pre_gate, post_gate, tail, "causal", 1)


# Short convolution


def _short_conv(u, w, bias, state, activation):
    expects(u.dim() == 3 and w.dim() == 2 and u.shape[1] == w.shape[0], f"expects u [B, D, L] and w [D, K], but got {tuple(u.shape)} and {tuple(w.shape)}")
    expects(activation in ("none", "silu"), f"expects activation none or silu, but got {activation!r}")
    past = u.new_zeros(u.shape[:2] + (w.shape[1] - 1,)) if state is None else state
    x = torch.cat([past.to(u.dtype), u], -1)
    length, taps, terms = u.shape[2], wide(w), wide(x)
    y = sum(taps[:, j, None] * terms[..., j : j + length] for j in range(w.shape[1]))
    if bias is not None:
        y = y + wide(bias)[:, None]
    return (F.silu(y) if activation == "silu" else y).to(u.dtype), x[..., length:]


@register("short_conv", lambda u, w, bias=None, activation="none": torch.empty_like(u, memory_format=torch.contiguous_format))
def short_conv(u: Tensor, w: Tensor, bias: Optional[Tensor] = None, activation: str = "none") -> Tensor:
    """y_t = act(bias + sum_j w[j] u[t - (K-1) + j]), zeros before the first; u, y [B, D, L], w [D, K] as torch's depthwise conv1d has it, bias [D].

    activation: none or silu. The causal_conv1d of Mamba (K = 4, silu) and of Hyena (K = 3).
    """
    return _short_conv(u, w, bias, None, activation)[0]


def _short_state_fake(u, w, state=None, bias=None, activation="none"):
    return torch.empty_like(u, memory_format=torch.contiguous_format), u.new_empty((u.shape[0], u.shape[1], w.shape[1] - 1))


@register("short_conv_state", _short_state_fake)
def short_conv_state(u: Tensor, w: Tensor, state: Optional[Tensor] = None, bias: Optional[Tensor] = None, activation: str = "none") -> Tuple[Tensor, Tensor]:
    """(y, state of the next chunk): short_conv with what came before; state [B, D, K - 1] holds the last K - 1 inputs, oldest first; none is zeros."""
    return _short_conv(u, w, bias, state, activation)
