# SPDX-License-Identifier: Apache-2.0
"""The repository's models, compiled and run through the runtime, against their expected outputs (f64 references of PyTorch). Needs no torch."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np

from torch_support import ROOT, tool

sys.path.insert(0, ROOT)
import seqc  # noqa: E402
from models import demo, weights  # noqa: E402

# Rounding errors stay below this many units in the last place of the largest output; the widest sums have 512 terms.
ERROR_ULPS = 128


def folder(name):
    return os.path.join(ROOT, "models", name)


def cases(name):
    """(label, input, expected) of a model's folder."""
    with open(os.path.join(folder(name), "reference.json"), encoding="utf-8") as file:
        labels = list(json.load(file))
    for label in labels:
        yield (label, *(np.load(os.path.join(folder(name), f"{kind}_{label}.npy")) for kind in ("input", "expected")))


@unittest.skipUnless(tool("seqc"), "seqc is not built")
class Models(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name

    def compile(self, name, file="model"):
        """The compiled package, loaded."""
        out = os.path.join(self.scratch, f"{name}.seqc")
        source = os.path.join(folder(name), f"{file}.mlir")
        with open(source, encoding="utf-8") as text:
            weights_file = os.path.join(folder(name), weights.FILE.search(text.read())[1])
        if not os.path.exists(weights_file):
            weights.write(source)
        done = subprocess.run([tool("seqc"), "compile", source, "-o", out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        package = seqc.load(out)
        self.addCleanup(package.close)
        return package

    def check(self, got, expected, label):
        self.assertEqual(got.shape, expected.shape, label)
        limit = ERROR_ULPS * 2.0**-23 * float(np.abs(expected).max())
        self.assertLessEqual(float(np.abs(got - expected).max()), limit, label)

    def check_cases(self, name):
        main = self.compile(name)["main"]
        for label, array, expected in cases(name):
            with self.subTest(case=label):
                self.check(main(array), expected, label)
        return main

    def test_gpt(self):
        main = self.check_cases("gpt")
        with self.subTest("more positions than the table has"):
            with self.assertRaises(seqc.SeqcError):
                main(np.zeros((1, 4097), np.int64))
        with self.subTest("no row"):
            self.assertEqual(main(np.zeros((0, 5), np.int64)).shape, (0, 5, 64))

    def test_handwritten_attention(self):
        self.check_cases("handwritten_attention")

    def test_digits(self):
        main = self.compile("digits")["main"]
        pixels, labels, expected = (np.load(os.path.join(folder("digits"), f"{n}.npy")) for n in ("test_pixels", "test_labels", "expected_logits"))
        for batch in (0, 1, 3, 64, 450):
            with self.subTest(batch=batch):
                if batch:
                    self.check(main(pixels[:batch]), expected[:batch], f"B={batch}")
                else:
                    self.assertEqual(main(pixels[:0]).shape, (0, 10))
        self.assertGreaterEqual((main(pixels).argmax(1) == labels).mean(), 0.95)

    def test_demo(self):
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, demo.__file__, "--seqc", tool("seqc"), "--gpu-code", out]
            done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("all logits agree with the reference", done.stdout)
            with open(os.path.join(out, "digits.ptx"), encoding="utf-8") as file:
                kernels = re.findall(r"\.entry (\w+)", file.read())
        rows = re.findall(r"^  (seqc_\w+) .* (\d+|-)  (unchecked|ptxas [0-9.]+)$", done.stdout, re.MULTILINE)
        self.assertEqual(sorted(kernels), sorted(name for name, _, _ in rows))
        self.assertFalse([r for r in rows if r[1] not in "-0"])

    def test_demo_without_assembler(self):
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, demo.__file__, "--seqc", tool("seqc"), "--gpu-code", out]
            done = subprocess.run(command, capture_output=True, text=True, env={**{k: v for k, v in os.environ.items() if k != "SEQC_PTXAS"}, "PYTHONIOENCODING": "utf-8", "PATH": ""})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            if "no ptxas, no cubin" in done.stdout:  # else the CUDA toolkit is in its usual folder
                self.assertEqual(os.listdir(out), ["digits.ptx"])
                self.assertNotIn("ptxas 1", done.stdout)


class Weights(unittest.TestCase):
    def test_stable(self):
        """The generated weights are a fixed function: these bits must never change."""
        values = weights.uniform("blocks.0.fc1.weight", 3)
        np.testing.assert_array_equal(values, WEIGHTS)
        self.assertFalse(np.array_equal(values, weights.uniform("blocks.1.fc1.weight", 3)))
        sample = weights.uniform("x", 100000)
        self.assertLess(abs(sample.mean()), 0.01)
        self.assertAlmostEqual(sample.var(), 1 / 3, delta=0.01)

    def test_fixture(self):
        """The expected outputs belong to the inputs beside them."""
        for name in ("gpt", "handwritten_attention"):
            for label, array, expected in cases(name):
                self.assertEqual(label, "x".join(map(str, array.shape[:2])))
                self.assertEqual(expected.shape[:2], array.shape[:2])


WEIGHTS = [0.8460921147541121, -0.9837584907455861, 0.38406815531767546]

if __name__ == "__main__":
    unittest.main()
