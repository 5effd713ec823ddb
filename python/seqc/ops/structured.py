# SPDX-License-Identifier: Apache-2.0
"""Structured matrices along the last dim: Monarch matrices and butterflies."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ._register import expects, register, wide


def _monarch_fake(x, w1, w2):
    return x.new_empty(x.shape[:-1] + (w2.shape[0] * w2.shape[1],))


@register("monarch", _monarch_fake)
def monarch(x: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    """A product of two block-diagonal matrices with a permutation between and behind them (arXiv 2204.00595): x [.., n] -> [.., m].

    w1 [k, q, p] and w2 [l, s, r] with k q = l r, m = l s; n at most k p, zeros fill x up. In index letters: (k p) -> (k q) by w1, (r l) -> (l r), (l r) ->
    (l s) by w2, result in the order (s l). 16-bit inputs are multiplied in f32.
    """
    (k, q, p), (l, s, r) = w1.shape, w2.shape
    expects(k * q == l * r, f"expects blocks with k q = l r, but got w1 {tuple(w1.shape)} and w2 {tuple(w2.shape)}")
    expects(x.shape[-1] <= k * p, f"expects x of at most k p = {k * p}, but got {x.shape[-1]}")
    filled = F.pad(wide(x), (0, k * p - x.shape[-1])).unflatten(-1, (k, p))
    middle = torch.einsum("kqp,...kp->...kq", wide(w1), filled).flatten(-2).unflatten(-1, (r, l))
    return torch.einsum("lsr,...rl->...sl", wide(w2), middle).flatten(-2).to(x.dtype)


@register("butterfly", lambda x, twiddle, increasing=True: torch.empty_like(x, memory_format=torch.contiguous_format))
def butterfly(x: Tensor, twiddle: Tensor, increasing: bool = True) -> Tensor:
    """log2 n sparse factors (arXiv 1903.05895): x [.., n] -> [.., n], twiddle [log2 n, n / 2, 2, 2].

    The factor of stride s sees x as [n / 2s, 2, s] and mixes the pair in the middle: y[b, i, j] = sum_i' T[b s + j, i, i'] x[b, i', j]. increasing: strides
    1, 2, 4, .., else n / 2, .., 2, 1. Real or complex; 16-bit inputs are multiplied in f32.
    """
    n = x.shape[-1]
    expects(n == 1 << twiddle.shape[0] and twiddle.shape[1:] == (n // 2, 2, 2), f"expects a twiddle [log2 n, n / 2, 2, 2] for n = {n}, but got {tuple(twiddle.shape)}")
    y = wide(x)
    for factor, stride in zip(wide(twiddle), butterfly_strides(n, increasing)):
        blocks = factor.unflatten(0, (n // (2 * stride), stride))
        y = torch.einsum("bjik,...bkj->...bij", blocks, y.unflatten(-1, (n // (2 * stride), 2, stride))).flatten(-3)
    return y.to(x.dtype)


def butterfly_strides(n, increasing):
    strides = [1 << i for i in range(n.bit_length() - 1)]
    return strides if increasing else strides[::-1]
