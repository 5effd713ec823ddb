# SPDX-License-Identifier: Apache-2.0
"""Writes the text of one `seq` function: values, types, locations, and the primitive ops of the closed list.

Emitters of ATen operators (ops_*.py) use nothing else. Shapes are tuples of integers and size expressions (symbols.py); element types are MLIR's names.
"""

import dataclasses
import math
import struct

from . import symbols
from .errors import Unsupported

FLOAT_BITS = {"f64": 64, "f32": 32, "f16": 16, "bf16": 16}
INT_BITS = {"i64": 64, "i32": 32, "i8": 8, "i1": 1}
COMPLEX_PARTS = {"complex<f32>": "f32", "complex<f64>": "f64"}
# Op on real tensors -> scalar op in the body of a linalg.map on complex ones
COMPLEX_OPS = {"arith.addf": "complex.add", "arith.subf": "complex.sub", "arith.mulf": "complex.mul", "arith.divf": "complex.div", "arith.negf": "complex.neg", "math.exp": "complex.exp"}
NON_FINITE = {  # +inf, -inf, nan as MLIR's hexadecimal float literals
    "f64": ("0x7FF0000000000000", "0xFFF0000000000000", "0x7FF8000000000000"),
    "f32": ("0x7F800000", "0xFF800000", "0x7FC00000"),
    "f16": ("0x7C00", "0xFC00", "0x7E00"),
    "bf16": ("0x7F80", "0xFF80", "0x7FC0"),
}


def is_float(dtype):
    return dtype in FLOAT_BITS


def is_complex(dtype):
    return dtype in COMPLEX_PARTS


def type_text(shape, dtype):
    return "tensor<" + "".join(f"{extent if symbols.is_static(extent) else '?'}x" for extent in shape) + dtype + ">"


def literal(value, dtype):
    """A number as MLIR text of an element type."""
    if dtype == "i1":
        return "true" if value else "false"
    if is_complex(dtype):
        value = complex(value)
        return f"({literal(value.real, COMPLEX_PARTS[dtype])}, {literal(value.imag, COMPLEX_PARTS[dtype])})"
    if not is_float(dtype):
        return str(int(value))
    value = float(value)
    if dtype == "f32" and math.isfinite(value):
        try:
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            value = math.copysign(math.inf, value)
    if not math.isfinite(value):
        return NON_FINITE[dtype][2 if math.isnan(value) else 0 if value > 0 else 1]
    # Nine digits tell all f32 apart, seventeen all f64.
    mantissa, _, exponent = f"{value:.{16 if dtype == 'f64' else 8}e}".partition("e")
    mantissa = mantissa.rstrip("0")
    short = repr(value)
    if "e" not in short and len(short) <= len(mantissa) + 4:
        return short
    return f"{mantissa}{'0' if mantissa.endswith('.') else ''}e{int(exponent):+03d}"


@dataclasses.dataclass(frozen=True)
class Value:
    """An SSA value: a ranked tensor."""

    name: str
    shape: tuple
    dtype: str

    @property
    def rank(self):
        return len(self.shape)

    @property
    def type(self):
        return type_text(self.shape, self.dtype)


