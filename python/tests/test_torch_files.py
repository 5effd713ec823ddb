# SPDX-License-Identifier: Apache-2.0
"""Parts of the importer that need no torch: safetensors files and numbers as text."""

import os
import tempfile
import unittest

import numpy as np

import torch_support  # noqa: F401  (sets the path)
from seqc.torch import builder, safetensors


class Safetensors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "x.safetensors")

    def test_round_trip(self):
        generator = np.random.default_rng(1)
        tensors = {
            "a.weight": ("f32", generator.standard_normal((3, 5)).astype(np.float32)),
            "flag": ("i1", np.array([True, False, True])),
            "bits": ("bf16", np.arange(7, dtype=np.uint16)),
            "double": ("f64", np.array(2.5)),
            "half": ("f16", np.ones((2, 1), np.float16)),
            "none": ("f32", np.zeros((0, 4), np.float32)),
            "index": ("i64", np.arange(3)),
            "transposed": ("f32", np.arange(6, dtype=np.float32).reshape(2, 3).T),
        }
        safetensors.save(self.path, tensors)
        found = safetensors.load(self.path)
        self.assertEqual(set(found), set(tensors))
        for name, (dtype, array) in tensors.items():
            self.assertEqual(found[name][0], dtype)
            np.testing.assert_array_equal(found[name][1], array)
        first = open(self.path, "rb").read()
        safetensors.save(self.path, dict(reversed(tensors.items())))
        self.assertEqual(open(self.path, "rb").read(), first)
        self.assertEqual((8 + int.from_bytes(first[:8], "little")) % 8, 0)

    def test_damaged(self):
        safetensors.save(self.path, {"x": ("f32", np.ones((2, 3), np.float32))})
        good = open(self.path, "rb").read()
        damaged = {
            "no header": good[:4],
            "header longer than the file": (10**6).to_bytes(8, "little") + good[8:],
            "data cut off": good[:-1],
            "shape does not fit": good.replace(b"[2,3]", b"[2,4]"),
            "offsets reversed": good.replace(b"[0,24]", b"[24,0]"),
        }
        for label, data in damaged.items():
            with self.subTest(label):
                with open(self.path, "wb") as file:
                    file.write(data)
                with self.assertRaisesRegex(ValueError, "expects"):
                    safetensors.load(self.path)


class Literals(unittest.TestCase):
    def test_floats(self):
        """Every literal is MLIR syntax and reads back as the same number."""
        generator = np.random.default_rng(2)
        values = [0.0, -0.0, 1.0, 64.0, 0.1, 1e-5, 1e30, -1e-30, 3.4028235e38, 1e-45, 123456789.0, *generator.standard_normal(200)]
        for value in values:
            text = builder.literal(value, "f32")
            self.assertRegex(text, r"^-?\d+\.\d*(e[+-]\d+)?$")
            self.assertEqual(np.float32(text), np.float32(value))
            self.assertEqual(float(builder.literal(value, "f64")), value)

    def test_others(self):
        self.assertEqual([builder.literal(v, "f32") for v in (np.inf, -np.inf, np.nan, 1e300)], ["0x7F800000", "0xFF800000", "0x7FC00000", "0x7F800000"])
        self.assertEqual([builder.literal(v, "f16") for v in (np.inf, -np.inf)], ["0x7C00", "0xFC00"])
        self.assertEqual([builder.literal(True, "i1"), builder.literal(0, "i1"), builder.literal(-3, "i64")], ["true", "false", "-3"])


if __name__ == "__main__":
    unittest.main()
