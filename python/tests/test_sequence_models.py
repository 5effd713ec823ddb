# SPDX-License-Identifier: Apache-2.0
"""The repository's models over scans and convolutions, compiled and run through the runtime, against outputs that PyTorch computed in f64. Needs no torch."""

import json
import os
import subprocess
import tempfile
import unittest
from unittest import mock

import numpy as np

from torch_support import ROOT, tool

import sys  # isort: skip

sys.path.insert(0, ROOT)
import seqc  # noqa: E402
from models import weights  # noqa: E402
from models.recall import table, task  # noqa: E402

# A result may be off by so many units in the last place of the largest output, or by so many times what PyTorch in f32 is off.
ERROR_ULPS, TORCH_ERRORS = 128, 8


def folder(name):
    return os.path.join(ROOT, "models", name)


def load(name, file):
    return np.load(os.path.join(folder(name), f"{file}.npy"))


def reference(name):
    with open(os.path.join(folder(name), "reference.json"), encoding="utf-8") as file:
        return json.load(file)


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name

    def compile(self, name, file="model"):
        """The compiled package, loaded. Weights that are not in the repository are made."""
        out, source = os.path.join(self.scratch, f"{file}.seqc"), os.path.join(folder(name), f"{file}.mlir")
        with open(source, encoding="utf-8") as text:
            found = weights.FILE.search(text.read())
        if found and not os.path.exists(os.path.join(folder(name), found[1])):
            weights.write(source)
        done = subprocess.run([tool("seqc"), "compile", source, "-o", out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        package = seqc.load(out)
        self.addCleanup(package.close)
        return package

    def check(self, got, expected, torch_error, label):
        self.assertEqual(got.shape, expected.shape, label)
        limit = max(ERROR_ULPS * 2.0**-23 * float(np.abs(expected).max()), TORCH_ERRORS * torch_error)
        self.assertLessEqual(float(np.abs(got - expected).max()), limit, label)


@unittest.skipUnless(tool("seqc"), "seqc is not built")
class Trained(Case):
    def test_s4d_digits(self):
        main, known = self.compile("s4d_digits")["main"], reference("s4d_digits")
        pixels, labels, expected = load("digits", "test_pixels"), load("digits", "test_labels"), load("s4d_digits", "expected_logits")
        for batch in (1, 3, 450):
            with self.subTest(batch=batch):
                self.check(main(pixels[:batch]), expected[:batch], known["torch_f32_max_error"], f"B={batch}")
        self.assertGreaterEqual((main(pixels).argmax(1) == labels).mean(), known["accuracy"] - 0.5 / len(labels))

    def test_recall(self):
        for name, cases in table.references().items():
            main = self.compile("recall", name)["main"]
            for pairs, known in cases.items():
                with self.subTest(model=name, pairs=pairs):
                    tokens = table.sequences(pairs)
                    logits = main(tokens[:, :-1])
                    self.check(logits[:, -1], table.expected(name, pairs), known["torch_f32_max_error"], name)
                    self.assertAlmostEqual(task.accuracy(logits, tokens), known["accuracy"], delta=0.004)
                    # Causal: the logits of a prefix are those of the whole.
                    self.check(main(tokens[:4, :5]), logits[:4, :5], known["torch_f32_max_error"], name)

    def test_recall_task(self):
        """The answers follow from the sequences, and the stored ones are what the generator makes."""
        for pairs in (10, 20):
            tokens = table.sequences(pairs)
            self.assertEqual(tokens.shape, (500, 2 * pairs + 3))
            for row in tokens[:50]:
                known = dict(zip(row[0:-3:2], row[1:-3:2]))
                self.assertEqual((row[-3], known[row[-2]]), (task.PROMPT, row[-1]))


@unittest.skipUnless(tool("seqc"), "seqc is not built")
class Untrained(Case):
    """models/sequence: generated weights, lengths from 1 to 16384 by one package."""

    def check_model(self, name):
        from models.sequence.cases import CASES, example

        main, known = self.compile("sequence", name)["main"], reference("sequence")[name]
        for b, n in CASES[name].sizes:
            with self.subTest(model=name, B=b, L=n):
                case = known[f"{b}x{n}"]
                got = main(example(name, b, n))
                self.assertEqual(list(got.shape), case["shape"])
                every = case["every"]
                got = got[:, every - 1 :: every] if every > 1 else got
                self.check(got, load("sequence", f"{name}_{b}x{n}"), case["torch_f32_max_error"], name)

    def test_mamba(self):
        self.check_model("mamba")

    def test_s5(self):
        self.check_model("s5")

    def test_dss(self):
        self.check_model("dss")

    def test_monarch(self):
        self.check_model("monarch")

    def test_ckconv(self):
        self.check_model("ckconv")

    @unittest.skipUnless(os.environ.get("SEQC_LARGE_MODELS"), "half a gigabyte of weights (SEQC_LARGE_MODELS=1)")
    def test_gpt2(self):
        self.addCleanup(os.remove, os.path.join(folder("gpt"), "gpt2.safetensors"))
        main = self.compile("gpt", "gpt2")["main"]
        tokens = np.random.default_rng(1000 * 2 + 24).integers(0, 50257, (2, 24))
        self.check(main(tokens)[..., ::512], load("gpt", "gpt2_2x24"), 2.919e-05, "gpt2")


@unittest.skipUnless(tool("seqc"), "seqc is not built")
class Streaming(Case):
    """models/streaming: a prompt and then token after token gives the logits of the whole sequence."""

    def run_steps(self, package, tokens, prompt):
        """Logits of the positions from the prompt's last one on; states are passed as the package says."""
        step = package["step"]
        logits, *states = package["prefill"](tokens[:, :prompt])
        outputs = [t.name for t in step.outputs]
        values = dict(zip([s.input for s in step.states], states))
        found = [logits]
        for i in range(prompt, tokens.shape[1]):
            results = dict(zip(outputs, step(token=tokens[:, i : i + 1], **values)))
            values = {s.input: results[s.output] for s in step.states}
            found.append(results["logits"])
        return np.stack(found, 1)

    def check_model(self, name):
        from models.streaming.cases import EVERY, tokens

        package, known = self.compile("streaming", name), reference("streaming")[name]
        self.assertEqual(len(package["step"].states), 4)
        sequence, expected = tokens(), load("streaming", f"{name}_logits")
        for prompt in (1, 90, 140):
            with self.subTest(model=name, prompt=prompt):
                got = self.run_steps(package, sequence, prompt)
                places = [p for p in range(0, sequence.shape[1], EVERY) if p >= prompt - 1]
                self.check(got[:, [p - prompt + 1 for p in places]], expected[:, [p // EVERY for p in places]], known["torch_f32_max_error"], name)

    def test_mamba(self):
        self.check_model("mamba")

    def test_conv(self):
        self.check_model("conv")

    def test_wrong_state(self):
        """The test notices a state that is not passed on."""
        package = self.compile("streaming", "conv")
        from models.streaming.cases import tokens

        sequence = tokens()[:, :20]
        right = self.run_steps(package, sequence, 10)
        with mock.patch.object(seqc.Function, "__call__", _forgetful(seqc.Function.__call__)):
            wrong = self.run_steps(package, sequence, 10)
        self.assertGreater(np.abs(right - wrong).max(), 1e-2)


def _forgetful(call):
    def forgets(self, *args, **kwargs):
        return call(self, *args, **{k: v if k == "token" else np.zeros_like(v) for k, v in kwargs.items()})

    return forgets


if __name__ == "__main__":
    unittest.main()
