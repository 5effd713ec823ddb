# SPDX-License-Identifier: Apache-2.0
"""Safetensors files with numpy alone: 8 bytes of header length, a JSON header, then the data of all tensors.

bf16 has no numpy type: it is carried as uint16 (the upper half of the f32 bits) and named explicitly.
"""

import json

import numpy as np

# name in the file -> (MLIR element type, numpy type)
DTYPES = {
    "F64": ("f64", "<f8"),
    "F32": ("f32", "<f4"),
    "F16": ("f16", "<f2"),
    "BF16": ("bf16", "<u2"),
    "I64": ("i64", "<i8"),
    "I32": ("i32", "<i4"),
    "I8": ("i8", "<i1"),
    "BOOL": ("i1", "|b1"),
    "C64": ("complex<f32>", "<c8"),
}
FILE_DTYPE = {mlir: name for name, (mlir, _) in DTYPES.items()}
MAX_HEADER = 100 << 20


def save(path, tensors):
    """Writes {name: (MLIR element type, numpy array)}; equal input gives equal bytes."""
    header, offset = {}, 0
    # Wider types first keeps every tensor aligned to its own element size.
    order = sorted(tensors, key=lambda name: (-tensors[name][1].itemsize, name))
    for name in order:
        dtype, array = tensors[name]
        header[name] = {"dtype": FILE_DTYPE[dtype], "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for name in order:
            dtype, array = tensors[name]
            file.write(np.ascontiguousarray(array).astype(DTYPES[FILE_DTYPE[dtype]][1], copy=False).tobytes())


def load(path):
    """Reads {name: (MLIR element type, numpy array)}. Raises ValueError for a damaged file."""
    with open(path, "rb") as file:
        data = file.read()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(MAX_HEADER, len(data) - 8):
        raise ValueError(f"{path}: expects a header of at most {min(MAX_HEADER, max(len(data) - 8, 0))} bytes, but got {length}")
    result = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        dtype, numpy_type = DTYPES[entry["dtype"]]
        begin, end = entry["data_offsets"]
        count = int(np.prod(entry["shape"], dtype=object)) if entry["shape"] else 1
        if not 0 <= begin <= end <= len(data) - 8 - length or end - begin != count * np.dtype(numpy_type).itemsize:
            raise ValueError(f"{path}: expects {count} elements of {entry['dtype']} for {name!r}, but got bytes {begin} to {end}")
        result[name] = (dtype, np.frombuffer(data[8 + length + begin : 8 + length + end], numpy_type).reshape(entry["shape"]))
    return result
