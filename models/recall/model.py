# SPDX-License-Identifier: Apache-2.0
"""Four language models of two layers that differ in their mixer alone: attention, S4D, H3, Hyena."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from models.recall.task import VOCABULARY
from models.ssm import DiagonalKernel, GluOut
from seqc import ops

MAX_LENGTH = 64


class Attention(nn.Module):
    """Causal, one head."""

    def __init__(self, d):
        super().__init__()
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, x):
        q, k, v = (t.unsqueeze(1) for t in self.qkv(x).chunk(3, -1))
        return self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).squeeze(1))


class S4D(nn.Module):
    def __init__(self, d, states=16):
        super().__init__()
        self.kernel, self.skip, self.out = DiagonalKernel(d, states), nn.Parameter(torch.randn(d)), GluOut(d)

    def forward(self, x):
        u = x.transpose(1, 2)
        (k,) = self.kernel(x.shape[1])
        return self.out(F.gelu(ops.long_conv(u, k, skip=self.skip).transpose(1, 2)))


class H3(nn.Module):
    """o = q (diagonal(shift(k) v)) with one channel per head; the shift system with B = e_0 is a short convolution whose taps are C."""

    def __init__(self, d, states=16, taps=4):
        super().__init__()
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.taps, self.shift_skip = nn.Parameter(torch.randn(d, taps)), nn.Parameter(torch.randn(d))
        self.kernel, self.skip = DiagonalKernel(d, states, discretization="bilinear"), nn.Parameter(torch.randn(d))

    def forward(self, x):
        q, k, v = self.qkv(x).transpose(1, 2).chunk(3, 1)
        shifted = ops.short_conv(k, self.taps) + self.shift_skip[:, None] * k
        (kernel,) = self.kernel(x.shape[1])
        y = ops.long_conv(shifted, kernel, skip=self.skip, pre_gate=v, post_gate=q)
        return self.out(y.transpose(1, 2))


class Filter(nn.Module):
    """Implicit kernel: a network with sines of features of the position, times a window that decays at a rate of its own per channel."""

    def __init__(self, d, width=32, features=9, w=4.0):
        super().__init__()
        t = torch.linspace(0, 1, MAX_LENGTH)[:, None]
        bands = torch.linspace(1e-4, (features - 1) / 2 - 1, (features - 1) // 2)
        phase = 2 * math.pi * torch.arange(MAX_LENGTH)[:, None] / MAX_LENGTH * bands
        self.z = nn.Parameter(torch.cat([t, phase.cos(), -phase.sin()], 1))
        self.freq = nn.Parameter(torch.full((width,), w))
        self.layers = nn.ModuleList([nn.Linear(features, width), nn.Linear(width, width)])
        self.last = nn.Linear(width, d, bias=False)
        rates = torch.linspace(math.log(0.01) / 1.5, math.log(0.01) / 0.3, d).abs()
        self.register_buffer("window", torch.exp(-t * rates))

    def forward(self, length):
        h = self.z[:length]
        for layer in self.layers:
            h = torch.sin(self.freq * layer(h))
        return (self.last(h) * self.window[:length]).transpose(0, 1)


class Hyena(nn.Module):
    """Order 2: y = x0 (filter * (x1 v)), all three through a short convolution first."""

    def __init__(self, d):
        super().__init__()
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.short_weight, self.short_bias = nn.Parameter(torch.randn(3 * d, 3) * 0.5), nn.Parameter(torch.zeros(3 * d))
        self.filter, self.skip = Filter(d), nn.Parameter(torch.randn(d))

    def forward(self, x):
        x0, x1, v = ops.short_conv(self.qkv(x).transpose(1, 2), self.short_weight, self.short_bias).chunk(3, 1)
        y = ops.long_conv(v, self.filter(x.shape[1]), skip=self.skip, pre_gate=x1, post_gate=x0)
        return self.out(y.transpose(1, 2))


MIXERS = {"attention": Attention, "s4d": S4D, "h3": H3, "hyena": Hyena}


class Block(nn.Module):
    def __init__(self, mixer, d):
        super().__init__()
        self.norm1, self.mixer = nn.LayerNorm(d), mixer(d)
        self.norm2, self.fc1, self.fc2 = nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        x = x + self.mixer(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


class Recall(nn.Module):
    """tokens i64 [B, L] -> logits f32 [B, L, 10]; L up to 64. Only the model with attention has positions."""

    def __init__(self, name, d=32, layers=2):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, d)
        nn.init.normal_(self.tokens.weight, std=0.3)
        self.positions = nn.Parameter(0.1 * torch.randn(MAX_LENGTH, d)) if name == "attention" else None
        self.blocks = nn.ModuleList(Block(MIXERS[name], d) for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, VOCABULARY, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens):
        x = self.tokens(tokens)
        if self.positions is not None:
            x = x + self.positions[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))
