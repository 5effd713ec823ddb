#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files for the driver tests, without numpy.

    make_files.py npy PATH DTYPE SHAPE [VALUE..]      DTYPE: f4 f8 i4 ..; SHAPE: 2,3; missing values are 0, 1, 2, ..
    make_files.py safetensors PATH NAME:SHAPE..       f32 tensors, element i of each is i / 8
    make_files.py truncate PATH FROM BYTES            the first BYTES bytes of FROM (negative: all but the last)
    make_files.py flip PATH FROM TEXT                 FROM with the first byte of the first TEXT in it changed
    make_files.py package PATH MANIFEST NAME=FILE..   a package; MANIFEST is JSON without "files"
"""
import hashlib
import io
import json
import math
import pathlib
import struct
import sys
import zipfile

FORMATS = {"f4": "f", "f8": "d", "i4": "i", "i8": "q"}


def parse_shape(text):
    return tuple(int(d) for d in text.split(",") if d)


def npy(dtype, shape, values):
    header = f"{{'descr': '<{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    n = math.prod(shape)
    numbers = [float(v) if dtype[0] == "f" else int(v) for v in values] or list(range(n))
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{n}{FORMATS[dtype]}", *numbers)


def safetensors(specs):
    header, data = {}, b""
    for spec in specs:
        name, shape = spec.split(":")
        shape = parse_shape(shape)
        n = math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + 4 * n]}
        data += struct.pack(f"<{n}f", *(i / 8 for i in range(n)))
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def flip(data, text):
    at = data.index(text.encode())
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def package(manifest, members):
    """A package of a manifest (file, without "files") and members NAME=FILE."""
    content = {name: pathlib.Path(path).read_bytes() for name, path in (m.split("=", 1) for m in members)}
    data = json.loads(pathlib.Path(manifest).read_text())
    data["files"] = {name: {"bytes": len(b), "sha256": hashlib.sha256(b).hexdigest()} for name, b in content.items()}
    content["seqc.json"] = json.dumps(data).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(content):
            archive.writestr(zipfile.ZipInfo(name), content[name])
    return buffer.getvalue()


def main(kind, path, *arguments):
    data = {
        "npy": lambda: npy(arguments[0], parse_shape(arguments[1]), arguments[2:]),
        "safetensors": lambda: safetensors(arguments),
        "package": lambda: package(arguments[0], arguments[1:]),
        "truncate": lambda: pathlib.Path(arguments[0]).read_bytes()[:int(arguments[1])],
        "flip": lambda: flip(pathlib.Path(arguments[0]).read_bytes(), arguments[1]),
    }[kind]()
    pathlib.Path(path).write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
