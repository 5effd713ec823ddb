# SPDX-License-Identifier: Apache-2.0
"""Transformer classifier that reads a handwritten digit as a sequence of 64 pixels."""

import torch
import torch.nn.functional as F
from torch import nn

TOKENS, CLASSES = 64, 10


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)); bidirectional."""

    def __init__(self, d, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(d)
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)
        self.norm2 = nn.LayerNorm(d)
        self.fc1 = nn.Linear(d, hidden)
        self.fc2 = nn.Linear(hidden, d)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, d))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Digits(nn.Module):
    """pixels f32 [B, 64] in 0..1 -> logits f32 [B, 10]."""

    def __init__(self, d=64, heads=4, hidden=128, layers=3):
        super().__init__()
        self.embed = nn.Linear(1, d)
        self.positions = nn.Parameter(0.5 * torch.randn(TOKENS, d))
        self.blocks = nn.ModuleList(Block(d, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, CLASSES)

    def forward(self, pixels):
        x = self.embed(pixels.unsqueeze(-1)) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(dim=1))
