# SPDX-License-Identifier: Apache-2.0
"""Writes ExpandMathTables.h: polynomials of the math expansions (needs mpmath).

Each is the interpolant at Chebyshev nodes, computed with 60 digits and rounded once to double; it is within a small factor
of the best polynomial of its degree. Form and interval are given with each entry; the degree is the least that leaves
the approximation error well below half an ulp of the result (float or double).
"""
import sys
import mpmath as mp

mp.mp.dps = 60


def fit(function, low, high, degree):
    low, high = mp.mpf(low), mp.mpf(high)
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * degree + 2)) for i in range(degree + 1)]
    matrix = mp.matrix(degree + 1)
    values = mp.matrix(degree + 1, 1)
    for i, x in enumerate(nodes):
        values[i] = function(x)
        for j in range(degree + 1):
            matrix[i, j] = x**j
    return [float(c) for c in mp.lu_solve(matrix, values)]


def at_zero(function, limit):
    return lambda x: limit if abs(x) < mp.mpf(10) ** -25 else function(x)


root = mp.sqrt(mp.mpf(1) / 2)
exp2 = at_zero(lambda f: (2**f - 1) / f, mp.log(2))
exp = at_zero(lambda r: (mp.e**r - 1) / r, 1)
log2 = at_zero(lambda f: mp.log(1 + f, 2) / f, 1 / mp.log(2))
tanh = at_zero(lambda z: (mp.tanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, -mp.mpf(1) / 3)
erf = at_zero(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z), 2 / mp.sqrt(mp.pi))
scaled_erfc = lambda x: mp.log(mp.erfc(x), 2) + x**2 / mp.log(2)
sin = at_zero(lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, -mp.mpf(1) / 6)
cos = at_zero(lambda z: (mp.cos(mp.sqrt(z)) - 1) / z, -mp.mpf(1) / 2)

TABLES = [
    ("kExp2F32", "(2^f - 1) / f, f in [0, 1]", fit(exp2, 0, 1, 5)),
    ("kExp2F64", "(2^f - 1) / f, f in [0, 1]", fit(exp2, 0, 1, 12)),
    ("kExpF32", "(e^r - 1) / r, r in [-0.01, 0.72]", fit(exp, -0.01, 0.72, 5)),
    ("kExpF64", "(e^r - 1) / r, r in [-0.01, 0.72]", fit(exp, -0.01, 0.72, 12)),
    ("kLog2F32", "log2(1 + f) / f, f in [1/sqrt(2) - 1, sqrt(2) - 1]", fit(log2, root - 1, 2 * root - 1, 9)),
    ("kLog2F64", "log2(1 + f) / f, f in [1/sqrt(2) - 1, sqrt(2) - 1]", fit(log2, root - 1, 2 * root - 1, 21)),
    ("kTanhF32", "(tanh(x) / x - 1) / z, z = x^2, x in [0, 0.625]", fit(tanh, 0, 0.625**2, 5)),
    ("kErfF32", "erf(x) / x, z = x^2, x in [0, 1.25]", fit(erf, 0, 1.25**2, 7)),
    ("kErfcRootF32", "erfc(x)^(1/8), x in [1.25, 4]", fit(lambda x: mp.erfc(x) ** (mp.mpf(1) / 8), 1.25, 4, 8)),
    ("kTanhF64", "(tanh(x) / x - 1) / z, z = x^2, x in [0, 0.625]", fit(tanh, 0, 0.625**2, 11)),
    ("kErfF64", "erf(x) / x, z = x^2, x in [0, 1]", fit(erf, 0, 1, 12)),
    ("kErfcF64", "log2(erfc(t + 3.5) e^((t + 3.5)^2)), t in [-2.5, 2.5]", fit(lambda t: scaled_erfc(t + mp.mpf(7) / 2), -2.5, 2.5, 24)),
    ("kSinFullF64", "(sin(r) / r - 1) / z, z = r^2, r in [0, pi/4]", fit(sin, 0, (mp.pi / 4) ** 2, 6)),
    ("kCosFullF64", "(cos(r) - 1) / z, z = r^2, r in [0, pi/4]", fit(cos, 0, (mp.pi / 4) ** 2, 6)),
    ("kSinF64", "(sin(r) / r - 1) / z, z = r^2, r in [0, pi/4], for results rounded to float", fit(sin, 0, (mp.pi / 4) ** 2, 4)),
    ("kCosF64", "(cos(r) - 1) / z, z = r^2, r in [0, pi/4], for results rounded to float", fit(cos, 0, (mp.pi / 4) ** 2, 4)),
]

with open(sys.argv[1], "w") as out:
    out.write("// SPDX-License-Identifier: Apache-2.0\n// Written by ExpandMathFit.py. Coefficients in ascending powers.\n")
    out.write("#ifndef SEQC_LIB_CONVERSION_TILETOCPU_EMITMATHTABLES_H\n#define SEQC_LIB_CONVERSION_TILETOCPU_EMITMATHTABLES_H\n\nnamespace seqc {\n\n")
    for name, form, coefficients in TABLES:
        out.write(f"/// {form}\ninline constexpr double {name}[] = {{\n")
        for i in range(0, len(coefficients), 4):
            out.write("    " + ", ".join(c.hex() for c in coefficients[i : i + 4]) + ",\n")
        out.write("};\n")
    out.write("\n} // namespace seqc\n\n#endif // SEQC_LIB_CONVERSION_TILETOCPU_EMITMATHTABLES_H\n")
