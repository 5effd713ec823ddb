# SPDX-License-Identifier: Apache-2.0
"""S5 (arXiv 2208.04933): one complex system with many inputs and outputs per layer, scanned in both directions."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from seqc import ops


def real_product(pair, re, im):
    """Re(C x) with C = pair[0] + i pair[1] [H, P] and x [B, P, L]."""
    return pair[0] @ re - pair[1] @ im


class S5Layer(nn.Module):
    """x [B, L, h] -> x + s sigmoid(W gelu(s)), s the system's output for norm(x); p states stand for conjugate pairs."""

    def __init__(self, h, p):
        super().__init__()
        self.norm = nn.LayerNorm(h, eps=1e-6)
        self.log_a_real, self.a_freq, self.log_dt = nn.Parameter(torch.zeros(p)), nn.Parameter(torch.zeros(p)), nn.Parameter(torch.zeros(p))
        self.b, self.c_past, self.c_future = nn.Parameter(torch.zeros(2, p, h)), nn.Parameter(torch.zeros(2, h, p)), nn.Parameter(torch.zeros(2, h, p))
        self.skip = nn.Parameter(torch.zeros(h))
        self.gate = nn.Linear(h, h)

    def forward(self, x):
        u = self.norm(x).transpose(1, 2)
        frequency = math.pi * self.a_freq * torch.arange(1, self.a_freq.shape[0] + 1)
        a = torch.complex(-self.log_a_real.exp(), frequency)
        factor = torch.exp(a * self.log_dt.exp())
        inputs = (factor - 1) / a
        b = inputs[:, None] * torch.complex(self.b[0] @ u, self.b[1] @ u)
        past, _ = ops.linear_scan(factor, b)
        future, _ = ops.linear_scan(factor, b, reverse=True)
        s = real_product(self.c_past, past.real, past.imag) + real_product(self.c_future, future.real, future.imag)
        s = (2 * s + self.skip[:, None] * u).transpose(1, 2)
        return x + s * torch.sigmoid(self.gate(F.gelu(s, approximate="tanh")))


class S5(nn.Module):
    """x f32 [B, L, 4] -> log probabilities f32 [B, 10]; any L."""

    channels = 4

    def __init__(self, h=32, p=16, layers=2):
        super().__init__()
        self.encoder = nn.Linear(self.channels, h)
        self.layers = nn.ModuleList(S5Layer(h, p) for _ in range(layers))
        self.decoder = nn.Linear(h, 10)

    def forward(self, x):
        x = self.encoder(x)
        for layer in self.layers:
            x = layer(x)
        return F.log_softmax(self.decoder(x.mean(1)), -1)
