#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares compiled models with ONNX Runtime on random shapes; dims are dynamic in the model.

    V/bin/python utils/onnx/differential.py --seqc build/bin/seqc [--seed N] [--rounds N] [--case RE] [model.onnx ..]

V has the packages onnx and onnxruntime (utils/onnx/requirements.txt). Prints each case that differs and the totals; exit code 6 if one does. Models given as
files are run on random inputs too, with all dynamic dims between 1 and 9.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

MS = "com.microsoft"
RTOL, ATOL = 2e-3, 2e-5


class Case:
    """One node with its inputs: names, dims (names are dynamic) and how to fill them."""

    def __init__(self, op, domain="", opset=23, outputs=1, **attributes):
        self.op, self.domain, self.opset, self.outputs, self.attributes = op, domain, opset, outputs, attributes
        self.inputs = []  # (name, dtype, dims, fill) or None
        self.compared = outputs  # how many outputs are defined in all elements

    def add(self, name, dims, dtype=np.float32, fill=None):
        self.inputs.append((name, np.dtype(dtype), dims, fill))
        return self

    def skip(self):
        self.inputs.append(None)
        return self

    def model(self):
        node = h.make_node(self.op, [i[0] if i else "" for i in self.inputs], [f"out{k}" for k in range(self.outputs)], domain=self.domain, name="node", **self.attributes)
        kinds = {"float32": T.FLOAT, "int64": T.INT64, "int32": T.INT32, "bool": T.BOOL, "float16": T.FLOAT16}
        given, constants = [], []
        for i in filter(None, self.inputs):
            if isinstance(i[2], np.ndarray):
                constants.append(numpy_helper.from_array(i[2], i[0]))
            else:
                given.append(h.make_tensor_value_info(i[0], kinds[str(i[1])], i[2]))
        kind = T.INT64 if self.op == "ArgMax" else next(kinds[str(i[1])] for i in self.inputs if i)
        results = [h.make_tensor_value_info(f"out{k}", kind, None) for k in range(self.outputs)]
        opsets = [h.make_opsetid("", self.opset)] + ([h.make_opsetid(self.domain, 1)] if self.domain else [])
        return h.make_model(h.make_graph([node], "case", given, results, constants), opset_imports=opsets, ir_version=10)

    def arrays(self, random, sizes):
        feeds = {}
        for i in filter(None, self.inputs):
            name, dtype, dims, fill = i
            if isinstance(dims, np.ndarray):
                continue
            shape = [sizes[d] if isinstance(d, str) else d for d in dims]
            feeds[name] = np.asarray(fill(random, shape, sizes) if fill else random.standard_normal(shape)).astype(dtype)
        return feeds


def derived(**rules):
    """Sizes that follow from others: name -> function of the sizes."""

    def fill(random, names):
        sizes = {n: int(random.choice([1, 2, 3, 5, 8, 17])) for n in names}
        for name, rule in rules.items():
            sizes[name] = rule(sizes)
        return sizes

    return fill


