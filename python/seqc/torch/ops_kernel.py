# SPDX-License-Identifier: Apache-2.0
"""Convolution kernels of diagonal systems, written out in real arithmetic."""

from .builder import COMPLEX_PARTS
from .errors import Unsupported
from .registry import emitter
from .reshape import broadcast_to, unsqueeze


class Parts:
    """A complex tensor as two real ones."""

    def __init__(self, b, re, im):
        self.b, self.re, self.im = b, re, im

    def __mul__(self, other):
        return Parts(self.b, self._sum("arith.subf", self.re, other.re, self.im, other.im), self._sum("arith.addf", self.re, other.im, self.im, other.re))

    def _sum(self, operation, a, b, c, d):
        return self.b.binary(operation, self.b.binary("arith.mulf", a, b), self.b.binary("arith.mulf", c, d))

    def scaled(self, real):
        return Parts(self.b, *(self.b.binary("arith.mulf", part, real) for part in (self.re, self.im)))

    def inverse(self):
        b = self.b
        size = self._sum("arith.addf", self.re, self.re, self.im, self.im)
        return Parts(b, b.binary("arith.divf", self.re, size), b.unary("arith.negf", b.binary("arith.divf", self.im, size)))

    def expm1(self):
        """exp - 1 without loss near 0: expm1(x) cos y - 2 sin^2(y / 2) + i exp(x) sin y."""
        b = self.b
        half = b.unary("math.sin", b.binary("arith.mulf", self.im, b.constant(0.5, self.im.shape, self.im.dtype)))
        square = b.binary("arith.mulf", b.binary("arith.mulf", half, half), b.constant(2, half.shape, half.dtype))
        real = b.binary("arith.subf", b.binary("arith.mulf", b.unary("math.expm1", self.re), b.unary("math.cos", self.im)), square)
        return Parts(b, real, b.binary("arith.mulf", b.unary("math.exp", self.re), b.unary("math.sin", self.im)))


@emitter("seqc.ssm_kernel.default")
def _ssm_kernel(c, A, B, C, dt, length, P=None, discretization="zoh", conjugate=True):
    if P is not None or discretization != "zoh":
        raise Unsupported("kernel of a system that is not diagonal with discretization zoh")
    b, dtype = c.b, COMPLEX_PARTS[C.dtype]
    rows, states = C.shape
    A, B, C = (Parts(b, *(broadcast_to(b, part, (rows, states)) for part in b.parts(x))) for x in (A, B, C))
    step = A.scaled(broadcast_to(b, unsqueeze(b, dt, [1]), (rows, states)))
    weight = C * B * step.expm1() * A.inverse()
    shape = (rows, states, length)
    positions = b.cast(b.iota(shape, 2), dtype)
    exponent, phase, real, imaginary = (b.broadcast(x, shape, [2]) for x in (step.re, step.im, weight.re, weight.im))
    phase = b.binary("arith.mulf", phase, positions)
    wave = b.binary("arith.subf", b.binary("arith.mulf", real, b.unary("math.cos", phase)), b.binary("arith.mulf", imaginary, b.unary("math.sin", phase)))
    decay = b.unary("math.exp", b.binary("arith.mulf", exponent, positions))
    kernel = b.reduce("arith.addf", 0, b.binary("arith.mulf", decay, wave), [1])
    return b.binary("arith.mulf", kernel, b.constant(2, kernel.shape, dtype)) if conjugate else kernel
