# SPDX-License-Identifier: Apache-2.0
"""Monarch Mixer (arXiv 2310.12109): long convolutions in both directions mix the sequence, Monarch matrices and a butterfly mix the channels."""

import torch
import torch.nn.functional as F
from torch import nn

from seqc import ops


class MonarchLinear(nn.Module):
    """x [.., inputs] -> [.., outputs] by blocks of a `blocks`-th of the sizes; sizes that are no multiples are filled up and cut."""

    def __init__(self, inputs, outputs, blocks=4):
        super().__init__()
        self.outputs = outputs
        p, s = -(-inputs // blocks), -(-outputs // blocks)
        q, r = (p, p) if inputs < outputs else (s, s)
        self.first, self.second = nn.Parameter(torch.zeros(blocks, q, p)), nn.Parameter(torch.zeros(blocks, s, r))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return ops.monarch(x, self.first, self.second)[..., : self.outputs] + self.bias


class Block(nn.Module):
    """Gated convolution with explicit kernels that count lag 0 in both directions, then a gated network of Monarch matrices."""

    def __init__(self, d, taps, hidden):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.gates, self.out = nn.Linear(d, 2 * d), nn.Linear(d, d)
        self.past, self.future, self.skip = nn.Parameter(torch.zeros(d, taps)), nn.Parameter(torch.zeros(d, taps)), nn.Parameter(torch.zeros(d))
        self.twiddle = nn.Parameter(torch.zeros(d.bit_length() - 1, d // 2, 2, 2))
        self.up, self.gate, self.down = MonarchLinear(d, hidden), MonarchLinear(d, hidden), MonarchLinear(hidden, d)

    def forward(self, x):
        u = self.norm1(x)
        before, after = self.gates(u).transpose(1, 2).chunk(2, 1)
        y = ops.long_conv(u.transpose(1, 2), self.past, self.future, self.skip, before, after, mode="bidirectional", reverse_offset=0)
        x = x + self.out(ops.butterfly(y.transpose(1, 2), self.twiddle))
        u = self.norm2(x)
        return x + self.down(F.gelu(self.gate(u)) * self.up(u))


class MonarchMixer(nn.Module):
    """x f32 [B, L, 6] -> y f32 [B, L, 6]; any L."""

    channels = 6

    def __init__(self, d=32, taps=48, hidden=90, layers=2):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(self.channels, d), nn.Linear(d, self.channels)
        self.blocks = nn.ModuleList(Block(d, taps, hidden) for _ in range(layers))

    def forward(self, x):
        x = self.encoder(x)
        for block in self.blocks:
            x = block(x)
        return self.decoder(x)
