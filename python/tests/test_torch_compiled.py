# SPDX-License-Identifier: Apache-2.0
"""The importer's operator tests once more, through the whole compiler and the runtime, in f32 against PyTorch."""

import unittest

import test_torch_ops
from torch_support import Compiled, needs_compiler, needs_torch


@needs_torch
@needs_compiler
class Pointwise(Compiled, test_torch_ops.Pointwise):
    pass


@needs_torch
@needs_compiler
class Reductions(Compiled, test_torch_ops.Reductions):
    pass


@needs_torch
@needs_compiler
class Shapes(Compiled, test_torch_ops.Shapes):
    pass


@needs_torch
@needs_compiler
class Creation(Compiled, test_torch_ops.Creation):
    pass


@needs_torch
@needs_compiler
class Products(Compiled, test_torch_ops.Products):
    pass


if __name__ == "__main__":
    unittest.main()
