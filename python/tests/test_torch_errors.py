# SPDX-License-Identifier: Apache-2.0
"""What the importer refuses, and how it says so; its command line; dim names, locations and weights in the text."""

import os
import subprocess
import sys
import unittest
from unittest import mock

import numpy as np

from torch_support import ROOT, TorchCase, needs_torch, torch

if torch is not None:
    import seqc.torch
    from seqc.torch import safetensors

    class Refused(torch.nn.Module):
        """Three operators without emitter, one of them twice."""

        def forward(self, x):
            y = torch.cumsum(x, 0) + torch.cumsum(x, 1)
            return torch.sort(y)[0] + torch.linalg.inv(x)

    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(1))

        def forward(self, x):
            self.calls.add_(1)
            return x + self.calls

    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(4, 4, bias=False, dtype=torch.float32)
            self.second = torch.nn.Linear(4, 4, bias=False, dtype=torch.float32)
            self.second.weight = self.first.weight
            self.register_buffer("mask", torch.tensor([True, False, True, True]))
            self.register_buffer("factor", torch.ones(4, dtype=torch.bfloat16) * 3, persistent=False)

        def forward(self, x):
            return self.second(self.first(x)).masked_fill(self.mask, 0.0) * self.factor.to(x.dtype)


@needs_torch
class Refusals(TorchCase):
    def test_unsupported_table(self):
        """All unsupported operators come at once, with counts, reasons and source lines, and nothing is written."""
        with self.assertRaises(seqc.torch.UnsupportedError) as caught:
            self.export(Refused(), (torch.eye(3),))
        message = str(caught.exception)
        self.assertRegex(message, r"^4 unsupported operations in the model\n")
        self.assertRegex(message, r"aten\.cumsum\.default +2 +no emitter +python/tests/test_torch_errors\.py:\d+")
        self.assertRegex(message, r"aten\.sort\.default +1 ")
        self.assertRegex(message, r"aten\.linalg_inv_ex\.default +1 ")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "model.mlir")))

    def test_unsupported_forms(self):
        class Dropout(torch.nn.Module):
            def forward(self, x):
                return torch.nn.functional.dropout(x, 0.5, training=True)

        class Complex(torch.nn.Module):
            def forward(self, x):
                return torch.fft.rfft2(x).abs()

        class Unsigned(torch.nn.Module):
            def forward(self, x):
                return x.to(torch.uint8) + 1

        for module, message in ((Dropout(), "dropout in training mode"), (Complex(), "aten._fft_r2c.default.*over several dims"), (Unsigned(), "element type uint8")):
            with self.subTest(message), self.assertRaisesRegex(seqc.torch.UnsupportedError, message):
                self.export(module, (torch.ones(4, 4),))

    def test_bug_of_the_importer(self):
        """An emitter that fails names the operator and the line of the model."""
        from seqc.torch.operators import EMITTERS

        with mock.patch.dict(EMITTERS, {"tanh.default": lambda c, x: 1 / 0}):
            with self.assertRaisesRegex(seqc.torch.ExportError, r"aten\.tanh\.default: the importer failed.*ZeroDivisionError"):
                self.export(torch.nn.Tanh(), (torch.ones(2),))

    def test_rejected_by_the_compiler(self):
        """Where a seqc-opt is found, the file is checked with it."""
        tool = os.path.join(self.folder, "seqc-opt")
        with open(tool, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho 'not a form' >&2\nexit 1\n")
        os.chmod(tool, 0o755)
        with mock.patch.dict(os.environ, {"SEQC_OPT": tool}), self.assertRaisesRegex(seqc.torch.ExportError, "compiler rejects.*\n.*not a form"):
            self.export(torch.nn.Tanh(), (torch.ones(2),))

    def test_side_effects(self):
        with self.assertRaisesRegex(seqc.torch.ExportError, "changes calls in place"):
            self.export(Counting(), (torch.ones(2),))

    def test_training_mode(self):
        with self.assertRaisesRegex(seqc.torch.ExportError, "expects a model in eval mode"):
            seqc.torch.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),), out=os.path.join(self.folder, "m.mlir"))

    def test_names(self):
        for options in ({"output_names": ["a", "b"]}, {"input_names": ["a", "b"]}, {"name_dims": {"other": {0: "B"}}}):
            with self.subTest(options), self.assertRaisesRegex(seqc.torch.ExportError, "expects"):
                self.export(torch.nn.ReLU(), (torch.ones(2),), **options)


