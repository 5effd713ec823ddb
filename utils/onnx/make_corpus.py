#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models to start fuzzing from: those of the node tests (one in four) and of the lit tests.    make_corpus.py FOLDER"""
import json
import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "test" / "Import" / "Onnx" / "Inputs"))
import models  # noqa: E402


def node_models(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    for name, entry in sorted(json.loads(data[8 : 8 + length]).items()):
        begin, end = entry["data_offsets"]
        yield name, data[8 + length + begin : 8 + length + end]


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for i, (name, data) in enumerate(node_models(TOP / "test" / "Import" / "Onnx" / "node" / "models.safetensors")):
        if i % 4 == 0:
            (folder / f"{name}.onnx").write_bytes(data)
    for name in models.NAMES:
        (folder / f"{name}.onnx").write_bytes(getattr(models, name)())


if __name__ == "__main__":
    main(*sys.argv[1:])
