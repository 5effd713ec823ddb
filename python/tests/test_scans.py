# SPDX-License-Identifier: Apache-2.0
"""Compiled scans: published values, sequences that are cut, turned round and packed."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import seqc  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SEQC_BUILD_DIR", pathlib.Path(__file__).resolve().parents[2] / "build"))


def wave(s, *shape):
    """sin(1.3 s + 0.37 i)"""
    return np.sin(1.3 * s + 0.37 * np.arange(np.prod(shape))).reshape(shape)


def tensor(name, dims, result=False):
    """%name: type {names} of an argument, or the same of a result; integers are static."""
    kind = "tensor<" + "".join(f"{d if isinstance(d, int) else '?'}x" for d in dims) + "f32>"
    names = ", ".join(str(d) if isinstance(d, int) else f'"{d}"' for d in dims)
    return kind, f'{kind} {{seq.name = "{name}"}}' if result else f'%{name}: {kind} {{seq.dims = [{names}], seq.name = "{name}"}}'


@unittest.skipUnless((BUILD / "bin" / "seqc").exists(), "seqc is not built")
class Scans(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        (h, h_result), (state, state_argument), (_, state_result) = tensor("h", ["B", 5, "L"], True), tensor("s", ["B", 5]), tensor("f", ["B", 5], True)
        functions = []
        for name, attribute in (("forward", ""), ("reverse", " {reverse}")):
            functions.append(f"""func.func @{name}({tensor("a", ["B", 5, "L"])[1]}, {tensor("b", ["B", 5, "L"])[1]}, {state_argument}) -> ({h_result}, {state_result}) attributes {{seq.export}} {{
  %h, %f = seq.linear_scan %a, %b initial(%s : {state}){attribute} : {h}, {h} -> {h}, {state}
  return %h, %f : {h}, {state}
}}""")
        u, rates, columns, d = tensor("u", [1, 2, "L"]), tensor("A", [2, 3]), tensor("B", [1, 1, 3, "L"]), tensor("D", [2])
        functions.append(f"""func.func @mamba({u[1]}, {tensor("delta", [1, 2, "L"])[1]}, {rates[1]}, {columns[1]}, {tensor("C", [1, 1, 3, "L"])[1]}, {d[1]})
    -> ({tensor("y", [1, 2, "L"], True)[1]}) attributes {{seq.export}} {{
  %y = seq.selective_scan %u, %delta, %A, %B, %C D(%D : {d[0]}) {{delta_softplus}} : {u[0]}, {u[0]}, {rates[0]}, {columns[0]}, {columns[0]} -> {u[0]}
  return %y : {u[0]}
}}""")
        source, package = pathlib.Path(cls.folder.name) / "scans.mlir", pathlib.Path(cls.folder.name) / "scans.seqc"
        source.write_text("\n".join(functions) + "\n")
        done = subprocess.run([BUILD / "bin" / "seqc", "compile", source, "-o", package], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        cls.package = seqc.load(package, library=BUILD / "lib" / "libseqc_rt.so")

    @classmethod
    def tearDownClass(cls):
        cls.package.close()
        cls.folder.cleanup()

    def call(self, name, **inputs):
        return self.package[name](**{k: np.ascontiguousarray(v, dtype=np.float32) for k, v in inputs.items()})

    def test_cut_sequences_compose(self):
        """A sequence in parts, each from the state that the one before left, bit for bit the whole."""
        random = np.random.default_rng(1)
        a, b, s = random.normal(0, 0.5, (2, 5, 300)), random.normal(size=(2, 5, 300)), random.normal(size=(2, 5))
        whole, last = self.call("forward", a=a, b=b, s=s)
        for size in (1, 7, 64, 300):
            parts, state = [], s
            for t in range(0, 300, size):
                h, state = self.call("forward", a=a[:, :, t:t + size], b=b[:, :, t:t + size], s=state)
                parts.append(h)
            np.testing.assert_array_equal(np.concatenate(parts, axis=2), whole)
            np.testing.assert_array_equal(state, last)

    def test_reverse_is_the_flipped_scan(self):
        random = np.random.default_rng(2)
        for length in (1, 9, 128, 200):
            a, b, s = random.normal(0, 0.5, (1, 5, length)), random.normal(size=(1, 5, length)), random.normal(size=(1, 5))
            h, last = self.call("reverse", a=a, b=b, s=s)
            flipped, same = self.call("forward", a=a[:, :, ::-1], b=b[:, :, ::-1], s=s)
            np.testing.assert_array_equal(h, flipped[:, :, ::-1])
            np.testing.assert_array_equal(last, same)

    def test_golden_mamba(self):
        """Gu and Dao, 2023: two channels, three states, six steps; values of two independent computations."""
        columns = [np.moveaxis(wave(s, 6, 3), 0, 1)[None, None] for s in (3, 4)]
        rows = [np.moveaxis(wave(s, 6, 2), 0, 1)[None] for s in (5, 2)]
        y = self.call("mamba", u=rows[0], delta=rows[1], A=-np.exp(wave(1, 2, 3)), B=columns[0], C=columns[1], D=[0.5, 0.5])
        np.testing.assert_allclose(y[0, :, 5], [-0.869285, -1.171557], atol=2e-6)


if __name__ == "__main__":
    unittest.main()
