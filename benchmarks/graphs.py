# SPDX-License-Identifier: Apache-2.0
"""Graphs of one kernel each, as MLIR text, for benchmarks and the limits on compile times. `R` (rows) and `L` (length) are dynamic."""


def attention(batch=1, heads=8, width=64, causal="none", dtype="f32"):
    shape = f"{batch}x{heads}x?x{width}x{dtype}"
    dims = f'seq.dims = [{batch}, {heads}, "L", {width}]'
    arguments = ", ".join(f'%{n}: tensor<{shape}> {{{dims}, seq.name = "{n}"}}' for n in "qkv")
    return f"""func.func @main({arguments}) -> (tensor<{shape}> {{seq.name = "o"}}) attributes {{seq.export}} {{
  %o = seq.attention %q, %k, %v {{causal = "{causal}"}} : tensor<{shape}>, tensor<{shape}>, tensor<{shape}> -> tensor<{shape}>
  return %o : tensor<{shape}>
}}
"""


def long_conv(channels, length, dtype="f32", gated=False):
    """Causal, kernel as long as the sequence; `B` is dynamic. Gated: a factor before and one behind, and the skip connection."""
    shape, kernel = f"?x{channels}x{length}x{dtype}", f"{channels}x{length}xf32"
    names = ["u", "pre", "post"] if gated else ["u"]
    arguments = [f'%{n}: tensor<{shape}> {{seq.dims = ["B", {channels}, {length}], seq.name = "{n}"}}' for n in names]
    arguments.append(f'%k: tensor<{kernel}> {{seq.name = "k"}}')
    if gated:
        arguments.append(f'%skip: tensor<{channels}xf32> {{seq.name = "skip"}}')
    options = f" skip(%skip : tensor<{channels}xf32>) pre_gate(%pre : tensor<{shape}>) post_gate(%post : tensor<{shape}>)" if gated else ""
    return f"""func.func @main({", ".join(arguments)}) -> (tensor<{shape}> {{seq.name = "y"}}) attributes {{seq.export}} {{
  %y = seq.long_conv %u, %k{options} : tensor<{shape}>, tensor<{kernel}> -> tensor<{shape}>
  return %y : tensor<{shape}>
}}
"""


def short_conv(channels, taps, dtype="f32"):
    """With bias and SiLU; `B` and `L` are dynamic."""
    shape = f"?x{channels}x?x{dtype}"
    return f"""func.func @main(%u: tensor<{shape}> {{seq.dims = ["B", {channels}, "L"], seq.name = "u"}}, %w: tensor<{channels}x{taps}x{dtype}> {{seq.name = "w"}},
    %b: tensor<{channels}x{dtype}> {{seq.name = "b"}}) -> (tensor<{shape}> {{seq.name = "y"}}) attributes {{seq.export}} {{
  %y = seq.short_conv %u, %w bias(%b : tensor<{channels}x{dtype}>) {{activation = "silu"}} : tensor<{shape}>, tensor<{channels}x{taps}x{dtype}> -> tensor<{shape}>
  return %y : tensor<{shape}>
}}
"""


class Rows:
    """A function over rows of `width` elements: y = f(x, ..) with x of type ?xwidth."""

    def __init__(self, width, dtype, rows=("x",), vectors=()):
        self.width, self.dtype, self.lines, self.count = width, dtype, [], 0
        self.full, self.column, self.scalar = f"tensor<?x{width}x{dtype}>", f"tensor<?x{dtype}>", f"tensor<{dtype}>"
        self.vector = f"tensor<{width}x{dtype}>"
        self.arguments = [f'%{n}: {self.full} {{seq.dims = ["R", {width}], seq.name = "{n}"}}' for n in rows]
        self.arguments += [f'%{n}: {self.vector} {{seq.name = "{n}"}}' for n in vectors]
        self.lines.append("%c0 = arith.constant 0 : index")
        self.lines.append(f"%n = tensor.dim %{rows[0]}, %c0 : {self.full}")
        self.lines.append(f"%e1 = tensor.empty(%n) : {self.column}")
        self.lines.append(f"%e2 = tensor.empty(%n) : {self.full}")

    def add(self, text):
        self.count += 1
        self.lines.append(f"%t{self.count} = {text}")
        return f"%t{self.count}"

    def constant(self, value):
        return self.add(f"arith.constant dense<{value:e}> : {self.scalar}")

    def splat(self, value, column=False):
        out, empty, dims = (self.column, "%e1", "[0]") if column else (self.full, "%e2", "[0, 1]")
        return self.add(f"linalg.broadcast ins({self.constant(value)} : {self.scalar}) outs({empty} : {out}) dimensions = {dims}")

    def op(self, name, *operands, column=False):
        return self.add(f"{name} {', '.join(operands)} : {self.column if column else self.full}")

    def reduce(self, combiner, value, init):
        return self.add(f"linalg.reduce {{ {combiner} }} ins({value} : {self.full}) outs({self.splat(init, column=True)} : {self.column}) dimensions = [1]")

    def spread(self, column):
        return self.add(f"linalg.broadcast ins({column} : {self.column}) outs(%e2 : {self.full}) dimensions = [1]")

    def spread_vector(self, vector):
        return self.add(f"linalg.broadcast ins({vector} : {self.vector}) outs(%e2 : {self.full}) dimensions = [0]")

    def text(self, *results):
        types = ", ".join([self.full] * len(results))
        body = "\n  ".join(self.lines)
        return f"func.func @main({', '.join(self.arguments)}) -> ({types}) attributes {{seq.export}} {{\n  {body}\n  return {', '.join(results)} : {types}\n}}\n"


