# SPDX-License-Identifier: Apache-2.0
"""Convolution kernels of state-space models: what x_t = Abar x_{t-1} + Bbar u_t, y_t = C x_t answers to an impulse."""

from typing import Optional

import torch
from torch import Tensor

from ._register import expects, register

DISCRETIZATIONS = ("zoh", "bilinear", "softmax")


def _diagonal(A, B, C, dt, length, discretization):
    """sum_n C Bbar Abar^l [D, length]; A and B [D or 1, N], C [D, N], dt [D]."""
    step = dt[:, None] * A
    exponent = torch.log((1 + step / 2) / (1 - step / 2)) if discretization == "bilinear" else step
    powers = torch.exp(exponent[:, :, None] * torch.arange(length, device=A.device))
    if discretization == "zoh":
        inputs = torch.expm1(step) / A * B
    elif discretization == "bilinear":
        inputs = dt[:, None] / (1 - step / 2) * B
    else:
        inputs = B / (A * powers.sum(-1))
    return torch.einsum("dn,dnl->dl", C * inputs, powers)


def _dense_powers(Abar, Bbar, length):
    """Abar^l Bbar for l < length, [D, N, length]: the columns double in every step."""
    columns, power = Bbar[..., None], Abar
    while columns.shape[-1] < length:
        columns = torch.cat([columns, power @ columns], -1)
        power = power @ power
    return columns[..., :length]


def _low_rank(A, B, C, P, dt, length):
    """The same for A - P P*, bilinear; the other half of the spectrum is conjugate to this one and is made here, because P couples the two."""
    A, B, C, P = (torch.cat([x, x.conj()], -1) for x in (A, B, C, P))
    dense = torch.diag_embed(A) - P[..., :, None] * P.conj()[..., None, :]
    half = dt[:, None, None] / 2 * dense
    eye = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
    Abar, Bbar = torch.linalg.solve(eye - half, eye + half), torch.linalg.solve(eye - half, dt[:, None] * B)
    return torch.einsum("dn,dnl->dl", C, _dense_powers(Abar, Bbar, length)) / 2


def _kernel_fake(A, B, C, dt, length, P=None, discretization="zoh", conjugate=True):
    return dt.new_empty((dt.shape[0], length))


@register("ssm_kernel", _kernel_fake)
def ssm_kernel(A: Tensor, B: Tensor, C: Tensor, dt: Tensor, length: int, P: Optional[Tensor] = None, discretization: str = "zoh", conjugate: bool = True) -> Tensor:
    """k[d, l] = Re sum_n C[d, n] Abar^l Bbar, real [D, length]: S4D and DSS without P (Vandermonde), S4 with it (A - P P*, Cauchy).

    A, B, P complex [N] or [D, N]; C complex [D, N]; dt real [D]. conjugate: the conjugates of all eigenvalues belong to the system too, so that the sum
    is twice the real part; without it A, B and C may be real (Mega). Abar, Bbar: zoh exp(dt A), (exp(dt A) - 1) / A B; bilinear (1 + dt A / 2) /
    (1 - dt A / 2), dt / (1 - dt A / 2) B; softmax (DSS) exp(dt A), B / (A sum over l < length of Abar^l). With P: bilinear and conjugate.
    """
    expects(discretization in DISCRETIZATIONS, f"expects discretization zoh, bilinear or softmax, but got {discretization!r}")
    expects(not conjugate or C.is_complex(), "expects complex parameters of a system with conjugate pairs")
    expects(P is None or (discretization == "bilinear" and conjugate), "expects a low-rank part with bilinear discretization and conjugate pairs")
    A, B, P = (x if x is None or x.dim() == 2 else x[None].expand(C.shape) for x in (A, B, P))
    k = _diagonal(A, B, C, dt, length, discretization) if P is None else _low_rank(A, B, C, P, dt, length)
    return k.real * 2 if conjugate else torch.real(k)
