# SPDX-License-Identifier: Apache-2.0
"""Tensors as bytes: .npy files, generated inputs, comparison with tolerances. Uses NumPy where it is installed and plain Python otherwise."""
import ast
import math
import random
import struct

try:
    import numpy as np
except ImportError:
    np = None

# dtype -> (bytes, struct code, DLPack code, significand bits, exponent of the smallest subnormal, exponent above the largest)
DTYPES = {
    "f32": (4, "f", 2, 24, -149, 128), "f16": (2, "e", 2, 11, -24, 16), "bf16": (2, "H", 4, 8, -133, 128), "f64": (8, "d", 2, 53, -1074, 1024),
    "i1": (1, "B", 6, 0, 0, 0), "i8": (1, "b", 0, 0, 0, 0), "i32": (4, "i", 0, 0, 0, 0), "i64": (8, "q", 0, 0, 0, 0),
    "c64": (8, "f", 5, 24, -149, 128), "c128": (16, "d", 5, 53, -1074, 1024),  # code and precision are those of the parts
}
PARTS = {"c64": "f32", "c128": "f64"}  # complex numbers are compared part by part
FLOATS = ("f32", "f16", "bf16", "f64")
_NPY = {"<f4": "f32", "<f2": "f16", "<u2": "bf16", "<f8": "f64", "|b1": "i1", "|i1": "i8", "<i4": "i32", "<i8": "i64", "<c8": "c64", "<c16": "c128"}


def count(shape):
    return math.prod(shape)