@needs_torch
class Texts(TorchCase):
    def test_weights(self):
        """Tied weights come once; buffers keep their types; the text names the file."""
        path = self.export(Tied(), (torch.ones(2, 4, dtype=torch.float32),))
        found = safetensors.load(self.exported.weights)
        self.assertEqual({name: (dtype, a.shape) for name, (dtype, a) in found.items()}, {"first.weight": ("f32", (4, 4)), "mask": ("i1", (4,)), "factor": ("bf16", (4,))})
        np.testing.assert_array_equal(found["mask"][1], [True, False, True, True])
        np.testing.assert_array_equal(found["factor"][1], [0x4040] * 4)
        text = self.text(path)
        self.assertIn('seq.weights = "model.safetensors"', text)
        self.assertEqual(text.count("ml_program.global private"), 3)
        self.assertEqual(self.exported.parameters, 24)

    def test_locations(self):
        text = self.text(self.export(torch.nn.Sequential(Tied()), (torch.ones(2, 4, dtype=torch.float32),)))
        self.assertRegex(text, r'#loc\d+ = loc\("masked_fill"\("python/tests/test_torch_errors.py":\d+:1\)\)')
        self.assertNotIn(ROOT, text)

    def test_dims(self):
        b, n = torch.export.Dim("B", min=1), torch.export.Dim("L", min=4, max=64)

        class Model(torch.nn.Module):
            def forward(self, x, y, z):
                return x.sum() + y.sum() + z, torch.cat([x, x], 1)

        args = (torch.ones(3, 8), torch.ones(8, 6), torch.ones(16))
        text = self.text(self.export(Model(), args, dynamic_shapes=({0: b, 1: n}, {0: n}, {0: 2 * n}), output_names=["s", "xx"], input_names=["x", "y", "z"]))
        self.assertIn('%arg0: tensor<?x?xf64> {seq.dims = ["B", "L"], seq.name = "x"}, %arg1: tensor<?x6xf64> {seq.dims = ["L", 6], seq.name = "y"}', text)
        self.assertIn('{seq.dims = ["D2"], seq.name = "z"}', text)
        self.assertIn('seq.assume = ["D2 == (2 * L)", "L >= 4", "L <= 64"]', text)
        self.assertIn('tensor<?x?xf64> {seq.name = "xx"}', text)

    def test_only_a_derived_dim(self):
        half = torch.export.Dim("H", min=1)

        class Model(torch.nn.Module):
            def forward(self, x):
                return x.view(-1, 2).sum(1)

        text = self.text(self.export(Model(), (torch.ones(8),), dynamic_shapes=({0: 2 * half},)))
        self.assertIn('seq.assume = ["D0 % 2 == 0"]', text)
        self.assertIn("arith.floordivsi", text)

    def test_exported_program(self):
        """An ExportedProgram is taken as it is; name_dims names its dims, others get a number."""
        auto = torch.export.Dim.AUTO
        program = torch.export.export(torch.nn.ReLU().eval(), (torch.ones(3, 5),), dynamic_shapes=({0: auto, 1: auto},))
        path = os.path.join(self.folder, "program.mlir")
        seqc.torch.export(program, out=path, name_dims={"input": {1: "L"}})
        self.assertIn('seq.dims = ["D0", "L"]', self.text(path))

    def test_nested_inputs_and_keywords(self):
        class Model(torch.nn.Module):
            def forward(self, pair, *, scale):
                return pair["a"] * scale + pair["b"][0]

        b = torch.export.Dim("B", min=1)
        args, shapes = ({"a": torch.ones(3), "b": [torch.ones(3)]},), {"pair": {"a": {0: b}, "b": [{0: b}]}, "scale": None}
        text = self.text(self.export(Model(), args, kwargs={"scale": torch.ones(1)}, dynamic_shapes=shapes))
        self.assertEqual(text.count('seq.dims = ["B"]'), 2)


@needs_torch
class CommandLine(TorchCase):
    def run_tool(self, *arguments):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.join(ROOT, "python"), os.path.join(ROOT, "python", "tests"), ROOT])}
        return subprocess.run([sys.executable, "-m", "seqc.torch", "export", *arguments], capture_output=True, text=True, env=environment, cwd=self.folder)

    def test_exit_codes(self):
        done = self.run_tool("--module", "models.digits.model:Digits", "--input", "pixels:f32[B,64]", "-o", "out.mlir")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("error: expects a model in eval mode", done.stderr)
        done = self.run_tool("--module", "test_torch_errors:refused", "--input", "x:f32[3,3]", "-o", "out.mlir")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("unsupported operations in the model", done.stderr)
        self.assertEqual(self.run_tool("--module", "models.nothing:Model", "-o", "x").returncode, 1)
        self.assertEqual(self.run_tool("--module", "torch.nn:ReLU", "--input", "x:f3[3]", "-o", "x").returncode, 1)
        self.assertEqual(self.run_tool("-o", "out.mlir").returncode, 2)

    def test_export(self):
        done = self.run_tool("--module", "test_torch_errors:encoder", "--input", "x:f32[B,L,8]", "--dim", "L=1..128", "--output-name", "y", "-o", "out.mlir")
        self.assertEqual(done.returncode, 0, done.stderr)
        text = self.text(os.path.join(self.folder, "out.mlir"))
        self.assertIn('seq.dims = ["B", "L", 8], seq.name = "x"', text)
        self.assertIn('seq.assume = ["L <= 128"]', text)
        self.assertIn('seq.name = "y"', text)


def refused():
    return Refused().eval()


def encoder():
    return torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()


if __name__ == "__main__":
    unittest.main()
