#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the reference interpreter against NumPy in fp64: independent formulas, random inputs and options.

usage: cross_check_interpreter.py <seqc-interp> [--count N] [--seed S]
A failure prints the seed; the files of the failing run are kept. Exit 1 if one differs."""
import argparse
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

TOLERANCE = 1e-11
TYPES = {"float64": "f64", "int32": "i32", "int64": "i64", "bool": "i1"}


def tensor(array, element=None):
    return "tensor<" + "".join(f"{d}x" for d in array.shape) + (element or TYPES[array.dtype.name]) + ">"


def run(tool, folder, text, inputs, results):
    """Results of @main of the module."""
    (folder / "case.mlir").write_text(text)
    command = [tool, str(folder / "case.mlir")]
    for i, x in enumerate(inputs):
        np.save(folder / f"in{i}.npy", x)
        command.append(f"--input={folder}/in{i}.npy")
    command += [f"--output={folder}/out{i}.npy" for i in range(results)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [np.load(folder / f"out{i}.npy") for i in range(results)]


def module(inputs, body, outputs):
    arguments = ", ".join(f"%{name}: {tensor(x)}" for name, x in inputs.items())
    types = ", ".join(t for _, t in outputs)
    return f"func.func @main({arguments}) -> ({types}) {{\n{body}\n  return {', '.join(n for n, _ in outputs)} : {types}\n}}\n"


# -- attention: whole matrices with masks, where the interpreter has loops over rows ------------------------------------------


def attention_numpy(x, o):
    """o: options. Scores of all pairs at once, the sink as one more column, weights by subtraction of the log of the sum."""
    q, k, v = x["q"], x["k"], x["v"]
    B, H, M, D = q.shape
    N = k.shape[2]
    k, v = (np.repeat(t, H // k.shape[1], axis=1) for t in (k, v))
    m, n = np.arange(M)[:, None], np.arange(N)[None, :]
    lengths = np.clip(x["lengths"], 0, N) if "lengths" in x else np.full(B, N)
    s = np.einsum("bhmd,bhnd->bhmn", q, k) * (o["scale"] or 1 / math.sqrt(D))
    if o["softcap"]:
        s = o["softcap"] * np.tanh(s / o["softcap"])
    if "bias" in x:
        s = s + x["bias"]
    visible = np.broadcast_to(n < lengths[:, None, None, None], s.shape).copy()
    offset = (lengths - M)[:, None, None, None] if o["causal"] == "bottom_right" else 0
    if o["causal"] != "none":
        visible &= n <= m + offset
    if o["left"] is not None:
        visible &= n >= m + offset - o["left"]
    if o["right"] is not None:
        visible &= n <= m + offset + o["right"]
    s = np.where(visible, s, -np.inf)
    if "sinks" in x:
        s = np.concatenate([s, np.broadcast_to(x["sinks"][None, :, None, None], (B, H, M, 1))], axis=3)
        v = np.concatenate([v, np.zeros((B, H, 1, v.shape[3]))], axis=2)
    lse = np.logaddexp.reduce(s, axis=3, initial=-np.inf)
    p = np.exp(s - np.where(np.isinf(lse), 0, lse)[..., None])
    return [p @ v, lse]


def check_attention(rng):
    pick = lambda *values: values[rng.integers(len(values))]
    B, HK, G, M, N, D, DV = pick(1, 3), pick(1, 2), pick(1, 3), pick(0, 1, 5, 17), pick(0, 1, 6, 19), pick(1, 4, 7), pick(1, 5)
    H = HK * G
    x = {"q": rng.normal(size=(B, H, M, D)), "k": rng.normal(size=(B, HK, N, D)), "v": rng.normal(size=(B, HK, N, DV))}
    o = {"causal": pick("none", "top_left", "bottom_right"), "left": pick(None, 0, 3), "right": pick(None, 0, 2), "softcap": pick(None, 1.5), "scale": pick(None, 0.3)}
    clauses = ""
    if pick(0, 1):
        x["bias"] = rng.normal(size=(pick(1, B), pick(1, H), pick(1, M), pick(1, N)))
        clauses += f" bias(%bias : {tensor(x['bias'])})"
    if pick(0, 1):
        x["sinks"] = rng.normal(size=H)
        clauses += f" sinks(%sinks : {tensor(x['sinks'])})"
    if pick(0, 1):
        x["lengths"] = rng.integers(-1, N + 2, size=B).astype(np.int32)
        clauses += f" kv_lengths(%lengths : {tensor(x['lengths'])})"
    attributes = [f'causal = "{o["causal"]}"']
    attributes += [f"{name} = {o[key]} : {t}" for name, key, t in
                   (("window_left", "left", "i64"), ("window_right", "right", "i64"), ("softcap", "softcap", "f64"), ("scale", "scale", "f64")) if o[key] is not None]
    out, lse = f"tensor<{B}x{H}x{M}x{DV}xf64>", f"tensor<{B}x{H}x{M}xf64>"
    body = (f"  %o, %l = seq.attention %q, %k, %v{clauses} {{{', '.join(attributes)}}} : {tensor(x['q'])}, {tensor(x['k'])}, {tensor(x['v'])}"
            f" -> {out}, {lse}")
    return module(x, body, [("%o", out), ("%l", lse)]), x, attention_numpy(x, o)


# -- other forms -------------------------------------------------------------------------------------------------------------


def check_matmul(rng):
    m, k, n = rng.integers(0, 9, size=3)
    x = {"a": rng.normal(size=(m, k)), "b": rng.normal(size=(k, n))}
    t = f"tensor<{m}x{n}xf64>"
    body = (f"  %z = arith.constant dense<0.0> : {t}\n"
            f"  %y = linalg.matmul ins(%a, %b : {tensor(x['a'])}, {tensor(x['b'])}) outs(%z : {t}) -> {t}")
    return module(x, body, [("%y", t)]), x, [np.einsum("mk,kn->mn", x["a"], x["b"])]


def check_functions(rng):
    x = {"a": rng.normal(size=11) * 2, "b": rng.normal(size=11)}
    t = tensor(x["a"])
    erf = np.vectorize(math.erf)
    unary = {"math.exp": np.exp, "math.exp2": np.exp2, "math.expm1": np.expm1, "math.tanh": np.tanh, "math.erf": erf, "math.sin": np.sin, "math.cos": np.cos,
             "math.floor": np.floor, "math.ceil": np.ceil, "math.roundeven": np.rint, "math.trunc": np.trunc, "math.absf": np.abs, "arith.negf": np.negative}
    binary = {"arith.addf": np.add, "arith.subf": np.subtract, "arith.mulf": np.multiply, "arith.divf": np.divide, "arith.remf": np.fmod, "arith.maximumf": np.maximum,
              "arith.minimumf": np.minimum, "arith.maxnumf": np.fmax, "arith.minnumf": np.fmin, "math.copysign": np.copysign}
    x["a"][0], x["b"][1], x["a"][2] = np.nan, np.nan, np.inf
    lines = [f"  %u{i} = {name} %a : {t}" for i, name in enumerate(unary)] + [f"  %v{i} = {name} %a, %b : {t}" for i, name in enumerate(binary)]
    with np.errstate(all="ignore"):
        expected = [f(x["a"]) for f in unary.values()] + [f(x["a"], x["b"]) for f in binary.values()]
    return module(x, "\n".join(lines), [(line.split()[0], t) for line in lines]), x, expected


def check_shapes(rng):
    b, l, d = rng.integers(1, 6, size=3)
    x = {"a": rng.normal(size=(b, l, d)), "i": rng.integers(0, l, size=(4, 1))}
    t, taken = tensor(x["a"]), f"tensor<4x{b}x{d}xf64>"
    moved, summed, joined, padded = f"tensor<{d}x{b}x{l}xf64>", f"tensor<{b}x{d}xf64>", f"tensor<{b}x{2 * l}x{d}xf64>", f"tensor<{b}x{l + 3}x{d}xf64>"
    flat, cut = f"tensor<{b * l}x{d}xf64>", f"tensor<{b}x{(l + 1) // 2}x{d}xf64>"
    body = f"""  %e = tensor.empty() : {moved}
  %t = linalg.transpose ins(%a : {t}) outs(%e : {moved}) permutation = [2, 0, 1]
  %z = arith.constant dense<0.0> : {summed}
  %s = linalg.reduce {{ arith.addf }} ins(%a : {t}) outs(%z : {summed}) dimensions = [1]
  %g = tensor.gather %a[%i] gather_dims([1]) : ({t}, {tensor(x['i'])}) -> {taken}
  %c = tensor.concat dim(1) %a, %a : ({t}, {t}) -> {joined}
  %w = arith.constant -2.5 : f64
  %p = tensor.pad %a low[0, 1, 0] high[0, 2, 0] {{
  ^bb0(%i0: index, %i1: index, %i2: index):
    tensor.yield %w : f64
  }} : {t} to {padded}
  %f = tensor.collapse_shape %a [[0, 1], [2]] : {t} into {flat}
  %x = tensor.extract_slice %a[0, 0, 0] [{b}, {(l + 1) // 2}, {d}] [1, 2, 1] : {t} to {cut}"""
    a = x["a"]
    expected = [a.transpose(2, 0, 1), a.sum(1), np.moveaxis(np.take(a, x["i"][:, 0], axis=1), 1, 0), np.concatenate([a, a], 1),
                np.pad(a, ((0, 0), (1, 2), (0, 0)), constant_values=-2.5), a.reshape(b * l, d), a[:, ::2]]
    return module(x, body, list(zip(["%t", "%s", "%g", "%c", "%p", "%f", "%x"], [moved, summed, taken, joined, padded, flat, cut]))), x, expected


CHECKS = {"attention": (check_attention, 8), "matmul": (check_matmul, 1), "functions": (check_functions, 1), "shapes": (check_shapes, 1)}


def differs(expected, actual):
    if expected.shape != actual.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    with np.errstate(invalid="ignore"):
        good = (expected == actual) | (np.isnan(expected) & np.isnan(actual)) | (np.abs(expected - actual) <= TOLERANCE * (1 + np.abs(expected)))
    return "" if good.all() else f"{(~good).sum()} of {good.size} elements, first {actual[~good][0]} instead of {expected[~good][0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("--count", type=int, default=10, help="rounds over all kinds (default 10)")
    parser.add_argument("--seed", type=int, help="default: a new one")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(np.random.SeedSequence().entropy % 2**32)
    rng, failures, total = np.random.default_rng(seed), 0, 0
    for _ in range(args.count):
        for name, (check, times) in CHECKS.items():
            for _ in range(times):
                folder = pathlib.Path(tempfile.mkdtemp(prefix="seqc-check-"))
                text, inputs, expected = check(rng)
                actual = run(args.tool, folder, text, list(inputs.values()), len(expected))
                problems = [f"result {i}: {p}" for i, p in enumerate(map(differs, expected, actual)) if p]
                total += 1
                failures += bool(problems)
                for p in problems:
                    print(f"FAILED {name}, {p}; files in {folder}; seed {seed}")
                if not problems:
                    for f in folder.iterdir():
                        f.unlink()
                    folder.rmdir()
    print(f"seed {seed}: {total} checks, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
