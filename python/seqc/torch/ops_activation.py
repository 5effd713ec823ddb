# SPDX-License-Identifier: Apache-2.0
"""Activation functions, written out. 16-bit inputs are computed in f32, as torch does."""

import math

from .registry import emitter


class _Math:
    """Short names for the arithmetic of one value's type and shape."""

    def __init__(self, c, x):
        self.b, self.x = c.b, c.wide(x)

    def number(self, value):
        return self.b.constant(value, self.x.shape, self.x.dtype)

    def add(self, a, b):
        return self.b.binary("arith.addf", a, b)

    def mul(self, a, b):
        return self.b.binary("arith.mulf", a, b)

    def div(self, a, b):
        return self.b.binary("arith.divf", a, b)

    def scale(self, a, factor):
        return self.mul(a, self.number(factor))

    def exp(self, a):
        return self.b.unary("math.exp", a)

    def sigmoid(self, a):
        return self.div(self.number(1), self.add(self.number(1), self.exp(self.b.unary("arith.negf", a))))


def activation(*names):
    """Registers f(m, x, ...) of a widened x; the result is narrowed again."""

    def register(function):
        def emit(c, x, *args, **kwargs):
            m = _Math(c, x)
            return c.result(function(m, m.x, *args, **kwargs))

        emitter(*names)(emit)
        return function

    return register


@activation("sigmoid.default")
def _sigmoid(m, x):
    return m.sigmoid(x)


@activation("silu.default")
def _silu(m, x):
    return m.mul(x, m.sigmoid(x))


@activation("relu.default")
def _relu(m, x):
    return m.b.binary("arith.maximumf", x, m.number(0))


@activation("gelu.default")
def _gelu(m, x, approximate="none"):
    if approximate == "tanh":
        cube = m.mul(m.mul(x, x), x)
        inner = m.scale(m.add(x, m.scale(cube, 0.044715)), math.sqrt(2 / math.pi))
        gate = m.b.unary("math.tanh", inner)
    else:
        gate = m.b.unary("math.erf", m.scale(x, math.sqrt(0.5)))
    return m.mul(m.scale(x, 0.5), m.add(m.number(1), gate))


@activation("leaky_relu.default")
def _leaky_relu(m, x, negative_slope=0.01):
    return m.b.select(m.b.compare("gt", x, m.number(0)), x, m.scale(x, negative_slope))


@activation("elu.default")
def _elu(m, x, alpha=1, scale=1, input_scale=1):
    negative = m.scale(m.b.unary("math.expm1", m.scale(x, input_scale)), alpha)
    return m.scale(m.b.select(m.b.compare("gt", x, m.number(0)), x, negative), scale)


@activation("softplus.default")
def _softplus(m, x, beta=1, threshold=20):
    scaled = m.scale(x, beta)
    soft = m.scale(m.b.unary("math.log1p", m.exp(scaled)), 1 / beta)
    return m.b.select(m.b.compare("gt", scaled, m.number(threshold)), x, soft)
