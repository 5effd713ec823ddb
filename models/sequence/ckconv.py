# SPDX-License-Identifier: Apache-2.0
"""CKConv (arXiv 2102.02611): causal convolutions whose dense kernels [out, in, L] are a network with sines of the relative position."""

import torch
import torch.nn.functional as F
from torch import nn


class KernelNet(nn.Module):
    """positions [L] -> kernels [out, in, L]; rows of the weights are normalised, each with a gain of its own."""

    def __init__(self, pairs, width=16, omega=20.0):
        super().__init__()
        self.omega = omega
        sizes = [(width, 1), (width, width), (pairs, width)]
        self.directions = nn.ParameterList(torch.ones(size) for size in sizes)
        self.gains = nn.ParameterList(torch.ones(size[0], 1) for size in sizes)
        self.biases = nn.ParameterList(torch.zeros(size[0]) for size in sizes)

    def forward(self, positions):
        h = positions[:, None]
        for i, (v, g, b) in enumerate(zip(self.directions, self.gains, self.biases)):
            h = F.linear(h, g * F.normalize(v, dim=1), b)
            h = torch.sin(self.omega * h) if i < 2 else h
        return h


class CKConv(nn.Module):
    """x [B, in, L] -> [B, out, L]. The product is per frequency, over the input channels; the kernel's last sample is that of lag 0."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.inputs, self.outputs = inputs, outputs
        self.net, self.bias = KernelNet(inputs * outputs), nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        length = x.shape[-1]
        # Lag j is at position 1 - 2 j / L, so that L samples cover (-1, 1].
        positions = 1.0 - torch.arange(length, dtype=x.dtype) * (2.0 / length)
        kernel = self.net(positions).transpose(0, 1) / (self.inputs * length) ** 0.5
        spectrum = torch.fft.rfft(kernel.reshape(self.outputs, self.inputs, length), n=2 * length).permute(2, 1, 0)
        signal = torch.fft.rfft(x, n=2 * length).permute(2, 0, 1)
        y = torch.fft.irfft(torch.matmul(signal, spectrum).permute(1, 2, 0), n=2 * length)
        return y[..., :length] + self.bias[:, None]


class CKBlock(nn.Module):
    """relu(shortcut + two convolutions with norm over channels and time)"""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1, self.norm1 = CKConv(inputs, outputs), nn.GroupNorm(1, outputs, eps=1e-12)
        self.conv2, self.norm2 = CKConv(outputs, outputs), nn.GroupNorm(1, outputs, eps=1e-12)
        self.shortcut = nn.Linear(inputs, outputs)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        return F.relu(self.shortcut(x.transpose(1, 2)).transpose(1, 2) + y)


class CkNet(nn.Module):
    """x f32 [B, 3, L] -> logits f32 [B, 5] from the last step; any L in PyTorch, one L per graph."""

    channels = 3

    def __init__(self, width=8):
        super().__init__()
        self.blocks = nn.ModuleList([CKBlock(self.channels, width), CKBlock(width, width)])
        self.final = nn.Linear(width, 5)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.final(x[..., -1])
