#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times PyTorch on the CPU, as a peer of seqc's benchmarks (f32, inference).

  torch_cpu.py --threads 2 --cases '[["attention", 1, 8, 1024, 64, false], ["residual_layernorm", 65536, 768], ["gelu", 32768, 1024], ["digits", 64]]'

Cases: ["attention", B, H, L, D, causal], ["residual_layernorm", rows, width], ["gelu", rows, width] (erf form), ["gelu_tanh", rows, width],
["softmax", rows, width], ["add", rows, width], ["matmul_bias_gelu", M, N, K], ["matmul", M, N, K], ["digits", B], ["gpt", B, L],
["long_conv", B, D, L, gated] (real transforms of 2 L points, that of the kernel included), ["short_conv", B, D, L, taps] (bias, SiLU). One JSON row per case, then {"version", "threads", "median_ms": [..], "min_ms": [..]} as the last line.
"""

import argparse
import json
import os
import statistics
import sys

import torch
import torch.nn.functional as F

from timing import measure

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [TOP, os.path.join(TOP, "python")]


def attention(b, h, length, d, causal):
    q, k, v = (torch.randn(b, h, length, d) for _ in range(3))
    return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=bool(causal))


def residual_layernorm(rows, width):
    x, r, weight, bias = torch.randn(rows, width), torch.randn(rows, width), torch.randn(width), torch.randn(width)

    def run():
        s = x + r
        return F.layer_norm(s, (width,), weight, bias), s

    return run


def gelu(rows, width, approximate="none"):
    x = torch.randn(rows, width)
    return lambda: F.gelu(x, approximate=approximate)


def softmax(rows, width):
    x = torch.randn(rows, width)
    return lambda: F.softmax(x, dim=-1)


def add(rows, width):
    x, y = torch.randn(rows, width), torch.randn(rows, width)
    return lambda: x + y


def matmul_bias_gelu(m, n, k):
    x, w, b = torch.randn(m, k), torch.randn(k, n), torch.randn(n)
    return lambda: F.gelu(torch.addmm(b, x, w))


def matmul(m, n, k):
    a, b = torch.randn(m, k), torch.randn(k, n)
    return lambda: a @ b


def digits(batch):
    from models.digits.model import TOKENS, Digits

    model, pixels = Digits().eval(), torch.rand(batch, TOKENS)
    return lambda: model(pixels)


def gpt(batch, length):
    from models.gpt.model import GPT

    model = GPT().eval()
    tokens = torch.randint(0, model.config.vocabulary, (batch, length))
    return lambda: model(tokens)


def long_conv(batch, channels, length, gated):
    u, k, pre, post, skip = (torch.randn(*shape) for shape in [(batch, channels, length), (channels, length), (batch, channels, length), (batch, channels, length), (channels, 1)])

    def convolution(v):
        return torch.fft.irfft(torch.fft.rfft(v, n=2 * length) * torch.fft.rfft(k, n=2 * length), n=2 * length)[..., :length]

    def gates():
        v = u * pre
        return (convolution(v) + v * skip) * post

    return gates if gated else lambda: convolution(u)


def short_conv(batch, channels, length, taps):
    u, w, b = torch.randn(batch, channels, length), torch.randn(channels, 1, taps), torch.randn(channels)
    return lambda: F.silu(F.conv1d(u, w, b, padding=taps - 1, groups=channels)[..., :length])


CASES = {
    "attention": attention,
    "residual_layernorm": residual_layernorm,
    "gelu": gelu,
    "gelu_tanh": lambda rows, width: gelu(rows, width, "tanh"),
    "softmax": softmax,
    "add": add,
    "matmul_bias_gelu": matmul_bias_gelu,
    "matmul": matmul,
    "digits": digits,
    "gpt": gpt,
    "long_conv": long_conv,
    "short_conv": short_conv,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.5, help="spent on each case")
    parser.add_argument("--cases", required=True, help="JSON array of cases")
    options = parser.parse_args()
    cases = json.loads(options.cases)
    unknown = [case for case in cases if not case or case[0] not in CASES]
    if unknown:
        parser.error(f"expects cases of {', '.join(CASES)}, but got {unknown}")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    medians, minima = [], []
    with torch.inference_mode():
        for case in cases:
            times = measure(CASES[case[0]](*case[1:]), options.seconds)
            medians.append(statistics.median(times))
            minima.append(min(times))
            print(json.dumps({"case": case, "median_ms": round(medians[-1], 4), "min_ms": round(minima[-1], 4), "calls": len(times)}), flush=True)
    print(json.dumps({"version": torch.__version__, "threads": options.threads, "median_ms": medians, "min_ms": minima}))


if __name__ == "__main__":
    main()