class Builder:
    """Lines of a function body. `dims`: symbol -> (argument, dim, a, b): the argument's extent is a * symbol + b."""

    def __init__(self, dims):
        self.lines, self.location = [], ""
        self._dims, self._next, self._sizes, self._constants, self._parts = dims, 0, {}, {}, {}

    def fresh(self):
        self._next += 1
        return f"%{self._next - 1}"

    def emit(self, text, shape, dtype):
        """Adds `%n = text` with a tensor result."""
        return Value(self._line(text), tuple(shape), dtype)

    def emit_several(self, text, results):
        """Adds `%n:2 = text` with the results [(shape, dtype)]; one result is `%n`."""
        if len(results) == 1:
            return (self.emit(text, *results[0]),)
        name = self.fresh()
        self.lines.append(f"{name}:{len(results)} = {text}{self.location}")
        return tuple(Value(f"{name}#{i}", tuple(shape), dtype) for i, (shape, dtype) in enumerate(results))

    def _line(self, text):
        name = self.fresh()
        self.lines.append(f"{name} = {text}{self.location}")
        return name

    # Sizes

    def index(self, extent):
        """SSA name of a size as `index`."""
        key = extent
        if key not in self._sizes:
            self._sizes[key] = symbols.fold(
                extent,
                self._leaf,
                lambda a, b: self._line(f"arith.addi {a}, {b} : index"),
                lambda a, b: self._line(f"arith.muli {a}, {b} : index"),
                lambda name, a, b: self._line(f"{symbols.BINARY[name][0]} {a}, {b} : index"),
            )
        return self._sizes[key]

    def _leaf(self, extent):
        if extent in self._sizes:
            return self._sizes[extent]
        if isinstance(extent, int):
            name = self._line(f"arith.constant {extent} : index")
        else:
            if extent not in self._dims:
                raise Unsupported(f"size {extent} depends on data")
            argument, dim, a, b = self._dims[extent]
            name = self._line(f"tensor.dim {argument.name}, {self.index(dim)} : {argument.type}")
            if b:
                name = self._line(f"arith.subi {name}, {self.index(b)} : index")
            if a != 1:
                name = self._line(f"arith.floordivsi {name}, {self.index(a)} : index")
        self._sizes[extent] = name
        return name

    def mixed(self, extents):
        """Static and dynamic sizes as `[%n, 64]`."""
        return "[" + ", ".join(str(e) if symbols.is_static(e) else self.index(e) for e in extents) + "]"

    def _dynamic(self, shape):
        return ", ".join(self.index(extent) for extent in shape if not symbols.is_static(extent))

    def type(self, shape, dtype):
        return type_text(shape, dtype)

    # Creation

    def empty(self, shape, dtype):
        return self.emit(f"tensor.empty({self._dynamic(shape)}) : {type_text(shape, dtype)}", shape, dtype)

    def constant(self, value, shape, dtype):
        """A tensor of equal elements."""
        shape = tuple(shape)
        key = (repr(value), shape, dtype)
        if key not in self._constants:
            if all(symbols.is_static(extent) for extent in shape):
                result = self.emit(f"arith.constant dense<{literal(value, dtype)}> : {type_text(shape, dtype)}", shape, dtype)
            else:
                result = self.broadcast(self.constant(value, (), dtype), shape, range(len(shape)))
            self._constants[key] = result
        return self._constants[key]

    def iota(self, shape, dim, dtype="i64"):
        return self.emit(f"seq.iota({self._dynamic(shape)}) {{dim = {dim} : i64}} : {type_text(shape, dtype)}", shape, dtype)

    def scalar_of_size(self, extent, dtype):
        """A size as a rank-0 tensor: the last element of 0, 1, .., size."""
        if symbols.is_static(extent):
            return self.constant(extent, (), dtype)
        last = self.slice(self.iota((extent + 1,), 0), [extent], (1,))
        return self.cast(self.reshape(last, ()), dtype)

    # Elementwise

    def unary(self, operation, x):
        if is_complex(x.dtype):
            return self.map(self._complex_op(operation), (x,), x.dtype)
        return self.emit(f"{operation} {x.name} : {x.type}", x.shape, x.dtype)

    def binary(self, operation, a, b):
        assert a.type == b.type, f"{operation} of {a.type} and {b.type}"
        if is_complex(a.dtype):
            return self.map(self._complex_op(operation), (a, b), a.dtype)
        return self.emit(f"{operation} {a.name}, {b.name} : {a.type}", a.shape, a.dtype)

    def _complex_op(self, operation):
        if operation not in COMPLEX_OPS:
            raise Unsupported(f"{operation.partition('.')[2]} of complex numbers")
        return COMPLEX_OPS[operation]

    def map(self, operation, operands, dtype):
        """A scalar op of the complex dialect on every element; operands of equal shapes."""
        init = self.empty(operands[0].shape, dtype)
        names, types = ", ".join(x.name for x in operands), ", ".join(x.type for x in operands)
        return self.emit(f"linalg.map {{ {operation} }} ins({names} : {types}) outs({init.name} : {init.type})", init.shape, dtype)

    def compare(self, predicate, a, b):
        """predicate: eq ne lt le gt ge; a comparison with NaN is false, `ne` true."""
        if is_complex(a.dtype):
            raise Unsupported("comparison of complex numbers")
        assert a.type == b.type, f"comparison of {a.type} and {b.type}"
        if is_float(a.dtype):
            operation = f"arith.cmpf {'u' if predicate == 'ne' else 'o'}{predicate}"
        else:
            sign = "" if predicate in ("eq", "ne") else "u" if a.dtype == "i1" else "s"
            operation = f"arith.cmpi {sign}{predicate}"
        return self.emit(f"{operation}, {a.name}, {b.name} : {a.type}", a.shape, "i1")

    def select(self, condition, a, b):
        assert a.type == b.type and condition.shape == a.shape, f"selection of {a.type} and {b.type}"
        return self.emit(f"arith.select {condition.name}, {a.name}, {b.name} : {condition.type}, {a.type}", a.shape, a.dtype)

    def cast(self, x, dtype):
        """Conversion of elements with torch's meaning."""
        if x.dtype == dtype:
            return x
        if is_complex(dtype):
            return self._to_complex(x, dtype)
        if is_complex(x.dtype):
            raise Unsupported(f"conversion of complex numbers to {dtype}")
        if dtype == "i1":
            return self.compare("ne", x, self.constant(0, x.shape, x.dtype))
        if is_float(x.dtype) and is_float(dtype) and FLOAT_BITS[x.dtype] == FLOAT_BITS[dtype]:
            return self.cast(self.cast(x, "f32"), dtype)
        return self.emit(f"{_conversion(x.dtype, dtype)} {x.name} : {x.type} to {type_text(x.shape, dtype)}", x.shape, dtype)

    def _to_complex(self, x, dtype):
        part = COMPLEX_PARTS[dtype]
        real, imaginary = self.parts(x) if is_complex(x.dtype) else (x, self.constant(0, x.shape, part))
        return self.complex(self.cast(real, part), self.cast(imaginary, part), dtype)

    def complex(self, real, imaginary, dtype):
        result = self.map("complex.create", (real, imaginary), dtype)
        self._parts[result.name] = real, imaginary
        return result

    def pairs(self, x):
        """A complex tensor as a real one with a last dim of 2."""
        parts = self.parts(x)
        result = self.concat([self.reshape(part, x.shape + (1,)) for part in parts], x.rank, x.shape + (2,))
        self._parts[result.name] = parts
        return result

    def is_pairs(self, x):
        return not is_complex(x.dtype) and x.name in self._parts

    def parts(self, x):
        """Real and imaginary part of a complex tensor: those it was made of, where it was."""
        if x.name not in self._parts:
            self._parts[x.name] = tuple(self.map(operation, (x,), COMPLEX_PARTS[x.dtype]) for operation in ("complex.re", "complex.im"))
        return self._parts[x.name]

    # Structure

    def broadcast(self, x, shape, dims):
        """`x` repeated along new dims `dims` of the result."""
        dims = list(dims)
        if not dims:
            return x
        init = self.empty(shape, x.dtype)
        return self.emit(f"linalg.broadcast ins({x.name} : {x.type}) outs({init.name} : {init.type}) dimensions = {dims}", shape, x.dtype)

    def transpose(self, x, permutation):
        permutation = list(permutation)
        if permutation == list(range(x.rank)):
            return x
        init = self.empty([x.shape[p] for p in permutation], x.dtype)
        text = f"linalg.transpose ins({x.name} : {x.type}) outs({init.name} : {init.type}) permutation = {permutation}"
        return self.emit(text, init.shape, x.dtype)

    def reduce(self, operation, initial, x, dims):
        """Removes `dims` with an op such as arith.addf that starts from `initial`."""
        dims = sorted(dims)
        if not dims:
            return x
        if is_complex(x.dtype):
            operation = self._complex_op(operation)
        init = self.constant(initial, [e for d, e in enumerate(x.shape) if d not in dims], x.dtype)
        text = f"linalg.reduce {{ {operation} }} ins({x.name} : {x.type}) outs({init.name} : {init.type}) dimensions = {dims}"
        return self.emit(text, init.shape, x.dtype)

    def matmul(self, a, b):
        """[M, K] x [K, N] or [B, M, K] x [B, K, N]; 16-bit inputs give f32."""
        operation = "linalg.matmul" if a.rank == 2 else "linalg.batch_matmul"
        dtype = "f32" if FLOAT_BITS.get(a.dtype) == 16 else a.dtype
        init = self.constant(0, a.shape[:-1] + b.shape[-1:], dtype)
        text = f"{operation} ins({a.name}, {b.name} : {a.type}, {b.type}) outs({init.name} : {init.type}) -> {init.type}"
        return self.emit(text, init.shape, dtype)

    def slice(self, x, offsets, shape, steps=None):
        steps = steps or [1] * x.rank
        text = f"tensor.extract_slice {x.name}{self.mixed(offsets)} {self.mixed(shape)} {steps} : {x.type} to {type_text(shape, x.dtype)}"
        return self.emit(text, shape, x.dtype)

    def concat(self, parts, dim, shape):
        types = ", ".join(part.type for part in parts)
        names = ", ".join(part.name for part in parts)
        return self.emit(f"tensor.concat dim({dim}) {names} : ({types}) -> {type_text(shape, parts[0].dtype)}", shape, parts[0].dtype)

    def pad(self, x, low, high, value, shape):
        element = self._line(f"arith.constant {literal(value, x.dtype)}{'' if x.dtype == 'i1' else ' : ' + x.dtype}")
        indices = ", ".join(f"%p{d}: index" for d in range(x.rank))
        text = f"tensor.pad {x.name} low{self.mixed(low)} high{self.mixed(high)} {{\n^bb0({indices}):\n  tensor.yield {element} : {x.dtype}\n}}"
        return self.emit(f"{text} : {x.type} to {type_text(shape, x.dtype)}", shape, x.dtype)

    def gather(self, x, indices, dims, shape):
        """indices [.., len(dims)]: coordinates along `dims`, which the result drops."""
        text = f"tensor.gather {x.name}[{indices.name}] gather_dims({list(dims)}) : ({x.type}, {indices.type}) -> {type_text(shape, x.dtype)}"
        return self.emit(text, shape, x.dtype)

    def reshape(self, x, shape):
        """Row-major reinterpretation, as collapse_shape followed by expand_shape."""
        from .reshape import reshape

        return reshape(self, x, tuple(shape))


def _conversion(source, target):
    if is_float(source) and is_float(target):
        return "arith.extf" if FLOAT_BITS[source] < FLOAT_BITS[target] else "arith.truncf"
    if is_float(target):
        return "arith.uitofp" if source == "i1" else "arith.sitofp"
    if is_float(source):
        return "arith.fptosi"
    if INT_BITS[source] > INT_BITS[target]:
        return "arith.trunci"
    return "arith.extui" if source == "i1" else "arith.extsi"
