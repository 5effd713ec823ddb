# SPDX-License-Identifier: Apache-2.0
"""DSS-exp (arXiv 2203.14343): diagonal systems over all complex eigenvalues, no conjugate pairs; causal convolution."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from seqc import ops


class DssLayer(nn.Module):
    """x [B, L, h] -> x + W gelu(conv(norm(x)) + D norm(x)); n eigenvalues that all channels share."""

    def __init__(self, h, n):
        super().__init__()
        self.norm, self.out = nn.LayerNorm(h), nn.Linear(h, h)
        self.log_a_real, self.a_freq, self.log_dt = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(h))
        self.w_real, self.w_imag, self.skip = nn.Parameter(torch.zeros(h, n)), nn.Parameter(torch.zeros(h, n)), nn.Parameter(torch.zeros(h))

    def forward(self, x):
        u = self.norm(x).transpose(1, 2)
        frequency = math.pi * self.a_freq * torch.arange(1, self.a_freq.shape[0] + 1)
        a = torch.complex(-self.log_a_real.exp(), frequency)
        b = torch.complex(torch.ones_like(frequency), torch.zeros_like(frequency))
        k = ops.ssm_kernel(a, b, torch.complex(self.w_real, self.w_imag), self.log_dt.exp(), x.shape[1], conjugate=False)
        y = ops.long_conv(u, k, skip=self.skip)
        return x + self.out(F.gelu(y.transpose(1, 2)))


class Dss(nn.Module):
    """x f32 [B, L, 4] -> y f32 [B, L, 2]; any L."""

    channels = 4

    def __init__(self, h=32, n=16, layers=2):
        super().__init__()
        self.encoder = nn.Linear(self.channels, h)
        self.layers = nn.ModuleList(DssLayer(h, n) for _ in range(layers))
        self.decoder = nn.Linear(h, 2)

    def forward(self, x):
        x = self.encoder(x)
        for layer in self.layers:
            x = layer(x)
        return self.decoder(x)
