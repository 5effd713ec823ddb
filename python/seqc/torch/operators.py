# SPDX-License-Identifier: Apache-2.0
"""All emitters: importing this module fills the table. Needs no torch."""

from . import ops_activation, ops_complex, ops_create, ops_kernel, ops_matmul, ops_pointwise, ops_reduce, ops_sequence, ops_shape  # noqa: F401
from .registry import EMITTERS

__all__ = ["EMITTERS"]
