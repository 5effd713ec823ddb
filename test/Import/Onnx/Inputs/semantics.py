#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of Attention that implementations have disagreed on, each compiled and run.    semantics.py FOLDER

Queries are 0 and values of key n are 2^n, so a row of the output is the mean of 2^n over the keys that the row sees: it names them.
"""
import math
import pathlib
import struct
import subprocess
import sys

from models import *  # noqa: F403

FOLDER = None
FORMATS = {FLOAT: ("<f4", "f"), INT64: ("<i8", "q"), BOOL: ("|b1", "?")}


def save(path, dtype, shape, values):
    descr, code = FORMATS[dtype]
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({''.join(f'{d},' for d in shape)}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}{code}", *values))


def load(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<H", data[8:10])
    body = data[10 + length :]
    return struct.unpack(f"<{len(body) // 4}f", body)


def run(name, arrays, outputs=1, **attributes):
    """arrays: input name -> (dtype, shape, values), in the order of Attention's inputs; None leaves one out. The first output's elements."""
    inputs = [value(k, v[0], list(v[1])) for k, v in arrays.items() if v]
    nodes = [node("Attention", [k if v else "" for k, v in arrays.items()], ["y", "pk", "pv"][:outputs], "attention", **attributes)]
    path = FOLDER / f"{name}.onnx"
    path.write_bytes(model(nodes, inputs, [value("y", FLOAT, None)], opset=25))
    subprocess.run(["seqc", "compile", path], check=True)
    arguments = []
    for k, v in arrays.items():
        if v:
            save(FOLDER / f"{k}.npy", *v)
            arguments.append(f"--input={k}=@{FOLDER / k}.npy")
    subprocess.run(["seqc", "run", FOLDER / f"{name}.seqc", f"--output=@{FOLDER}/y.npy", *arguments], check=True)
    return load(FOLDER / "y.npy")


def attention(name, seen, *, heads=1, key_heads=1, batch=1, queries=3, keys=5, past=0, mask=None, lengths=None, values=None, q=0.0, **attributes):
    """seen(b, h, m): the keys that a row has to see."""
    zeros = lambda *shape: (FLOAT, shape, [q] * math.prod(shape))  # noqa: E731
    number = values or (lambda b, h, n: float(2**n))

    def table(begin, end):
        return (FLOAT, (batch, key_heads, end - begin, 1), [number(b, h, n) for b in range(batch) for h in range(key_heads) for n in range(begin, end)])

    arrays = {"q": zeros(batch, heads, queries, 1), "k": zeros(batch, key_heads, keys, 1), "v": table(past, past + keys), "mask": mask}
    if past:
        arrays |= {"past_k": zeros(batch, key_heads, past, 1), "past_v": table(0, past)}
    elif lengths:
        arrays |= {"past_k": None, "past_v": None}
    if lengths:
        arrays["lengths"] = (INT64, (batch,), lengths)
    actual = run(name, arrays, outputs=3 if past else 1, **attributes)
    expected = []
    for b in range(batch):
        for h in range(heads):
            for m in range(queries):
                row = [number(b, h * key_heads // heads, n) for n in seen(b, h, m)]
                expected.append(sum(row) / len(row) if row else 0.0)
    good = len(actual) == len(expected) and all(abs(a - e) <= 1e-5 * max(1, abs(e)) for a, e in zip(actual, expected))
    print(f"{name}: " + ("ok" if good else f"FAILED, expected {expected}, but got {list(actual)}"))


def bools(*rows):
    return (BOOL, (len(rows), len(rows[0])), [x == "1" for row in rows for x in row])


def floats_of(*rows):
    return (FLOAT, (len(rows), len(rows[0])), [0.0 if x == "1" else -math.inf for row in rows for x in row])


def poisoned(*where):
    return lambda b, h, n: math.nan if n in where else float(2**n)


def main(folder):
    global FOLDER
    FOLDER = pathlib.Path(folder)
    attention("causal_without_past_is_top_left", lambda b, h, m: range(m + 1), is_causal=1)
    attention("causal_with_past_starts_at_the_past", lambda b, h, m: range(2 + m + 1), past=2, queries=3, keys=3, is_causal=1)
    attention("causal_with_past_and_more_keys_than_queries", lambda b, h, m: range(2 + m + 1), past=2, queries=3, keys=4, is_causal=1)
    attention("causal_with_lengths_ends_at_the_length", lambda b, h, m: range([4, 5][b] - 3 + m + 1), batch=2, lengths=[4, 5], is_causal=1)
    attention("causal_with_lengths_below_queries_hides_leading_rows", lambda b, h, m: range(max(0, 2 - 3 + m + 1)), lengths=[2], is_causal=1)
    attention("windows_move_with_the_past", lambda b, h, m: range(max(0, 2 + m - 1), min(6, 2 + m + 2)), past=2, queries=3, keys=4, left_window_size=1, right_window_size=1)
    attention("windows_and_causal", lambda b, h, m: range(max(0, m - 1), m + 1), is_causal=1, left_window_size=1)
    attention("softcap_is_before_the_mask", lambda b, h, m: [[0, 1], [1], [2, 4]][m], q=3.0, mask=floats_of("11000", "01000", "00101"), softcap=0.5)
    attention("fully_masked_row_of_bools_is_zero", lambda b, h, m: [[0, 1], [], [2, 4]][m], mask=bools("11000", "00000", "00101"))
    attention("fully_masked_row_of_floats_is_zero", lambda b, h, m: [[0, 1], [], [2, 4]][m], mask=floats_of("11000", "00000", "00101"))
    attention("short_masks_hide_the_rest", lambda b, h, m: [[0, 1], [1], [2]][m], mask=bools("110", "010", "001"))
    attention("grouped_heads_with_lengths", lambda b, h, m: range([2, 5][b]), batch=2, heads=4, key_heads=2, lengths=[2, 5], values=lambda b, h, n: float(2**n + 100 * h + 1000 * b))
    attention("poison_beyond_the_length", lambda b, h, m: range(3), lengths=[3], values=poisoned(3, 4))
    attention("poison_under_a_bool_mask", lambda b, h, m: [[0, 1], [1], [0]][m], mask=bools("11000", "01000", "10000"), values=poisoned(2, 3, 4))
    attention("poison_under_a_float_mask", lambda b, h, m: [[0, 1], [1], [0]][m], mask=floats_of("11000", "01000", "10000"), values=poisoned(2, 3, 4))
    attention("poison_above_the_diagonal", lambda b, h, m: range(m + 1), is_causal=1, values=poisoned(3, 4))


if __name__ == "__main__":
    main(*sys.argv[1:])
