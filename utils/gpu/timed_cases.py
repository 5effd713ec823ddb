# SPDX-License-Identifier: Apache-2.0
"""Programs that bundles time: sizes beyond the caches for memory-bound kernels, with bytes or operations and the same in PyTorch."""
import importlib.util
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]

BYTES = {"f32": 4, "f16": 2, "bf16": 2}

ADD = """
func.func @main(%x: tensor<?x{d}x{t}> {{seq.dims = ["R", {d}], seq.name = "x"}}, %y: tensor<?x{d}x{t}> {{seq.dims = ["R", {d}], seq.name = "y"}}) -> tensor<?x{d}x{t}> attributes {{seq.export}} {{
  %s = arith.addf %x, %y : tensor<?x{d}x{t}>
  return %s : tensor<?x{d}x{t}>
}}
"""

SOFTMAX = """
func.func @main(%x: tensor<?x{d}xf32> {{seq.dims = ["R", {d}], seq.name = "x"}}) -> tensor<?x{d}xf32> attributes {{seq.export}} {{
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x{d}xf32>
  %lowest = arith.constant dense<0xFF800000> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e1 = tensor.empty(%n) : tensor<?xf32>
  %e2 = tensor.empty(%n) : tensor<?x{d}xf32>
  %l = linalg.broadcast ins(%lowest : tensor<f32>) outs(%e1 : tensor<?xf32>) dimensions = [0]
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e1 : tensor<?xf32>) dimensions = [0]
  %m = linalg.reduce ins(%x : tensor<?x{d}xf32>) outs(%l : tensor<?xf32>) dimensions = [1] (%a: f32, %b: f32) {{ %t = arith.maximumf %a, %b : f32 linalg.yield %t : f32 }}
  %mb = linalg.broadcast ins(%m : tensor<?xf32>) outs(%e2 : tensor<?x{d}xf32>) dimensions = [1]
  %c = arith.subf %x, %mb : tensor<?x{d}xf32>
  %p = math.exp %c : tensor<?x{d}xf32>
  %s = linalg.reduce ins(%p : tensor<?x{d}xf32>) outs(%z : tensor<?xf32>) dimensions = [1] (%a: f32, %b: f32) {{ %t = arith.addf %a, %b : f32 linalg.yield %t : f32 }}
  %sb = linalg.broadcast ins(%s : tensor<?xf32>) outs(%e2 : tensor<?x{d}xf32>) dimensions = [1]
  %y = arith.divf %p, %sb : tensor<?x{d}xf32>
  return %y : tensor<?x{d}xf32>
}}
"""

MATMUL = """
func.func @main(%a: tensor<?x{k}x{t}> {{seq.dims = ["M", {k}], seq.name = "a"}}, %b: tensor<{k}x{n}x{t}> {{seq.name = "b"}}) -> tensor<?x{n}xf32> attributes {{seq.export}} {{
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : tensor<?x{k}x{t}>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e = tensor.empty(%m) : tensor<?x{n}xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x{n}xf32>) dimensions = [0, 1]
  %y = linalg.matmul ins(%a, %b : tensor<?x{k}x{t}>, tensor<{k}x{n}x{t}>) outs(%z : tensor<?x{n}xf32>) -> tensor<?x{n}xf32>
  return %y : tensor<?x{n}xf32>
}}
"""