def read_npy(path):
    """(dtype, shape, bytes) of a little-endian, row-major file; uint16 is bf16."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] != b"\x93NUMPY":
        raise ValueError(f"{path}: no .npy file")
    size, at = (struct.unpack_from("<H", data, 8)[0], 10) if data[6] == 1 else (struct.unpack_from("<I", data, 8)[0], 12)
    header = ast.literal_eval(data[at:at + size].decode("latin1"))
    if header["fortran_order"] and len(header["shape"]) > 1:
        raise ValueError(f"{path}: expects row-major order")
    return _NPY[header["descr"]], tuple(header["shape"]), data[at + size:]


def values(dtype, data):
    """The elements (or parts) as f64 (NumPy) or Python numbers."""
    dtype = PARTS.get(dtype, dtype)
    _, code, *_ = DTYPES[dtype]
    if np is not None:
        if dtype == "bf16":
            return (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        return np.frombuffer(data, {"f": "<f4", "e": "<f2", "d": "<f8", "B": "|u1", "b": "|i1", "i": "<i4", "q": "<i8"}[code]).astype(
            np.float64 if dtype in FLOATS else np.int64)
    raw = struct.unpack(f"<{len(data) // DTYPES[dtype][0]}{code}", data)
    return [struct.unpack("<f", struct.pack("<I", x << 16))[0] for x in raw] if dtype == "bf16" else list(raw)


def _round_one(dtype, x):
    """x in dtype, once, to nearest even."""
    _, _, _, bits, lowest, above = DTYPES[dtype]
    if not math.isfinite(x) or x == 0:
        return x
    quantum = max(math.frexp(x)[1] - bits, lowest)
    try:
        r = math.ldexp(float(round(math.ldexp(x, -quantum))), quantum)
    except OverflowError:
        return math.copysign(math.inf, x)
    return math.copysign(math.inf, x) if abs(r) >= 2.0 ** min(above, 1023) and above < 1024 else r


def rounded(dtype, xs):
    if dtype not in FLOATS or dtype == "f64":
        return xs
    if np is None:
        return [_round_one(dtype, x) for x in xs]
    _, _, _, bits, lowest, above = DTYPES[dtype]
    finite = np.where(np.isfinite(xs), xs, 0)
    quantum = np.maximum(np.frexp(finite)[1] - bits, lowest)
    r = np.ldexp(np.rint(np.ldexp(finite, -quantum)), quantum)
    r = np.where(np.abs(r) >= 2.0 ** above, np.copysign(np.inf, r), r)
    return np.where(np.isfinite(xs), r, xs)


def _allowed(tolerance, expected, scale):
    if "relative" in tolerance:
        return (tolerance["relative"] * max(abs(expected), scale) + tolerance.get("tiny", 0)) if tolerance["relative"] else 0.0
    return tolerance.get("rtol", 0.0) * abs(expected) + tolerance.get("atol", 0.0)


def _judge_plain(expected, truth, actual, scale, tolerance, is_float):
    """(failures, largest share of what is allowed, largest error)"""
    failures, used, worst = 0, 0.0, 0.0
    for e, r, a in zip(expected, truth, actual):
        if a == r or (e != e and a != a):
            continue
        if not is_float or e != e or a != a or math.isinf(r) or math.isinf(a):
            failures += 1
            continue
        error, limit = abs(a - e), _allowed(tolerance, e, scale)
        worst = max(worst, error)
        used = max(used, error / limit if limit else math.inf)
        failures += error > limit
    return failures, used, worst


def _judge_numpy(expected, truth, actual, scale, tolerance, is_float):
    with np.errstate(all="ignore"):
        same = (actual == truth) | (np.isnan(expected) & np.isnan(actual)) if is_float else actual == truth
        if not is_float:
            return int(np.sum(~same)), 0.0, 0.0
        pattern = ~same & ~(np.isfinite(truth) & np.isfinite(actual) & np.isfinite(expected))
        error = np.where(same | pattern, 0.0, np.abs(actual - expected))
        if "relative" in tolerance:
            limit = tolerance["relative"] * np.maximum(np.abs(expected), scale) + (tolerance.get("tiny", 0) if tolerance["relative"] else 0)
        else:
            limit = tolerance.get("rtol", 0.0) * np.abs(expected) + tolerance.get("atol", 0.0)
        share = np.where(error > 0, error / np.where(limit > 0, limit, 1e-300), 0.0)
        return int(np.sum(pattern | (error > limit))), float(share.max(initial=0)), float(error.max(initial=0))


def compare(expected_dtype, expected, dtype, actual, tolerance):
    """(ok, text, used): bytes of the unrounded or stored expectation against the bytes of a result. Tolerances: {"relative", "tiny"} is relative to
    max(|expected|, root mean square), 0 meaning the rounded value bit for bit; {"rtol", "atol"} is as in NumPy."""
    expected_dtype, dtype = PARTS.get(expected_dtype, expected_dtype), PARTS.get(dtype, dtype)
    e, a = values(expected_dtype, expected), values(dtype, actual)
    if len(e) != len(a):
        return False, f"expected {len(e)} elements, but got {len(a)}", math.inf
    is_float = dtype in FLOATS
    if np is not None:
        finite = e[np.isfinite(e)] if is_float else e[:0]
        with np.errstate(over="ignore"):
            scale = float(np.sqrt(np.mean(finite * finite))) if finite.size else 0.0
        failures, used, worst = _judge_numpy(e, rounded(dtype, e), a, scale, tolerance, is_float)
    else:
        finite = [x for x in e if is_float and math.isfinite(x)]
        scale = math.sqrt(sum(x * x for x in finite) / len(finite)) if finite else 0.0
        failures, used, worst = _judge_plain(e, rounded(dtype, e), a, scale, tolerance, is_float)
    return failures == 0, f"{failures} of {len(e)} elements are wrong, largest error {worst:.3g}" if failures else f"max error {worst:.3g}", used


def generate(dtype, shape, fill, seed):
    """Bytes of an input for timing: {"kind": "uniform" in [-scale, scale) or "integers" in [0, limit)}. A block of values is repeated, so that large
    inputs are made quickly; the values are the same on every machine."""
    if dtype in PARTS:
        dtype, shape = PARTS[dtype], tuple(shape) + (2,)
    size, code, *_ = DTYPES[dtype]
    n, source = count(shape), random.Random(seed)
    block = min(n, 65537)  # prime: repetition does not align with rows
    if fill["kind"] == "integers":
        numbers = [source.randrange(fill["limit"]) for _ in range(block)]
    else:
        numbers = [source.uniform(-fill["scale"], fill["scale"]) for _ in range(block)]
    if dtype == "bf16":
        numbers = [struct.unpack("<I", struct.pack("<f", _round_one("bf16", x)))[0] >> 16 for x in numbers]
    data = struct.pack(f"<{block}{code}", *numbers)
    return (data * (n // block + 1))[:n * size] if n else b""
