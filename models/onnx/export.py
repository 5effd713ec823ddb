#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports the two models of this folder with PyTorch's ONNX exporter, and their expected outputs with PyTorch itself.

    V/bin/python models/onnx/export.py         (V: utils/install_torch.sh, pip install onnx)

encoder.onnx: BERT-like: token and position embeddings, post-norm blocks, attention written out with a padding mask, exact GELU, tanh pooler.
decoder.onnx: GPT-like with a KV cache: RMS norms, rotary positions, grouped heads, SiLU-gated MLP; past and present
keys and values are inputs and outputs, the past may be empty.
"""
import json
import math
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY, WIDTH, HEADS, KEY_HEADS, LAYERS, POSITIONS = 61, 48, 4, 2, 2, 64


class EncoderBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)

    def heads(self, x):
        return x.view(x.size(0), x.size(1), HEADS, WIDTH // HEADS).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        q, k, v = self.heads(self.query(x)), self.heads(self.key(x)), self.heads(self.value(x))
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(WIDTH // HEADS) + mask
        mixed = torch.matmul(F.softmax(scores, dim=-1), v).permute(0, 2, 1, 3).contiguous()
        x = self.norm1(x + self.out(mixed.view(mixed.size(0), mixed.size(1), WIDTH)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.blocks = nn.ModuleList(EncoderBlock() for _ in range(LAYERS))
        self.pooler = nn.Linear(WIDTH, WIDTH)

    def forward(self, input_ids, attention_mask):
        positions = torch.arange(input_ids.size(1)).unsqueeze(0)
        x = self.norm(self.tokens(input_ids) + self.positions(positions))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for block in self.blocks:
            x = block(x, mask)
        return x, torch.tanh(self.pooler(x[:, 0]))


class RmsNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(WIDTH) + 0.5)

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


def rotated(x, cosines, sines):
    first, second = x.chunk(2, dim=-1)
    return x * cosines + torch.cat((-second, first), dim=-1) * sines


class DecoderBlock(nn.Module):
    def __init__(self):
        super().__init__()
        depth = WIDTH // HEADS
        self.query, self.key, self.value = nn.Linear(WIDTH, WIDTH, bias=False), nn.Linear(WIDTH, KEY_HEADS * depth, bias=False), nn.Linear(WIDTH, KEY_HEADS * depth, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate, self.up, self.down = nn.Linear(WIDTH, 80, bias=False), nn.Linear(WIDTH, 80, bias=False), nn.Linear(80, WIDTH, bias=False)
        self.norm1, self.norm2 = RmsNorm(), RmsNorm()

    def forward(self, x, past_key, past_value, cosines, sines, visible):
        h = self.norm1(x)
        split = lambda t, heads: t.view(t.size(0), t.size(1), heads, WIDTH // HEADS).transpose(1, 2)  # noqa: E731
        q, k, v = split(self.query(h), HEADS), split(self.key(h), KEY_HEADS), split(self.value(h), KEY_HEADS)
        q, k = rotated(q, cosines, sines), rotated(k, cosines, sines)
        k, v = torch.cat((past_key, k), dim=2), torch.cat((past_value, v), dim=2)
        wide = lambda t: t[:, :, None].expand(-1, -1, HEADS // KEY_HEADS, -1, -1).reshape(t.size(0), HEADS, t.size(2), t.size(3))  # noqa: E731
        scores = torch.matmul(q, wide(k).transpose(2, 3)) * (WIDTH // HEADS) ** -0.5 + visible
        y = torch.matmul(F.softmax(scores, dim=-1), wide(v))
        x = x + self.out(y.transpose(1, 2).reshape(x.size(0), x.size(1), WIDTH))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h)), k, v


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.blocks = nn.ModuleList(DecoderBlock() for _ in range(LAYERS))
        self.norm = RmsNorm()
        depth = WIDTH // HEADS
        self.register_buffer("frequencies", 10000.0 ** (-torch.arange(0, depth, 2) / depth))

    def forward(self, input_ids, *past):
        seen = past[0].size(2)
        positions = torch.arange(seen, seen + input_ids.size(1))
        angles = positions[:, None].to(torch.float32) * self.frequencies[None, :]
        cosines, sines = torch.cat((angles, angles), dim=-1).cos(), torch.cat((angles, angles), dim=-1).sin()
        visible = torch.arange(seen + input_ids.size(1))[None, :] <= positions[:, None]
        visible = torch.where(visible, 0.0, torch.finfo(torch.float32).min)
        x, present = self.tokens(input_ids), []
        for i, block in enumerate(self.blocks):
            x, k, v = block(x, past[2 * i], past[2 * i + 1], cosines, sines, visible)
            present += [k, v]
        return (F.linear(self.norm(x), self.tokens.weight), *present)


def save_case(folder, model, names, arguments, outputs):
    folder.mkdir(exist_ok=True)
    with torch.no_grad():
        results = model(*arguments)
    entry = {"function": "main", "inputs": {}, "outputs": {}, "rtol": 1e-4, "atol": 1e-5}
    for kind, keys, tensors in (("inputs", names, arguments), ("outputs", outputs, results)):
        for key, tensor in zip(keys, tensors):
            np.save(folder / f"{key}.npy", tensor.numpy())
            entry[kind][key] = f"{folder.name}/{key}.npy"
    return entry


def export(name, model, arguments, inputs, outputs, dynamic, cases):
    torch.onnx.export(model, arguments, HERE / f"{name}.onnx", input_names=inputs, output_names=outputs, dynamic_axes=dynamic, opset_version=17, dynamo=False)
    entries = [save_case(HERE / f"{name}_{i}", model, inputs, case, outputs) for i, case in enumerate(cases)]
    (HERE / f"{name}.json").write_text(json.dumps(entries, indent=1) + "\n")


def main():
    torch.manual_seed(0)
    ids = lambda b, n: torch.randint(0, VOCABULARY, (b, n))  # noqa: E731
    encoder = Encoder().eval()
    ragged = (torch.arange(9)[None, :] < torch.tensor([9, 4, 1])[:, None]).to(torch.int64)
    export("encoder", encoder, (ids(2, 7), torch.ones(2, 7, dtype=torch.int64)), ["input_ids", "attention_mask"], ["hidden", "pooled"],
           {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"}, "hidden": {0: "batch", 1: "length"}, "pooled": {0: "batch"}},
           [(ids(1, 1), torch.ones(1, 1, dtype=torch.int64)), (ids(3, 9), ragged), (ids(2, 64), torch.ones(2, 64, dtype=torch.int64))])
    decoder = Decoder().eval()
    past = lambda b, n: [torch.randn(b, KEY_HEADS, n, WIDTH // HEADS) for _ in range(2 * LAYERS)]  # noqa: E731
    keys = [f"{kind}_{i}" for i in range(LAYERS) for kind in ("key", "value")]
    inputs, outputs = ["input_ids"] + [f"past_{k}" for k in keys], ["logits"] + [f"present_{k}" for k in keys]
    dynamic = {"input_ids": {0: "batch", 1: "length"}, "logits": {0: "batch", 1: "length"}}
    dynamic |= {f"past_{k}": {0: "batch", 2: "past"} for k in keys} | {f"present_{k}": {0: "batch", 2: "total"} for k in keys}
    export("decoder", decoder, (ids(2, 3), *past(2, 5)), inputs, outputs, dynamic, [(ids(1, 6), *past(1, 0)), (ids(2, 1), *past(2, 13)), (ids(3, 4), *past(3, 7))])


if __name__ == "__main__":
    main()