def _texts():
    """The graphs of the CPU benchmarks, which are timed here too."""
    spec = importlib.util.spec_from_file_location("benchmark_graphs", TOP / "benchmarks" / "graphs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tensor(name, dtype, *shape, scale=1.0):
    return {"name": name, "dtype": dtype, "shape": list(shape), "fill": {"kind": "uniform", "scale": scale}}


def cases():
    """{"name", "module", "inputs", "bytes" or "flops", "torch", "cold", "overhead"}; overhead: the host's time of a call is measured too"""
    texts = _texts()
    yield {"name": "time/overhead/f32/add R=1,D=64", "module": ADD.format(d=64, t="f32"), "overhead": True, "inputs": [tensor(n, "f32", 1, 64) for n in "xy"]}
    for dtype in ("f32", "bf16"):
        rows, d = 65536, 1024
        yield {"name": f"time/add/{dtype}/R={rows},D={d}", "module": ADD.format(d=d, t=dtype), "cold": True, "torch": "x + y",
               "inputs": [tensor(n, dtype, rows, d) for n in "xy"], "bytes": 3 * rows * d * BYTES[dtype]}
    for rows, d in ((65536, 768), (16384, 4096)):
        yield {"name": f"time/residual_layernorm/f32/R={rows},D={d}", "module": texts.residual_layernorm(d), "cold": True,
               "torch": f"(F.layer_norm(x + r, ({d},), g, b), x + r)", "bytes": 4 * rows * d * 4,
               "inputs": [tensor("x", "f32", rows, d), tensor("r", "f32", rows, d), tensor("g", "f32", d), tensor("b", "f32", d)]}
        yield {"name": f"time/softmax/f32/R={rows},D={d}", "module": SOFTMAX.format(d=d), "cold": True, "torch": "torch.softmax(x, -1)",
               "bytes": 2 * rows * d * 4, "inputs": [tensor("x", "f32", rows, d, scale=4.0)]}
    yield {"name": "time/gelu/f32/R=65536,D=1024", "module": texts.gelu(1024), "cold": True, "torch": "F.gelu(x)", "bytes": 2 * 65536 * 1024 * 4,
           "inputs": [tensor("x", "f32", 65536, 1024)]}
    for dtype, size in (("bf16", 4096), ("f16", 4096), ("f32", 2048)):
        yield {"name": f"time/matmul/{dtype}/{size}", "module": MATMUL.format(k=size, n=size, t=dtype), "torch": "a @ b", "flops": 2 * size ** 3,
               "inputs": [tensor("a", dtype, size, size), tensor("b", dtype, size, size)]}
    for dtype, length, d in (("bf16", 4096, 64), ("bf16", 4096, 128), ("f32", 2048, 64)):
        for causal in ("none", "bottom_right"):
            text = texts.attention(heads=16, width=d, causal=causal, dtype=dtype)
            flops = 4 * 16 * length * length * d // (1 if causal == "none" else 2)
            yield {"name": f"time/attention/{dtype}/{'full' if causal == 'none' else 'causal'}/H=16,L={length},D={d}", "module": text, "flops": flops,
                   "torch": f"F.scaled_dot_product_attention(q, k, v, is_causal={causal != 'none'})",
                   "inputs": [tensor(n, dtype, 1, 16, length, d) for n in "qkv"]}
    yield from scans(texts)
    yield from convolutions(texts)


def scans(texts):
    """Peers of scans are not part of PyTorch. A is near 0, so that states stay finite."""
    batch, channels, length, states = 8, 2048, 2048, 16
    elements = batch * channels * length
    inputs = [tensor(n, "bf16", batch, channels, length) for n in ("u", "delta", "z")] + [tensor(n, "bf16", batch, 1, states, length) for n in "BC"]
    inputs += [tensor("A", "f32", channels, states, scale=0.001), tensor("D", "f32", channels)]
    yield {"name": f"time/selective_scan/bf16/B={batch},D={channels},L={length},N={states}", "module": texts.selective_scan(batch, channels, states, "bf16"),
           "cold": True, "bytes": 4 * elements * 2, "inputs": inputs}
    yield {"name": f"time/linear_scan/f32/B={batch},D={channels},L={length}", "module": texts.linear_scan(batch, channels), "cold": True,
           "bytes": 3 * elements * 4, "inputs": [tensor("a", "f32", batch, channels, length), tensor("b", "f32", batch, channels, length)]}


def convolutions(texts):
    batch, channels = 64, 768
    for length in (1024, 4096):
        transform = f"torch.fft.irfft(torch.fft.rfft(u.float(), n={2 * length}) * torch.fft.rfft(k, n={2 * length}), n={2 * length})[..., :{length}].to(u.dtype)"
        yield {"name": f"time/long_conv/bf16/B={batch},D={channels},L={length}", "module": texts.long_conv(channels, length, "bf16"), "cold": True, "torch": transform,
               "bytes": 4 * batch * channels * length, "inputs": [tensor("u", "bf16", batch, channels, length), tensor("k", "f32", channels, length, scale=0.03)]}
    yield {"name": f"time/short_conv/bf16/B={batch},D={channels},L=4096,K=4", "module": texts.short_conv(channels, 4, "bf16"), "cold": True,
           "torch": f"F.silu(F.conv1d(F.pad(u, (3, 0)), w[:, None], b, groups={channels}))", "bytes": 4 * batch * channels * 4096,
           "inputs": [tensor("u", "bf16", batch, channels, 4096), tensor("w", "bf16", channels, 4), tensor("b", "bf16", channels)]}