def cases(random):
    """(name, case, sizes rule)"""
    H, K, D = (int(x) for x in random.choice([(1, 1, 8), (4, 2, 16), (6, 3, 24), (4, 1, 32)]))
    causal = int(random.integers(2))
    cap = float(random.choice([0.0, 2.5]))
    plain, past = derived(), derived(T=lambda s: s["P"] + s["L"])
    yield "attention", Case("Attention", is_causal=causal, softcap=cap).add("q", ["B", H, "L", D]).add("k", ["B", K, "N", D]).add("v", ["B", K, "N", D + 3]), plain
    yield "attention_3d_past", Case("Attention", is_causal=causal, q_num_heads=H, kv_num_heads=K, outputs=3).add("q", ["B", "L", H * D]).add("k", ["B", "L", K * D]).add(
        "v", ["B", "L", K * D]).skip().add("pk", ["B", K, "P", D]).add("pv", ["B", K, "P", D]), plain
    yield "attention_mask", Case("Attention").add("q", ["B", H, "L", D]).add("k", ["B", K, "N", D]).add("v", ["B", K, "N", D]).add(
        "mask", ["L", "N"], bool, lambda r, s, _: (r.random(s) < 0.7) | (np.arange(s[1]) == 0)), plain
    yield "attention_bias", Case("Attention").add("q", ["B", H, "L", D]).add("k", ["B", K, "N", D]).add("v", ["B", K, "N", D]).add("mask", ["B", H, "L", "N"]), plain
    one = Case("MultiHeadAttention", MS, num_heads=H, unidirectional=causal).add("q", ["B", "L", H * D]).add("k", ["B", "L", H * D]).add("v", ["B", "L", H * D])
    yield "mha", one, plain
    yield "mha_bias_mask", Case("MultiHeadAttention", MS, num_heads=H).add("q", ["B", "L", H * D]).add("k", ["B", "N", H * D]).add("v", ["B", "N", H * D]).add("bias", [3 * H * D]).add(
        "mask", ["B", "N"], np.int32, lambda r, s, _: ((r.random(s) < 0.7) | (np.arange(s[1]) == 0))).add("rel", [1, H, "L", "N"]), plain
    yield "mha_past", Case("MultiHeadAttention", MS, num_heads=H, outputs=3).add("q", ["B", "L", H * D]).add("k", ["B", "L", H * D]).add("v", ["B", "L", H * D]).skip().skip().skip().add(
        "pk", ["B", H, "P", D]).add("pv", ["B", H, "P", D]), plain
    yield "ms_attention", Case("Attention", MS, num_heads=H, unidirectional=causal).add("x", ["B", "L", 24]).add("w", [24, 3 * H * D], fill=lambda r, s, _: r.standard_normal(s) / 5).add(
        "b", [3 * H * D]), plain
    yield "ms_attention_mask_past", Case("Attention", MS, num_heads=H, outputs=2).add("x", ["B", "L", 24]).add("w", [24, 3 * H * D], fill=lambda r, s, _: r.standard_normal(s) / 5).add(
        "b", [3 * H * D]).add("mask", ["B", "T"], np.int32, lambda r, s, _: np.ones(s)).add("past", [2, "B", H, "P", D]), past
    rotary = int(random.integers(2)) if D % 16 == 0 else 0
    interleaved = int(random.integers(2))

    def gqa():
        c = Case("GroupQueryAttention", MS, outputs=3, num_heads=H, kv_num_heads=K, do_rotary=rotary, rotary_interleaved=interleaved, local_window_size=int(random.choice([-1, 4])), softcap=cap)
        c.add("q", ["B", "L", H * D]).add("k", ["B", "L", K * D]).add("v", ["B", "L", K * D])
        c.add("pk", ["B", K, "P", D]).add("pv", ["B", K, "P", D])
        return c

    def finish(c, seqlens, total):
        c.add("seqlens", ["B"], np.int32, seqlens).add("total", np.array(total, np.int32))
        if rotary:
            c.add("cos", [32, D // 2]).add("sin", [32, D // 2])
        return c

    past_size, new = int(random.integers(1, 12)), int(random.integers(1, 6))
    fixed = derived(L=lambda s: new, P=lambda s: past_size, B=lambda s: 1)
    yield "gqa_past", finish(gqa(), lambda r, s, z: np.full(s, z["P"] + z["L"] - 1), past_size + new), fixed
    decode = derived(L=lambda s: 1, P=lambda s: past_size)
    ragged = gqa()
    ragged.compared = 1  # caches beyond the length of a batch are not defined
    yield "gqa_decode_lengths", finish(ragged, lambda r, s, z: np.append(r.integers(0, z["P"] + 1, s[0] - 1), z["P"]), past_size + 1), decode
    yield "ms_rotary", Case("RotaryEmbedding", MS, interleaved=interleaved).add("x", ["B", H, "L", D]).add(
        "pos", ["B", "L"], np.int64, lambda r, s, _: r.integers(0, 20, s)).add("cos", [20, D // 2]).add("sin", [20, D // 2]), plain
    yield "rotary", Case("RotaryEmbedding", interleaved=interleaved).add("x", ["B", H, "L", D]).add("cos", [20, D // 2]).add("sin", [20, D // 2]).add(
        "pos", ["B", "L"], np.int64, lambda r, s, _: r.integers(0, 20, s)), plain
    yield "skip_layernorm", Case("SkipLayerNormalization", MS, epsilon=1e-5).add("x", ["B", "L", 33]).add("s", ["B", "L", 33]).add("g", [33]).add("b", [33]).add("bias", [33]), plain
    yield "skip_rmsnorm", Case("SkipSimplifiedLayerNormalization", MS, epsilon=1e-5).add("x", ["B", "L", 33]).add("s", ["B", "L", 33]).add("g", [33]), plain
    yield "rmsnorm", Case("RMSNormalization").add("x", ["B", "L", 33]).add("g", [33]), plain
    yield "layernorm", Case("LayerNormalization").add("x", ["B", "L", 33]).add("g", [33]).add("b", [33]), plain
    yield "bias_gelu", Case("BiasGelu", MS).add("x", ["B", "L", 20]).add("b", [20]), plain
    yield "fast_gelu", Case("FastGelu", MS).add("x", ["B", "L", 20]).add("b", [20]), plain
    yield "quick_gelu", Case("QuickGelu", MS, alpha=1.702).add("x", ["B", "L", 20]), plain
    yield "softmax", Case("Softmax", axis=int(random.integers(-3, 3))).add("x", ["B", "L", "N"]), plain
    yield "matmul_broadcast", Case("MatMul").add("x", ["B", 1, "L", 12]).add("y", [3, 12, "N"]), plain
    yield "gemm", Case("Gemm", transB=1, alpha=0.5, beta=2.0).add("x", ["L", 12]).add("y", ["N", 12]).add("b", [1]), plain
    yield "einsum", Case("Einsum", equation="bhld,bhnd->bhln").add("x", ["B", 2, "L", 6]).add("y", ["B", 2, "N", 6]), plain
    yield "cumsum", Case("CumSum", exclusive=causal).add("x", ["B", "L"]).add("axis", np.array(1, np.int64)), plain
    yield "gather_nd", Case("GatherND", batch_dims=1).add("x", ["B", 5, 4]).add("i", ["B", "L", 1], np.int64, lambda r, s, _: r.integers(-5, 5, s)), plain
    yield "argmax", Case("ArgMax", axis=1).add("x", ["B", "L", "N"]), plain


def dims_of(model):
    return sorted({d.dim_param for i in model.graph.input for d in i.type.tensor_type.shape.dim if d.dim_param})


def random_feeds(model, random):
    """Inputs of a model of a file: dynamic dims from 1 to 9, integers 0 or 1."""
    sizes, feeds = {}, {}
    initial = {i.name for i in model.graph.initializer}
    for i in model.graph.input:
        if i.name in initial:
            continue
        shape = [d.dim_value if d.HasField("dim_value") else sizes.setdefault(d.dim_param or f"{i.name}{k}", int(random.integers(1, 10))) for k, d in enumerate(i.type.tensor_type.shape.dim)]
        dtype = h.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type)
        feeds[i.name] = random.standard_normal(shape).astype(dtype) if dtype.kind == "f" else random.integers(0, 2, shape).astype(dtype)
        if "mask" in i.name and shape:
            feeds[i.name][..., 0] = 1  # every row sees a key
    return feeds


class Runner:
    def __init__(self, seqc, folder):
        self.seqc, self.folder = seqc, pathlib.Path(folder)

    def compile(self, path):
        done = subprocess.run([self.seqc, "compile", path, "-o", self.folder / "m.seqc"], capture_output=True, text=True)
        return "" if done.returncode == 0 else f"exit {done.returncode}: {done.stderr.strip()}"

    def run(self, feeds, outputs):
        arguments = []
        for k, (name, array) in enumerate(feeds.items()):
            np.save(self.folder / f"in{k}.npy", np.ascontiguousarray(array))
            arguments.append(f"--input={re.sub(r'[^A-Za-z0-9_]', '_', name)}=@{self.folder}/in{k}.npy")
        arguments += [f"--output={re.sub(r'[^A-Za-z0-9_]', '_', name)}=@{self.folder}/out{k}.npy" for k, name in enumerate(outputs)]
        done = subprocess.run([self.seqc, "run", self.folder / "m.seqc", *arguments], capture_output=True, text=True)
        if done.returncode:
            return None, f"exit {done.returncode}: {done.stderr.strip()}"
        return [np.load(self.folder / f"out{k}.npy") for k in range(len(outputs))], ""

    def compare(self, path, draw, times, compared=None):
        """Number of comparisons and a description of the first difference."""
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        names = [o.name for o in session.get_outputs()]
        if problem := self.compile(path):
            return 0, problem
        for done in range(times):
            feeds = draw()
            expected = session.run(None, feeds)
            actual, problem = self.run(feeds, names)
            if problem:
                return done, problem
            for name, e, a in list(zip(names, expected, actual))[:compared]:
                shapes = {k: v.shape for k, v in feeds.items()}
                if e.shape != a.shape:
                    return done, f"{name}: shape {a.shape} instead of {e.shape} for {shapes}"
                scale = np.abs(e).max() if e.size else 0
                if not np.allclose(a, e, rtol=RTOL, atol=ATOL * max(1, scale), equal_nan=True):
                    return done, f"{name}: differs by {np.abs(a.astype(np.float64) - e).max():.3g} for {shapes}"
        return times, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seqc", default="seqc")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", default=".")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    comparisons, failures, total = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(options.seqc, folder)

        def check(name, path, draw, compared=None):
            nonlocal comparisons, failures, total
            total += 1
            try:
                done, problem = runner.compare(path, draw, 3, compared)
            except Exception as error:  # what ONNX Runtime does not take is no case
                print(f"skipped {name}: ONNX Runtime: {str(error).splitlines()[0][:160]}")
                total -= 1
                return
            comparisons += done
            failures += bool(problem)
            if problem:
                print(f"FAILED {name}: {problem[:600]}")

        for path in options.models:
            model, random = onnx.load(path, load_external_data=False), np.random.default_rng(options.seed)
            check(path.name, path, lambda: random_feeds(model, random))
        for number in range(0 if options.models else options.rounds):
            random = np.random.default_rng([options.seed, number])
            for name, case, sizes in cases(random):
                if not re.search(options.case, name):
                    continue
                model = case.model()
                path = pathlib.Path(folder) / "m.onnx"
                onnx.save(model, path)
                names = dims_of(model)
                check(f"{name}, round {number}", path, lambda: case.arrays(random, sizes(random, names)), case.compared)
    print(f"{total} models, {comparisons} comparisons with ONNX Runtime, {failures} failed")
    return 6 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
