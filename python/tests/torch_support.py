# SPDX-License-Identifier: Apache-2.0
"""What the importer's tests share: export, run in the reference interpreter, compare with PyTorch."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "python"))

try:
    import torch
except ImportError as error:
    torch = None
    MISSING = str(error)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tool(name):
    """A tool of the build (SEQC_BUILD_DIR, else build/, else PATH), or None."""
    build = os.environ.get("SEQC_BUILD_DIR", os.path.join(ROOT, "build"))
    return shutil.which(name, path=os.path.join(build, "bin")) or shutil.which(name)


def needs_torch(test):
    """Skips without PyTorch, and says so where it is seen."""
    if torch is not None:
        return test
    print(f"SKIPPED without PyTorch: {test.__module__}.{test.__qualname__} ({MISSING}); see utils/install_torch.sh", file=sys.stderr)
    return unittest.skip("PyTorch is not installed (./dev setup --torch)")(test)


def _needs_tool(name):
    def decorate(test):
        if tool(name):
            return test
        print(f"SKIPPED without {name}: {test.__module__}.{test.__qualname__}", file=sys.stderr)
        return unittest.skip(f"{name} is not built")(test)

    return decorate


needs_interpreter = _needs_tool("seqc-interp")
needs_compiler = _needs_tool("seqc")


def interpret(path, arrays, results, precision="f64"):
    """Results of the exported function on numpy arrays; `results` says how many there are. Weights come from the file beside the .mlir file."""
    from seqc.torch import safetensors

    with tempfile.TemporaryDirectory() as folder:
        command = [tool("seqc-interp"), path, f"--precision={precision}"]

        def save(option, name, array):
            np.save(os.path.join(folder, f"{name}.npy"), array)
            command.append(f"--{option}{folder}/{name}.npy")

        for i, array in enumerate(arrays):
            save("input=", f"in{i}", array)
        weights = os.path.splitext(path)[0] + ".safetensors"
        if os.path.exists(weights):
            for i, (name, (_, array)) in enumerate(safetensors.load(weights).items()):
                save(f"weight={name}=", f"weight{i}", array)
        outputs = [os.path.join(folder, f"out{i}.npy") for i in range(results)]
        done = subprocess.run(command + [f"--output={file}" for file in outputs], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"seqc-interp failed with {done.returncode}:\n{done.stderr}")
        return [np.load(file) for file in outputs]


Outputs = None
if torch is not None:

    class Outputs(torch.nn.Module):
        """A module of several functions of the same inputs: one export tests many operators."""

        def __init__(self, functions):
            super().__init__()
            self.functions = list(functions)

        def forward(self, *args):
            return tuple(function(*args) for function in self.functions)


def numpy_of(tensor):
    return tensor.detach().double().numpy() if tensor.dtype == torch.bfloat16 else tensor.detach().numpy()


class TorchCase(unittest.TestCase):
    """Base of tests that export a module and run it. torch's default type is f64 here, so that a wrong formula is not taken for rounding."""

    dtype, tolerance = "float64", 1e-10

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = self._folder.name
        if torch is not None:
            torch.manual_seed(7)
            self.addCleanup(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(getattr(torch, self.dtype))

    def export(self, module, args, **options):
        """Path of the .mlir file, verified with seqc-opt where it is built."""
        import seqc.torch

        os.environ.setdefault("SEQC_OPT", tool("seqc-opt") or "")
        path = os.path.join(self.folder, "model.mlir")
        self.exported = seqc.torch.export(module.eval(), args, out=path, **options)
        return path

    def text(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def run_graph(self, path, arrays, results):
        """The reference interpreter in f64."""
        return interpret(path, arrays, results)

    def check_at(self, path, module, args, names=None):
        """The graph against PyTorch on these inputs."""
        with torch.no_grad():
            expected = module(*args)
        expected = expected if isinstance(expected, (tuple, list)) else [expected]
        results = self.run_graph(path, [numpy_of(a) for a in args], len(expected))
        for i, (got, want) in enumerate(zip(results, expected)):
            label = names[i] if names else f"result {i}"
            want = numpy_of(want)
            self.assertEqual(got.shape, want.shape, label)
            np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=self.tolerance, atol=self.tolerance, err_msg=label)

    def check_functions(self, functions, make, sizes, dynamic_shapes=None):
        """Exports {name: function} as one module with the inputs of make(first size) and compares at all sizes."""
        module = Outputs(functions.values())
        path = self.export(module, make(*sizes[0]), dynamic_shapes=None if dynamic_shapes is None else (dynamic_shapes,))
        for size in sizes:
            with self.subTest(size=size):
                self.check_at(path, module, make(*size), list(functions))
        return path


class Compiled:
    """Mixed into a TorchCase: the graph is compiled ahead of time, run through the runtime, and compared with PyTorch in f32."""

    dtype, tolerance = "float32", 2e-5

    def run_graph(self, path, arrays, results):
        import seqc

        text = self.text(path)
        if getattr(self, "_compiled", None) != text:
            package = os.path.join(self.folder, "model.seqc")
            done = subprocess.run([tool("seqc"), "compile", path, "-o", package], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self._compiled, self._package = text, seqc.load(package)
            self.addCleanup(self._package.close)
        found = self._package["main"](*arrays)
        return list(found) if isinstance(found, tuple) else [found]
