# SPDX-License-Identifier: Apache-2.0
"""Elementwise operators."""

import math

from .builder import COMPLEX_PARTS, Value, is_complex, is_float
from .errors import Unsupported
from .registry import emitter

# ATen name -> op on floats
UNARY_FLOAT = {
    "exp.default": "math.exp",
    "exp2.default": "math.exp2",
    "expm1.default": "math.expm1",
    "log.default": "math.log",
    "log2.default": "math.log2",
    "log1p.default": "math.log1p",
    "sqrt.default": "math.sqrt",
    "rsqrt.default": "math.rsqrt",
    "tanh.default": "math.tanh",
    "erf.default": "math.erf",
    "sin.default": "math.sin",
    "cos.default": "math.cos",
    "floor.default": "math.floor",
    "ceil.default": "math.ceil",
    "round.default": "math.roundeven",
    "trunc.default": "math.trunc",
}
# ATen name -> (op on floats, on integers, on bools)
BINARY = {
    "mul": ("arith.mulf", "arith.muli", "arith.andi"),
    "maximum": ("arith.maximumf", "arith.maxsi", "arith.ori"),
    "minimum": ("arith.minimumf", "arith.minsi", "arith.andi"),
}
BITWISE = {"and": "arith.andi", "or": "arith.ori", "xor": "arith.xori"}
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


def _unary(operation):
    def emit(c, x):
        return c.b.unary(operation, c.operand(x)) if is_float(c.dtype) or is_complex(c.dtype) else x

    return emit


for _name, _operation in UNARY_FLOAT.items():
    emitter(_name)(_unary(_operation))


def arithmetic(c, name, a, b):
    """add, sub, mul, maximum, minimum of two values of one type."""
    operations = {"add": ("arith.addf", "arith.addi", "arith.ori"), "sub": ("arith.subf", "arith.subi", "arith.xori"), **BINARY}[name]
    return c.b.binary(operations[0 if is_float(a.dtype) or is_complex(a.dtype) else 2 if a.dtype == "i1" else 1], a, b)


def _binary(name):
    def emit(c, a, b):
        return arithmetic(c, name, c.operand(a), c.operand(b))

    return emit


emitter("mul.Tensor", "mul.Scalar")(_binary("mul"))
emitter("maximum.default")(_binary("maximum"))
emitter("minimum.default")(_binary("minimum"))


def _scaled(c, name, a, b, alpha):
    second = c.operand(b) if alpha == 1 else arithmetic(c, "mul", c.operand(b), c.operand(alpha))
    return arithmetic(c, name, c.operand(a), second)


@emitter("add.Tensor", "add.Scalar")
def _add(c, a, b, alpha=1):
    return _scaled(c, "add", a, b, alpha)


@emitter("sub.Tensor", "sub.Scalar")
def _sub(c, a, b, alpha=1):
    return _scaled(c, "sub", a, b, alpha)


@emitter("rsub.Scalar", "rsub.Tensor")
def _rsub(c, a, b, alpha=1):
    return _scaled(c, "sub", b, a, alpha)


@emitter("div.Tensor", "div.Scalar", "true_divide.Tensor")
def _div(c, a, b):
    return c.b.binary("arith.divf", c.operand(a), c.operand(b))


@emitter("div.Tensor_mode", "div.Scalar_mode")
def _div_mode(c, a, b, rounding_mode=None):
    a, b = c.operand(a), c.operand(b)
    if not is_float(c.dtype):
        return c.b.binary({"floor": "arith.floordivsi", "trunc": "arith.divsi"}[rounding_mode], a, b)
    quotient = c.b.binary("arith.divf", a, b)
    return c.b.unary({"floor": "math.floor", "trunc": "math.trunc"}[rounding_mode], quotient) if rounding_mode else quotient


@emitter("floor_divide.default", "floor_divide.Scalar")
def _floor_divide(c, a, b):
    return _div_mode(c, a, b, "floor")


@emitter("remainder.Tensor", "remainder.Scalar")
def _remainder(c, a, b):
    quotient = _div_mode(c, a, b, "floor")
    return arithmetic(c, "sub", c.operand(a), arithmetic(c, "mul", quotient, c.operand(b)))


@emitter("fmod.Tensor", "fmod.Scalar")
def _fmod(c, a, b):
    if not is_float(c.dtype):
        return c.b.binary("arith.remsi", c.operand(a), c.operand(b))
    return arithmetic(c, "sub", c.operand(a), arithmetic(c, "mul", _div_mode(c, a, b, "trunc"), c.operand(b)))


