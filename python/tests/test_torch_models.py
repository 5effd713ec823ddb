# SPDX-License-Identifier: Apache-2.0
"""The repository's imported graphs: they are what the importer writes today, and they mean what PyTorch computed."""

import os
import sys
import unittest

import numpy as np

from torch_support import ROOT, TorchCase, interpret, needs_interpreter, needs_torch, torch

sys.path.insert(0, ROOT)
from models import weights  # noqa: E402

MODELS = os.path.join(ROOT, "models")


def load(name, file):
    return np.load(os.path.join(MODELS, name, f"{file}.npy"))


@needs_interpreter
class Meaning(unittest.TestCase):
    def check(self, name, array, expected):
        path = os.path.join(MODELS, name, "model.mlir")
        if not os.path.exists(os.path.join(MODELS, name, "model.safetensors")):
            weights.write(path)
        (got,) = interpret(path, [array], 1)
        # Expected values are stored as f32, and constants of the graph (an epsilon, sqrt(2 / pi)) are f32 too.
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=2e-6)

    def test_digits(self):
        self.check("digits", load("digits", "test_pixels")[:3], load("digits", "expected_logits")[:3])

    def test_gpt(self):
        for label in ("3x1", "2x17"):
            self.check("gpt", load("gpt", f"input_{label}"), load("gpt", f"expected_{label}"))

    def test_handwritten_attention(self):
        for label in ("3x1", "2x17"):
            self.check("handwritten_attention", load("handwritten_attention", f"input_{label}"), load("handwritten_attention", f"expected_{label}"))


@needs_torch
class Import(TorchCase):
    def setUp(self):
        super().setUp()
        torch.set_default_dtype(torch.float32)

    def check(self, write_graph, model, committed):
        path = os.path.join(self.folder, os.path.basename(committed))
        write_graph(model, path)
        self.assertEqual(self.text(path), self.text(os.path.join(MODELS, committed)), f"models/{committed} is out of date: run its export.py")

    def test_digits(self):
        from models.digits import export

        self.check(export.write_graph, export.load_model(), "digits/model.mlir")

    def test_gpt(self):
        from models.gpt import export
        from models.gpt.model import GPT, Config

        self.check(export.write_graph, GPT().eval(), "gpt/model.mlir")
        self.check(export.write_graph, GPT(Config(layers=12)).eval(), "gpt/gpt12.mlir")

    def test_handwritten_attention(self):
        from models.handwritten_attention import export

        self.check(export.write_graph, export.HandwrittenAttention().eval(), "handwritten_attention/model.mlir")


if __name__ == "__main__":
    unittest.main()
