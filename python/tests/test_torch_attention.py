# SPDX-License-Identifier: Apache-2.0
"""Attention: scaled_dot_product_attention stays one op in every form; written-out attention keeps its meaning."""

import math
import unittest

from torch_support import TorchCase, needs_interpreter, needs_torch, torch

if torch is not None:
    import torch.nn.functional as F

    B, M, N = (torch.export.Dim(name, min=1) for name in ("B", "M", "N"))
    SIZES = ((3, 5, 7), (1, 1, 1), (2, 17, 9), (1, 4, 33))


@needs_torch
@needs_interpreter
class Attention(TorchCase):
    def check_attention(self, functions, make, dynamic_shapes, sizes=None):
        path = self.check_functions(functions, make, sizes or SIZES, dynamic_shapes)
        text = self.text(path)
        self.assertEqual(text.count("seq.attention"), len(functions))
        self.assertNotIn("math.exp", text)
        return text

    def test_forms(self):
        sdpa = F.scaled_dot_product_attention
        functions = {
            "plain": lambda q, k, v: sdpa(q, k, v),
            "scale": lambda q, k, v: sdpa(q, k, v, scale=0.3),
            "causal": lambda q, k, v: sdpa(q, k, v, is_causal=True),
            "one batch of keys for all": lambda q, k, v: sdpa(q, k[:1], v[:1]),
            "values of another width": lambda q, k, v: sdpa(q, k, torch.cat([v, v], -1)),
        }

        def make(b, m, n):
            return torch.randn(b, 2, m, 8), torch.randn(b, 2, n, 8), torch.randn(b, 2, n, 8)

        text = self.check_attention(functions, make, ({0: B, 2: M}, {0: B, 2: N}, {0: B, 2: N}))
        self.assertIn('{causal = "top_left"}', text)
        self.assertIn('seq.dims = ["B", 2, "M", 8]', text)

    def test_masks(self):
        sdpa = F.scaled_dot_product_attention
        functions = {
            "bool": lambda q, k, v, keep, bias: sdpa(q, k, v, attn_mask=keep),
            "bool rank 4": lambda q, k, v, keep, bias: sdpa(q, k, v, attn_mask=keep[None, None]),
            "bias per head": lambda q, k, v, keep, bias: sdpa(q, k, v, attn_mask=bias),
            "bias per key": lambda q, k, v, keep, bias: sdpa(q, k, v, attn_mask=bias[:, :1]),
            "padding": lambda q, k, v, keep, bias: sdpa(q, k, v, attn_mask=(bias[0, 0] > 0)[None, None, None, :] | keep[None, None, :1]),
        }

        def make(b, m, n):
            # Row 0 keeps nothing where there are several rows: its result is 0.
            keep = torch.rand(m, n) < 0.6
            keep[0] = False
            return torch.randn(b, 2, m, 8), torch.randn(b, 2, n, 8), torch.randn(b, 2, n, 8), keep, torch.randn(2, m, n)

        self.check_attention(functions, make, ({0: B, 2: M}, {0: B, 2: N}, {0: B, 2: N}, {0: M, 1: N}, {1: M, 2: N}))

    def test_grouped_heads(self):
        def make(b, m, n):
            return torch.randn(b, 6, m, 4), torch.randn(b, 2, n, 4), torch.randn(b, 2, n, 4)

        functions = {"grouped": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True)}
        text = self.check_attention(functions, make, ({0: B, 2: M}, {0: B, 2: N}, {0: B, 2: N}))
        self.assertRegex(text, r"seq.attention .*tensor<\?x6x\?x4xf\d+>, tensor<\?x2x\?x4xf\d+>, tensor<\?x2x\?x4xf\d+>")

    def test_other_ranks(self):
        def make(b, m, n):
            return torch.randn(b, m, 4), torch.randn(b, n, 4), torch.randn(b, n, 4)

        self.check_attention({"rank 3": F.scaled_dot_product_attention}, make, ({0: B, 1: M}, {0: B, 1: N}, {0: B, 1: N}))
        functions = {"rank 2": lambda q, k, v: F.scaled_dot_product_attention(q[0], k[0], v[0])}
        self.check_attention(functions, make, ({0: B, 1: M}, {0: B, 1: N}, {0: B, 1: N}))
        functions = {"rank 5": lambda q, k, v: F.scaled_dot_product_attention(*(t[None, :, None].expand(2, -1, 3, -1, -1) for t in (q, k, v)))}
        self.check_attention(functions, make, ({0: B, 1: M}, {0: B, 1: N}, {0: B, 1: N}))

    def test_written_out(self):
        def scores(q, k):
            return q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])

        def causal(q, k):
            future = torch.arange(k.shape[-2])[None, :] > torch.arange(q.shape[-2])[:, None]
            return scores(q, k).masked_fill(future, float("-inf"))

        functions = {
            "softmax(Q K^T) V": lambda q, k, v: scores(q, k).softmax(-1) @ v,
            "causal": lambda q, k, v: causal(q, k).softmax(-1) @ v,
            "einsum": lambda q, k, v: torch.einsum("bhmn,bhnd->bhmd", torch.einsum("bhmd,bhnd->bhmn", q, k).softmax(-1), v),
            "scale on q, softmax by hand": lambda q, k, v: (lambda e: (e / e.sum(-1, keepdim=True)) @ v)(torch.exp((q * 0.5) @ k.mT - ((q * 0.5) @ k.mT).amax(-1, keepdim=True))),
        }

        def make(b, m, n):
            return torch.randn(b, 2, m, 8), torch.randn(b, 2, n, 8), torch.randn(b, 2, n, 8)

        path = self.check_functions(functions, make, SIZES, ({0: B, 2: M}, {0: B, 2: N}, {0: B, 2: N}))
        self.assertNotIn("seq.attention", self.text(path))

    def test_multihead_attention_module(self):
        """torch.nn.MultiheadAttention with dynamic batch and length, which other compilers got wrong."""
        length = torch.export.Dim("L", min=1)

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)

            def forward(self, x):
                return self.attention(x, x, x, need_weights=False)[0], self.attention(x, x, x)[1]

        module = Model()
        path = self.export(module, (torch.randn(3, 5, 8),), dynamic_shapes=({0: B, 1: length},))
        for b, n in ((3, 5), (1, 1), (2, 17), (5, 3)):
            self.check_at(path, module, (torch.randn(b, n, 8),), ["output", "weights"])

    def test_encoder_layer_module(self):
        module = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation="gelu")
        path = self.export(module, (torch.randn(3, 5, 8),), dynamic_shapes=({0: B, 1: torch.export.Dim("L", min=1)},))
        for b, n in ((3, 5), (1, 1), (2, 17)):
            self.check_at(path, module, (torch.randn(b, n, 8),))


if __name__ == "__main__":
    unittest.main()
