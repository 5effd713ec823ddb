# SPDX-License-Identifier: Apache-2.0
"""Parts of state-space models that several models here share."""

import math

import torch
from torch import nn

from seqc import ops


def log_steps(d, low=1e-3, high=1e-1):
    """Logarithms of step sizes, uniform between those of low and high."""
    return torch.empty(d).uniform_(math.log(low), math.log(high))


class DiagonalKernel(nn.Module):
    """S4D (arXiv 2206.11893): kernels [heads, d, length] of diagonal systems with n conjugate pairs; `heads` output maps share the states."""

    def __init__(self, d, n, heads=1, low=1e-3, high=1e-1, discretization="zoh"):
        super().__init__()
        self.discretization = discretization
        self.log_dt = nn.Parameter(log_steps(d, low, high))
        self.log_a_real = nn.Parameter(torch.full((d, n), math.log(0.5)))
        self.a_imag = nn.Parameter(math.pi * torch.arange(n).repeat(d, 1))
        self.c = nn.Parameter(torch.randn(heads, d, n, 2) * math.sqrt(0.5))

    def forward(self, length):
        a = torch.complex(-self.log_a_real.exp(), self.a_imag)
        b = torch.complex(torch.ones_like(self.a_imag), torch.zeros_like(self.a_imag))
        return [ops.ssm_kernel(a, b, torch.view_as_complex(c), self.log_dt.exp(), length, discretization=self.discretization) for c in self.c]


class GluOut(nn.Module):
    """Linear to twice the width, half of it the gate of the other half."""

    def __init__(self, d):
        super().__init__()
        self.linear = nn.Linear(d, 2 * d)

    def forward(self, x):
        value, gate = self.linear(x).chunk(2, -1)
        return value * torch.sigmoid(gate)
