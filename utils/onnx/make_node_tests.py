#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the ONNX backend node tests that concern seqc as small data under test/Import/Onnx/node.

    python3 -m venv V && V/bin/pip install onnx==1.23.2 && V/bin/python utils/onnx/make_node_tests.py

models.safetensors holds each model as bytes, tensors.safetensors its data ("<test>/in/<i>", "<test>/out/<i>"; i counts inputs and outputs of the graph),
tests.json name, ops, tolerances. The tests of the ops of DOMAIN are the conformance set; those of GENERIC are further checks of the importer.
"""
import json
import pathlib
import struct
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

TOP = pathlib.Path(__file__).resolve().parents[2]
DOMAIN = ["Attention", "LinearAttention", "CausalConvWithState", "DFT", "STFT", "RotaryEmbedding", "FlexAttention", "TensorScatter"]
GENERIC = [
    "Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "Sum", "Mean", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor", "Not", "Where", "Neg", "Abs",
    "Sign", "Sqrt", "Exp", "Log", "Erf", "Sin", "Cos", "Tanh", "Floor", "Ceil", "Round", "Reciprocal", "Sigmoid", "HardSigmoid", "HardSwish", "Swish", "Softplus", "Softsign", "Mish", "Elu",
    "Selu", "Celu", "LeakyRelu", "ThresholdedRelu", "Gelu", "Relu", "PRelu", "Clip", "IsNaN", "IsInf", "Identity", "Dropout", "Constant", "ConstantOfShape", "Shape", "Size", "Range",
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Tile", "Concat", "Split", "Slice", "Pad", "Trilu", "EyeLike", "Gather", "GatherElements", "GatherND", "OneHot",
    "ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp", "ArgMax", "ArgMin", "CumSum", "Softmax",
    "LogSoftmax", "Hardmax", "LayerNormalization", "RMSNormalization", "BatchNormalization", "InstanceNormalization", "GroupNormalization", "LpNormalization", "MatMul", "Gemm", "Einsum",
]
DTYPES = {"float32": "F32", "float16": "F16", "float64": "F64", "bfloat16": "BF16", "int64": "I64", "int32": "I32", "int8": "I8", "bool": "BOOL"}
# Inputs that give shapes, axes and the like: what a model computes of constants and sizes. They become initializers here.
PARAMETERS = {"Reshape": [1], "Expand": [1], "Tile": [1], "ConstantOfShape": [0], "Range": [0, 1, 2], "Slice": [1, 2, 3, 4], "Split": [1], "Squeeze": [1], "Unsqueeze": [1], "Pad": [1, 2, 3],
              "Trilu": [1], "CumSum": [1], "OneHot": [1], "Dropout": [1, 2], "DFT": [1, 2], "STFT": [1, 3]}
FIRST, LAST = 13, 27  # opsets
LARGEST = 100_000  # bytes of data of a test of GENERIC


def safetensors(path, entries):
    """entries: name -> (dtype, shape, bytes)"""
    header, data, offset = {}, [], 0
    for name in sorted(entries):
        dtype, shape, payload = entries[name]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(payload)]}
        data.append(payload)
        offset += len(payload)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % 64)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


def as_array(value):
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    return np.ascontiguousarray(value) if isinstance(value, np.ndarray) and value.ndim else np.asarray(value)


def usable(case, arrays):
    """Tests of GENERIC: only element types that a graph has, small data."""
    return all(str(a.dtype) in DTYPES for a in arrays) and sum(a.nbytes for a in arrays) <= LARGEST and len(case.model.graph.node) == 1


def in_range(model):
    """Whether the model is of the opsets that are read; models of older or newer ones whose operator is the same there are marked so."""
    entry = next((o for o in model.opset_import if o.domain in ("", "ai.onnx")), None)
    if entry is None or FIRST <= entry.version <= LAST:
        return True
    op, version = model.graph.node[0].op_type, min(max(entry.version, FIRST), LAST)
    here, there = onnx.defs.get_schema(op, entry.version, ""), onnx.defs.get_schema(op, version, "")
    same = here.since_version == there.since_version or (entry.version > LAST and op != "Mod" and here.doc == there.doc and set(here.attributes) == set(there.attributes))
    entry.version = version
    return same


def with_parameters(model, arrays):
    """Moves inputs of PARAMETERS to the initializers; returns the arrays that stay inputs."""
    node = model.graph.node[0]
    wanted = [1] if node.op_type.startswith("Reduce") else PARAMETERS.get(node.op_type, [])
    names = {node.input[i] for i in wanted if i < len(node.input)}
    rest = []
    for info, array in zip(list(model.graph.input), arrays):
        if info.name in names:
            model.graph.initializer.append(numpy_helper.from_array(array, info.name))
            model.graph.input.remove(info)
        else:
            rest.append(array)
    return rest


def without_seed_noise(model):
    for field in ("producer_name", "producer_version", "doc_string"):
        model.ClearField(field)
    return model


def main(folder):
    warnings.simplefilter("ignore")
    np.random.seed(0)
    models, tensors, tests = {}, {}, []
    for case in sorted(collect_testcases(None), key=lambda c: c.name):
        if "_expanded" in case.name:
            continue
        ops = {n.op_type for n in case.model.graph.node}
        is_domain = bool(ops & set(DOMAIN))
        if not is_domain and not (ops and ops <= set(GENERIC)):
            continue
        (inputs, outputs), *_ = case.data_sets
        if not all(isinstance(v, (np.ndarray, np.generic, onnx.TensorProto)) for v in [*inputs, *outputs]):
            continue
        inputs, outputs = [as_array(v) for v in inputs], [as_array(v) for v in outputs]
        if not is_domain and not usable(case, inputs + outputs):
            continue
        if not is_domain:
            if not in_range(case.model):
                continue
        inputs = with_parameters(case.model, inputs)
        model = without_seed_noise(case.model).SerializeToString()
        models[case.name] = ("U8", [len(model)], model)
        for kind, arrays in (("in", inputs), ("out", outputs)):
            for i, a in enumerate(arrays):
                tensors[f"{case.name}/{kind}/{i}"] = (DTYPES[str(a.dtype)], a.shape, a.tobytes())
        tests.append({"name": case.name, "ops": sorted(ops), "conformance": is_domain, "inputs": len(inputs), "outputs": len(outputs), "rtol": case.rtol, "atol": case.atol})
    folder.mkdir(parents=True, exist_ok=True)
    safetensors(folder / "models.safetensors", models)
    safetensors(folder / "tensors.safetensors", tensors)
    lines = ",\n".join(json.dumps(t) for t in tests)
    (folder / "tests.json").write_text(f'{{"onnx": "{onnx.__version__}", "tests": [\n{lines}\n]}}\n')
    print(f"{sum(t['conformance'] for t in tests)} conformance tests, {len(tests)} in all, {sum(f.stat().st_size for f in folder.iterdir()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "test" / "Import" / "Onnx" / "node")