def gelu_of(rows, x):
    """0.5 x (1 + erf(x / sqrt(2)))"""
    scaled = rows.op("arith.mulf", x, rows.splat(0.5 ** 0.5))
    return rows.op("arith.mulf", rows.op("arith.mulf", x, rows.splat(0.5)), rows.op("arith.addf", rows.op("math.erf", scaled), rows.splat(1.0)))


def pointwise_add(width=1024, dtype="f32"):
    r = Rows(width, dtype, rows=("x", "y"))
    return r.text(r.op("arith.addf", "%x", "%y"))


def gelu(width=1024, dtype="f32"):
    r = Rows(width, dtype)
    return r.text(gelu_of(r, "%x"))


def softmax(width=1024, dtype="f32"):
    r = Rows(width, dtype)
    top = r.spread(r.reduce("arith.maximumf", "%x", -3.0e4 if dtype == "f16" else -1.0e30))
    e = r.op("math.exp", r.op("arith.subf", "%x", top))
    return r.text(r.op("arith.divf", e, r.spread(r.reduce("arith.addf", e, 0.0))))


def residual_layernorm(width=768, dtype="f32"):
    """y, s of s = x + r, y = layernorm(s) g + b"""
    r = Rows(width, dtype, rows=("x", "r"), vectors=("g", "b"))
    s = r.op("arith.addf", "%x", "%r")
    mean = r.op("arith.mulf", r.reduce("arith.addf", s, 0.0), r.splat(1.0 / width, column=True), column=True)
    c = r.op("arith.subf", s, r.spread(mean))
    variance = r.op("arith.mulf", r.reduce("arith.addf", r.op("arith.mulf", c, c), 0.0), r.splat(1.0 / width, column=True), column=True)
    scale = r.op("math.rsqrt", r.op("arith.addf", variance, r.splat(1.0e-5, column=True), column=True), column=True)
    y = r.op("arith.mulf", r.op("arith.mulf", c, r.spread(scale)), r.spread_vector("%g"))
    return r.text(r.op("arith.addf", y, r.spread_vector("%b")), s)


def matmul(k=1024, n=1024, dtype="f32", epilogue=True):
    """gelu(x w + b); 16-bit inputs have an f32 result"""
    out = "f64" if dtype == "f64" else "f32"
    r = Rows(n, out, rows=("y",), vectors=("b",))
    x, w = f"tensor<?x{k}x{dtype}>", f"tensor<{k}x{n}x{dtype}>"
    r.arguments[0] = f'%x: {x} {{seq.dims = ["R", {k}], seq.name = "x"}}, %w: {w} {{seq.name = "w"}}'
    r.lines[1] = f"%n = tensor.dim %x, %c0 : {x}"
    y = r.add(f"linalg.matmul ins(%x, %w : {x}, {w}) outs({r.splat(0.0)} : {r.full}) -> {r.full}")
    return r.text(gelu_of(r, r.op("arith.addf", y, r.spread_vector("%b"))) if epilogue else y)


def linear_scan(batch=1, channels=1024, dtype="f32"):
    """h[t] = a[t] h[t-1] + b[t]"""
    kind = f"tensor<{batch}x{channels}x?x{dtype}>"
    arguments = ", ".join(f'%{n}: {kind} {{seq.dims = [{batch}, {channels}, "L"], seq.name = "{n}"}}' for n in "ab")
    return f"""func.func @main({arguments}) -> {kind} attributes {{seq.export}} {{
  %h = seq.linear_scan %a, %b : {kind}, {kind} -> {kind}
  return %h : {kind}
}}
"""


def selective_scan(batch=1, channels=1024, states=16, dtype="f32"):
    """Mamba's scan: softplus, direct path and gate"""
    kind, columns = f"tensor<{batch}x{channels}x?x{dtype}>", f"tensor<{batch}x1x{states}x?x{dtype}>"
    arguments = [f'%{n}: {kind} {{seq.dims = [{batch}, {channels}, "L"], seq.name = "{n}"}}' for n in ("u", "delta", "z")]
    arguments += [f'%{n}: {columns} {{seq.dims = [{batch}, 1, {states}, "L"], seq.name = "{n}"}}' for n in ("B", "C")]
    arguments += [f'%A: tensor<{channels}x{states}xf32> {{seq.name = "A"}}', f'%D: tensor<{channels}xf32> {{seq.name = "D"}}']
    return f"""func.func @main({", ".join(arguments)}) -> {kind} attributes {{seq.export}} {{
  %y = seq.selective_scan %u, %delta, %A, %B, %C D(%D : tensor<{channels}xf32>) z(%z : {kind}) {{delta_softplus}}
    : {kind}, {kind}, tensor<{channels}x{states}xf32>, {columns}, {columns} -> {kind}
  return %y : {kind}
}}
"""


def gather(rows=1000, width=64, dtype="f32"):
    """rows of a table by number"""
    table, index, out = f"tensor<{rows}x{width}x{dtype}>", "tensor<?x1xi64>", f"tensor<?x{width}x{dtype}>"
    return f"""func.func @main(%t: {table} {{seq.name = "t"}}, %i: {index} {{seq.dims = ["R", 1], seq.name = "i"}}) -> {out} attributes {{seq.export}} {{
  %g = tensor.gather %t[%i] gather_dims([0]) : ({table}, {index}) -> {out}
  return %g : {out}
}}
"""


def transpose(dtype="f32"):
    kind = f"tensor<?x?x{dtype}>"
    return f"""func.func @main(%x: {kind} {{seq.dims = ["R", "L"], seq.name = "x"}}) -> {kind} attributes {{seq.export}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tensor.dim %x, %c0 : {kind}
  %l = tensor.dim %x, %c1 : {kind}
  %e = tensor.empty(%l, %r) : {kind}
  %y = linalg.transpose ins(%x : {kind}) outs(%e : {kind}) permutation = [1, 0]
  return %y : {kind}
}}
"""
