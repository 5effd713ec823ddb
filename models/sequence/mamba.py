# SPDX-License-Identifier: Apache-2.0
"""Mamba (arXiv 2312.00752): short convolution, input-dependent steps and projections, gated scan. A language model with RMS norms."""

import torch
import torch.nn.functional as F
from torch import nn

from seqc import ops


class MambaMixer(nn.Module):
    """x [B, L, d] -> [B, L, d]; states are (last inputs of the convolution [B, 2 d, taps - 1], state of the scan [B, 2 d, n])."""

    def __init__(self, d, n=16, rank=4, taps=4):
        super().__init__()
        self.n, self.rank = n, rank
        wide = 2 * d
        self.in_proj = nn.Linear(d, 2 * wide, bias=False)
        self.conv_weight, self.conv_bias = nn.Parameter(torch.zeros(wide, taps)), nn.Parameter(torch.zeros(wide))
        self.x_proj = nn.Linear(wide, rank + 2 * n, bias=False)
        self.dt_proj, self.dt_bias = nn.Linear(rank, wide, bias=False), nn.Parameter(torch.zeros(wide))
        self.a_log, self.skip = nn.Parameter(torch.zeros(wide, n)), nn.Parameter(torch.zeros(wide))
        self.out_proj = nn.Linear(wide, d, bias=False)

    def forward(self, x, states=(None, None)):
        """(y, new states)"""
        u, z = self.in_proj(x).transpose(1, 2).chunk(2, 1)
        u, inputs = ops.short_conv_state(u, self.conv_weight, states[0], self.conv_bias, activation="silu")
        dt, b, c = self.x_proj(u.transpose(1, 2)).split([self.rank, self.n, self.n], -1)
        delta = self.dt_proj(dt).transpose(1, 2)
        b, c = (t.transpose(1, 2).unsqueeze(1) for t in (b, c))
        y, state = ops.selective_scan(u, delta, -self.a_log.exp(), b, c, self.skip, z, self.dt_bias, states[1], delta_softplus=True)
        return self.out_proj(y.transpose(1, 2)), (inputs, state)


class Mamba(nn.Module):
    """tokens i64 [B, L] -> logits f32 [B, L, 64]; any L."""

    vocabulary, d, wide, n, taps = 64, 64, 128, 16, 4

    def __init__(self, layers=2):
        super().__init__()
        self.tokens = nn.Embedding(self.vocabulary, self.d)
        self.mixers = nn.ModuleList(MambaMixer(self.d, self.n, taps=self.taps) for _ in range(layers))
        self.norms = nn.ModuleList(nn.RMSNorm(self.d, eps=1e-5) for _ in range(layers + 1))

    def run(self, tokens, states):
        """(logits, new states); states: one per layer"""
        x, after = self.tokens(tokens), []
        for norm, mixer, state in zip(self.norms, self.mixers, states):
            y, state = mixer(norm(x), state)
            x = x + y
            after.append(state)
        return F.linear(self.norms[-1](x), self.tokens.weight), after

    def forward(self, tokens):
        return self.run(tokens, [(None, None)] * len(self.mixers))[0]
