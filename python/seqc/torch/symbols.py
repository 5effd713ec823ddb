# SPDX-License-Identifier: Apache-2.0
"""Sizes: Python integers or sympy expressions over torch's symbols, their names, and their text as `seq.assume` expressions."""

import sympy

from .errors import Unsupported


def size(value):
    """A torch size (int or SymInt) as an int or a sympy expression."""
    if isinstance(value, int):
        return int(value)
    expression = value.node.expr if hasattr(value, "node") else sympy.sympify(value)
    return int(expression) if expression.is_Integer else expression


def shape_of(tensor):
    return tuple(size(extent) for extent in tensor.shape)


def is_static(extent):
    return isinstance(extent, int)


def same(a, b):
    """Whether two sizes are provably equal."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return a == b or sympy.expand(sympy.sympify(a) - sympy.sympify(b)) == 0


def product(extents):
    result = 1
    for extent in extents:
        result = result * extent
    if isinstance(result, int):
        return result
    result = sympy.expand(result)
    return int(result) if result.is_Integer else result


def solve(expression):
    """(symbol, a, b) of the size a * symbol + b, or None."""
    symbols = list(expression.free_symbols)
    if len(symbols) != 1:
        return None
    symbol = symbols[0]
    polynomial = sympy.Poly(expression, symbol) if expression.is_polynomial(symbol) else None
    if polynomial is None or polynomial.degree() != 1:
        return None
    a, b = polynomial.all_coeffs()
    return (symbol, int(a), int(b)) if a.is_Integer and b.is_Integer and a > 0 else None


# Operators of torch's and sympy's size expressions: name of the class -> (index op, infix text)
BINARY = {
    "FloorDiv": ("arith.floordivsi", "({} / {})"),
    "CleanDiv": ("arith.floordivsi", "({} / {})"),
    "Mod": ("arith.remsi", "({} % {})"),
    "PythonMod": ("arith.remsi", "({} % {})"),
    "Max": ("arith.maxsi", "max({}, {})"),
    "Min": ("arith.minsi", "min({}, {})"),
}
RELATIONS = {"Equality": "==", "Unequality": "!=", "StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">="}


def fold(expression, leaf, add, multiply, binary):
    """Evaluates a size expression: leaf(int or symbol), add(a, b), multiply(a, b), binary(class name, a, b)."""

    def visit(e):
        if isinstance(e, int) or e.is_Integer:
            return leaf(int(e))
        if e.is_Symbol:
            return leaf(e)
        name = type(e).__name__
        if e.is_Pow and e.exp.is_Integer and e.exp > 0:
            parts, combine = [e.base] * int(e.exp), multiply
        elif e.is_Add or e.is_Mul:
            parts, combine = list(e.args), add if e.is_Add else multiply
        elif name in BINARY:
            parts, combine = list(e.args), lambda a, b: binary(name, a, b)
        else:
            raise Unsupported(f"size expression {e}")
        result = visit(parts[0])
        for part in parts[1:]:
            result = combine(result, visit(part))
        return result

    return visit(expression)


def text(expression, names):
    """Infix text of a size over dim names, as `seq.assume` reads it. `names`: symbol -> name."""

    def leaf(e):
        if isinstance(e, int):
            return str(e)
        if e not in names:
            raise Unsupported(f"size {e} that no input has")
        return names[e]

    return fold(expression, leaf, lambda a, b: f"({a} + {b})", lambda a, b: f"({a} * {b})", lambda name, a, b: BINARY[name][1].format(a, b))


def relation_text(condition, names):
    """Text of a comparison of sizes, or None if it is no such comparison."""
    operator = RELATIONS.get(type(condition).__name__)
    if operator is None:
        return None
    try:
        return f"{text(condition.lhs, names)} {operator} {text(condition.rhs, names)}"
    except Unsupported:
        return None