@emitter("reciprocal.default")
def _reciprocal(c, x):
    return c.b.binary("arith.divf", c.operand(1), c.operand(x))


@emitter("neg.default")
def _neg(c, x):
    return c.b.unary("arith.negf", x) if is_float(x.dtype) or is_complex(x.dtype) else c.b.binary("arith.subi", c.operand(0), x)


@emitter("abs.default")
def _abs(c, x):
    if is_complex(x.dtype):
        return c.b.map("complex.abs", (x,), COMPLEX_PARTS[x.dtype])
    return c.b.unary("math.absf" if is_float(x.dtype) else "math.absi", x)


@emitter("square.default")
def _square(c, x):
    return arithmetic(c, "mul", x, x)


@emitter("pow.Tensor_Scalar", "pow.Tensor_Tensor", "pow.Scalar")
def _pow(c, base, exponent):
    b = c.b
    if isinstance(exponent, Value) or not isinstance(exponent, (int, float)):
        if not is_float(c.dtype):
            raise Unsupported(f"power of {c.dtype} by a tensor")
        return b.binary("math.powf", c.operand(base), c.operand(exponent))
    x = c.operand(base)
    if exponent == int(exponent) and 0 <= abs(exponent) <= 8 and (exponent >= 0 or is_float(c.dtype) or is_complex(c.dtype)):
        power = c.operand(1) if exponent == 0 else x
        for _ in range(int(abs(exponent)) - 1):
            power = arithmetic(c, "mul", power, x)
        return power if exponent >= 0 else b.binary("arith.divf", c.operand(1), power)
    if not is_float(c.dtype):
        raise Unsupported(f"power {exponent} of {c.dtype}")
    if exponent == 0.5:
        return b.unary("math.sqrt", x)
    if exponent == -0.5:
        return b.unary("math.rsqrt", x)
    return b.binary("math.powf", x, c.operand(exponent))


@emitter("sign.default")
def _sign(c, x):
    b, zero = c.b, c.operand(0)
    sign = b.select(b.compare("lt", x, zero), c.operand(-1), zero)
    return b.select(b.compare("gt", x, zero), c.operand(1), sign)


# Comparisons and logic


def _compare(predicate):
    def emit(c, a, b):
        dtype = c.promoted()
        return c.b.compare(predicate, c.operand(a, dtype), c.operand(b, dtype))

    return emit


for _predicate in COMPARISONS:
    emitter(f"{_predicate}.Tensor", f"{_predicate}.Scalar")(_compare(_predicate))


def _bitwise(operation):
    def emit(c, a, b):
        return c.b.binary(operation, c.operand(a), c.operand(b))

    return emit


for _name, _operation in BITWISE.items():
    emitter(f"bitwise_{_name}.Tensor", f"bitwise_{_name}.Scalar", f"logical_{_name}.default", f"__{_name}__.Tensor", f"__{_name}__.Scalar")(_bitwise(_operation))


@emitter("logical_not.default", "bitwise_not.default")
def _not(c, x):
    return c.b.binary("arith.xori", c.operand(x), c.operand(True if c.dtype == "i1" else -1))


@emitter("isnan.default")
def _isnan(c, x):
    return c.b.compare("ne", x, x)


@emitter("isinf.default")
def _isinf(c, x):
    return c.b.compare("eq", c.b.unary("math.absf", x), c.operand(math.inf, x.dtype))


@emitter("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")
def _where(c, condition, a, b):
    return c.b.select(c.operand(condition, "i1"), c.operand(a), c.operand(b))


@emitter("masked_fill.Scalar", "masked_fill.Tensor")
def _masked_fill(c, x, mask, value):
    return c.b.select(c.operand(mask, "i1"), c.operand(value), c.operand(x))


@emitter("clamp.default", "clamp.Tensor", "hardtanh.default")
def _clamp(c, x, min=None, max=None):
    x = c.operand(x)
    if min is not None:
        x = arithmetic(c, "maximum", x, c.operand(min))
    return x if max is None else arithmetic(c, "minimum", x, c.operand(max))


@emitter("clamp_min.default", "clamp_min.Tensor")
def _clamp_min(c, x, min):
    return _clamp(c, x, min)


@emitter("clamp_max.default", "clamp_max.Tensor")
def _clamp_max(c, x, max):
    return _clamp(c, x, None, max)


@emitter("_to_copy.default", "to.dtype", "to.device", "to.dtype_layout", "to.other", "type_as.default")
def _to(c, x, *args, **kwargs):
    return c.b.cast(x, c.dtype)
