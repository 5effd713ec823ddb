# SPDX-License-Identifier: Apache-2.0
"""Writes ONNX models with the standard library alone: protobuf's wire format for the messages that tests and examples need.

    model([node("Add", ["x", "b"], ["y"], name="add")], inputs=[value("x", FLOAT, ["B", 4])], outputs=[value("y", FLOAT, ["B", 4])],
          initializers=[tensor("b", FLOAT, [4], struct.pack("<4f", 1, 2, 3, 4))])
"""

import struct

FLOAT, UINT8, INT8, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE, BFLOAT16 = 1, 2, 3, 6, 7, 8, 9, 10, 11, 16


class Raw(bytes):
    """An encoded message."""


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while True:
        out.append((n & 0x7F) | (0x80 if n > 0x7F else 0))
        n >>= 7
        if not n:
            return bytes(out)


def field(number, value):
    """One field: an integer as a varint, a float as 32 bits, text or bytes with their length; None and lists are handled too."""
    if value is None:
        return b""
    if isinstance(value, (list, tuple)):
        return b"".join(field(number, v) for v in value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields):
    return Raw(b"".join(field(number, value) for number, value in fields))


def tensor(name, dtype, dims, data=None, *, external=None, int64_data=None):
    """`external`: a dict with location, offset, length."""
    entries = [message((1, key), (2, str(value))) for key, value in external.items()] if external else None
    return message((1, list(dims)), (2, dtype), (7, int64_data), (8, name), (9, data), (13, entries), (14, 1 if external else None))


def ints(name, *values):
    return tensor(name, INT64, [len(values)], struct.pack(f"<{len(values)}q", *values))


def floats(name, dims, *values):
    return tensor(name, FLOAT, dims, struct.pack(f"<{len(values)}f", *values))


def value(name, dtype, dims):
    """A tensor's name, type and shape; dims are sizes, names, or None. dims None: no shape."""
    shape = message((1, [message((1, d) if isinstance(d, int) else (2, d) if d else (3, None)) for d in dims])) if dims is not None else None
    return message((1, name), (2, message((1, message((1, dtype), (2, shape))))))


def attribute(name, value):
    """Integers, floats, text, tensors and graphs (Raw), and lists of integers or floats."""
    if isinstance(value, Raw):
        is_graph = getattr(value, "is_graph", False)
        return message((1, name), (6 if is_graph else 5, value), (20, 5 if is_graph else 4))
    if isinstance(value, (list, tuple)):
        is_float = any(isinstance(v, float) for v in value)
        return message((1, name), (7 if is_float else 8, list(value)), (20, 6 if is_float else 7))
    number, kind = {int: (3, 2), float: (2, 1), str: (4, 3), bytes: (4, 3)}[type(value)]
    return message((1, name), (number, value), (20, kind))


def node(op, inputs, outputs, name="", domain="", **attributes):
    return message((1, list(inputs)), (2, list(outputs)), (3, name or None), (4, op), (5, [attribute(k, v) for k, v in attributes.items()]), (7, domain or None))


class Graph(Raw):
    is_graph = True


def graph(nodes, inputs=(), outputs=(), initializers=(), values=()):
    return Graph(message((1, list(nodes)), (2, "graph"), (5, list(initializers)), (11, list(inputs)), (12, list(outputs)), (13, list(values))))


def function(domain, name, inputs, outputs, nodes, opset=20, attributes=()):
    return message((1, name), (4, list(inputs)), (5, list(outputs)), (6, list(attributes)), (7, list(nodes)), (9, [opset_id("", opset)]), (10, domain))


def opset_id(domain, version):
    return message((1, domain), (2, version))


def model(nodes, inputs=(), outputs=(), initializers=(), *, opset=20, opsets=None, functions=(), ir=9):
    imports = [opset_id(d, v) for d, v in (opsets or {"": opset}).items()]
    return message((1, ir), (7, graph(nodes, inputs, outputs, initializers)), (8, imports), (25, list(functions)))
