# SPDX-License-Identifier: Apache-2.0
"""Sizes and inputs at which the models of this folder are compared; numpy alone."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Case:
    """channels: of the input; 0 for tokens. dim: which dim of the input is L. over_time: whether the output has L. length: L if it is static."""

    channels: int
    sizes: tuple = ((3, 1), (2, 17), (1, 1000), (1, 16384))  # (B, L)
    dim: int = 1
    over_time: bool = True
    length: int = 0


VOCABULARY = 64
CASES = {
    "mamba": Case(0),
    "s5": Case(4, over_time=False),
    "dss": Case(4),
    "monarch": Case(6),
    "ckconv": Case(3, sizes=((3, 784), (1, 784)), dim=2, over_time=False, length=784),  # transforms have a static length
}


def example(name, b, n):
    """The input of a case: tokens, or channels of noise."""
    case, rng = CASES[name], np.random.default_rng(1000 * b + n)
    if case.channels == 0:
        return rng.integers(0, VOCABULARY, (b, n))
    return rng.standard_normal((b, n, case.channels) if case.dim == 1 else (b, case.channels, n)).astype(np.float32)
