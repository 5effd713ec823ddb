# SPDX-License-Identifier: Apache-2.0
"""S4D classifier that reads a handwritten digit as a sequence of 64 pixels, in both directions."""

import torch.nn.functional as F
from torch import nn
import torch

from models.ssm import DiagonalKernel, GluOut
from seqc import ops

TOKENS, CLASSES = 64, 10


class Block(nn.Module):
    """x + glu(gelu(ssm(norm(x)))); the kernel of the past covers lag 0, that of the future starts at lag 1."""

    def __init__(self, d, states):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.kernel = DiagonalKernel(d, states, heads=2, low=1e-2)
        self.skip = nn.Parameter(torch.randn(d))
        self.out = GluOut(d)

    def forward(self, x):
        u = self.norm(x).transpose(1, 2)
        past, future = self.kernel(TOKENS)
        y = ops.long_conv(u, past, future, skip=self.skip, mode="bidirectional", reverse_offset=1)
        return x + self.out(F.gelu(y.transpose(1, 2)))


class S4dDigits(nn.Module):
    """pixels f32 [B, 64] in 0..1 -> logits f32 [B, 10]."""

    def __init__(self, d=48, states=16, layers=3):
        super().__init__()
        self.embed = nn.Linear(1, d)
        self.blocks = nn.ModuleList(Block(d, states) for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, CLASSES)

    def forward(self, pixels):
        x = self.embed(pixels.unsqueeze(-1))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(dim=1))
