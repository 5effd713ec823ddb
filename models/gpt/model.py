# SPDX-License-Identifier: Apache-2.0
"""GPT-style decoder: learned positions, pre-norm blocks with causal attention and GELU (tanh form), head tied to the token table."""

import dataclasses

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass
class Config:
    vocabulary: int = 64
    positions: int = 4096
    d: int = 128
    heads: int = 4
    layers: int = 4


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        d = config.d
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(d)
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)
        self.norm2 = nn.LayerNorm(d)
        self.fc1 = nn.Linear(d, 4 * d)
        self.fc2 = nn.Linear(4 * d, d)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = (t.view(b, n, self.heads, d // self.heads).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, dim=-1))
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, n, d))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


class GPT(nn.Module):
    """tokens i64 [B, L] -> logits f32 [B, L, vocabulary]; L up to `positions`."""

    def __init__(self, config=None):
        super().__init__()
        config = config or Config()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.d)
        self.positions = nn.Parameter(torch.zeros(config.positions, config.d))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.d)
        self.head = nn.Linear(config.d, config.vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))
