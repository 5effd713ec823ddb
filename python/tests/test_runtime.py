# SPDX-License-Identifier: Apache-2.0
"""The Python package over the C runtime, on packages made with Python's zipfile and the test kernels of runtime/test."""
import gc
import hashlib
import json
import os
import pathlib
import struct
import sys
import tempfile
import threading
import unittest
import zipfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import seqc  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SEQC_BUILD_DIR", pathlib.Path(__file__).resolve().parents[2] / "build"))
LIBRARY = BUILD / "lib" / "libseqc_rt.so"
KERNELS = BUILD / "runtime" / "test" / "SeqcRtTestKernels.so"


def param(name, kind, dtype=None, access=None):
    return {k: v for k, v in dict(name=name, kind=kind, dtype=dtype, access=access).items() if v}


def kernel(symbol, params, grid):
    return {"name": symbol, "params": params, "grid": grid, "cpu": {"symbol": symbol, "scratch_bytes": 0}}


def function(name, dims, inputs, outputs, launches, **more):
    def tensors(items):
        return [{"name": n, "dtype": t, "shape": s} for n, t, s in items]
    return {"name": name, "dims": dims, "inputs": tensors(inputs), "outputs": tensors(outputs), "workspace_bytes": 0,
            "launches": [[{"guard": 1, "kernel": k, "args": a}] for k, a in launches], **more}


def manifest():
    f32 = dict(kind="ptr", dtype="f32")
    return {
        "schema": 1, "producer": {"name": "test"},
        "cpu": {"library": "cpu/kernels.so", "triple": "x86_64-unknown-linux-gnu", "features": ["sse2"]},
        "kernels": [
            kernel("test_add", [param("a", access="read", **f32), param("b", access="read", **f32), param("y", access="write", **f32),
                                param("N", "index")], [["ceildiv", "N", 64]]),
            kernel("test_scale", [param("x", access="read", **f32), param("y", access="write", **f32), param("N", "index"),
                                  param("s", "scalar", "f32")], [["ceildiv", "N", 64]]),
            kernel("test_copy16", [param("x", "ptr", "bf16", "read"), param("y", "ptr", "bf16", "write"), param("N", "index")], ["N"]),
        ],
        "weights": [],
        "functions": [
            function("main", ["B", "L"], [("x", "f32", ["B", "L"]), ("bias", "f32", ["B", "L"])],
                     [("sum", "f32", ["B", "L"]), ("flat", "f32", [["mul", "B", "L"]])],
                     [(0, [{"input": 0}, {"input": 1}, {"output": 0}, {"expr": ["mul", "B", "L"]}]),
                      (1, [{"input": 0}, {"output": 1}, {"expr": ["mul", "B", "L"]}, {"value": 3}])], assume=[["le", "L", 100]]),
            function("step", [], [("state", "f32", [4]), ("delta", "f32", [4])], [("next", "f32", [4])],
                     [(0, [{"input": 0}, {"input": 1}, {"output": 0}, {"expr": 4}])], states=[{"input": 0, "output": 0}]),
            function("half", ["N"], [("x", "bf16", ["N"])], [("y", "bf16", ["N"])], [(2, [{"input": 0}, {"output": 0}, {"expr": "N"}])]),
            function("pairs", ["N"], [("x", "c64", ["N"])], [("y", "c64", ["N"])], [(1, [{"input": 0}, {"output": 0}, {"expr": ["mul", 2, "N"]}, {"value": 3}])]),
        ],
    }


def write_package(path, content, members):
    content = dict(content, files={n: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in members.items()})
    members = dict(members, **{"seqc.json": json.dumps(content).encode()})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as package:
        for name in sorted(members):
            info = zipfile.ZipInfo(name)
            padding = -(package.fp.tell() + 30 + len(name) + 4) % 64
            info.extra = struct.pack("<HH", 0xD935, padding) + bytes(padding)
            package.writestr(info, members[name])


class RuntimeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.folder.name, "test.seqc")
        write_package(cls.path, manifest(), {"cpu/kernels.so": KERNELS.read_bytes()})

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def load(self, **options):
        return seqc.load(self.path, library=LIBRARY, **options)

    def assertFails(self, kind, status, text, call, *args, **kwargs):
        with self.assertRaises(kind) as caught:
            call(*args, **kwargs)
        self.assertIn(text, str(caught.exception))
        self.assertEqual(caught.exception.status, status)

    def test_calls_by_position_and_name(self):
        random = np.random.default_rng(1)
        with self.load(threads=2) as package:
            self.assertEqual(package.threads, 2)
            for shape in [(0, 3), (1, 1), (3, 7), (64, 100), (257, 99)]:
                x, bias = random.standard_normal((2,) + shape, dtype=np.float32)
                for total, flat in [package["main"](x, bias), package["main"](bias=bias, x=x), package["main"](x, bias=bias)]:
                    np.testing.assert_array_equal(total, x + bias)
                    np.testing.assert_array_equal(flat, (x * np.float32(3)).ravel())

    def test_introspection(self):
        package = self.load()
        main = package["main"]
        self.assertEqual(list(package.functions), ["main", "step", "half", "pairs"])
        self.assertEqual(main.inputs[0], seqc.TensorInfo("x", "f32", ("B", "L")))
        self.assertEqual(main.outputs[1].shape, (["mul", "B", "L"],))
        self.assertEqual(main.dims, ("B", "L"))
        self.assertEqual(package["step"].inputs[0].shape, (4,))
        self.assertEqual(package["step"].states, (seqc.State("state", "next"),))
        self.assertEqual(package.manifest["schema"], 1)
        x = np.zeros((2, 3), np.float32)
        self.assertEqual(main.output_shapes(x, x), [(2, 3), (6,)])
        self.assertEqual(main.workspace_bytes(x, x), 0)
        self.assertIn("main(x: f32['B', 'L']", repr(main))
        self.assertIn("test.seqc: main", repr(package))

    def test_states_and_numbers(self):
        step = self.load()["step"]
        state = [0, 0, 0, 0]
        for _ in range(5):
            state = step(state, (1.0, 2, 3, 4.5))
        np.testing.assert_array_equal(state, np.float32([5, 10, 15, 22.5]))

    def test_layouts_of_numpy_arrays(self):
        main = self.load()["main"]
        x = np.arange(24, dtype=np.float32).reshape(4, 6)
        odd = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32).reshape(4, 6)
        readonly = x.copy()
        readonly.flags.writeable = False
        for value in [x.T.copy().T, x[::1], np.asfortranarray(x), odd, readonly, np.ascontiguousarray(x[:, ::-1])[:, ::-1]]:
            np.testing.assert_array_equal(main(value, x)[0], x + x)
        self.assertFails(seqc.ArgumentError, seqc.Status.TENSOR_MISMATCH, "native byte order", main, x.astype(">f4"), x)

    def test_dlpack_inputs_are_released(self):
        main = self.load()["main"]
        released = []

        class Foreign:
            """An array that only speaks DLPack."""
            def __init__(self, array):
                self.array = array

            def __dlpack__(self):
                released.append(sys.getrefcount(self.array))
                return self.array.__dlpack__()

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        foreign = Foreign(x)
        before = sys.getrefcount(x)
        for _ in range(100):
            np.testing.assert_array_equal(main(foreign, foreign)[0], x + x)
        gc.collect()
        self.assertEqual(sys.getrefcount(x), before)
        wrong = Foreign(np.zeros((2, 3)))
        before = sys.getrefcount(wrong.array)
        for _ in range(10):
            self.assertFails(seqc.ArgumentError, seqc.Status.TENSOR_MISMATCH, "expects dtype f32, but got float64", main, wrong, wrong)
        gc.collect()
        self.assertEqual(sys.getrefcount(wrong.array), before)
        self.assertFails(seqc.ArgumentError, seqc.Status.TENSOR_MISMATCH, "contiguous", main, Foreign(np.zeros((3, 2), np.float32).T), x)

        class OnGpu(Foreign):
            def __dlpack_device__(self):
                return (2, 0)

        self.assertFails(seqc.ArgumentError, seqc.Status.TENSOR_MISMATCH, "CPU memory", main, OnGpu(x), x)

    def test_bfloat16(self):
        half = self.load()["half"]
        bits = np.array([0x3F80, 0xFF80, 0x0001], np.uint16)
        result = half(bits)
        self.assertEqual(result.dtype.itemsize, 2)
        np.testing.assert_array_equal(result.view(np.uint16), bits)
        self.assertFails(seqc.ArgumentError, seqc.Status.TENSOR_MISMATCH, "bf16", half, np.zeros(3, np.float16))

    def test_complex(self):
        """Kernels see memory of complex numbers as memory of their parts."""
        pairs = self.load()["pairs"]
        z = np.array([1 + 2j, -3, 0.5j], np.complex64)
        result = pairs(z)
        self.assertEqual(result.dtype, np.complex64)
        np.testing.assert_array_equal(result, 3 * z)
        np.testing.assert_array_equal(pairs([1j, 2]), np.array([3j, 6], np.complex64))
        self.assertFails(seqc.ArgumentError, seqc.Status.TENSOR_MISMATCH, "expects dtype c64, but got complex128", pairs, z.astype(np.complex128))
        self.assertFails(seqc.ArgumentError, seqc.Status.TENSOR_MISMATCH, "c64", pairs, z.view(np.float32))

    def test_argument_errors(self):
        main = self.load()["main"]
        x = np.zeros((2, 3), np.float32)
        mismatch = seqc.Status.TENSOR_MISMATCH
        self.assertFails(seqc.ArgumentError, mismatch, "main: expects the inputs bias", main, x)
        self.assertFails(seqc.ArgumentError, mismatch, "expects 2 inputs, but got 3", main, x, x, x)
        self.assertFails(seqc.ArgumentError, mismatch, "no input 'y'; it has: x, bias", main, x, y=x)
        self.assertFails(seqc.ArgumentError, mismatch, "given twice", main, x, x, x=x)
        self.assertFails(seqc.ArgumentError, mismatch, "input 'x': expects a NumPy array", main, "text", x)
        self.assertFails(seqc.ArgumentError, mismatch, "input 1 'bias': expects shape[1] = L = 3", main, x, np.zeros((2, 4), np.float32))
        self.assertFails(seqc.ArgumentError, mismatch, "expects rank 2, but got 3", main, x[None], x)
        self.assertFails(seqc.ArgumentError, seqc.Status.CONSTRAINT_VIOLATED, "L = 101", main, *[np.zeros((1, 101), np.float32)] * 2)
        with self.assertRaises(ValueError):
            main(x.astype(np.float64), x)

    def test_package_errors(self):
        status = seqc.Status
        self.assertFails(seqc.NotFoundError, status.NOT_FOUND, "no/such", seqc.load, "no/such.seqc", library=LIBRARY)
        self.assertFails(seqc.NotFoundError, status.NOT_FOUND, "it has: main, step, half, pairs", self.load().__getitem__, "other")
        self.assertFails(seqc.SeqcError, status.DEVICE_ERROR, "", self.load, device="cuda:999")
        self.assertFails(seqc.ArgumentError, status.INVALID_ARGUMENT, "expects device", self.load, device="tpu")
        self.assertFails(seqc.ArgumentError, status.INVALID_ARGUMENT, "num_threads", self.load, threads=-1)
        data = bytearray(pathlib.Path(self.path).read_bytes())
        at = data.find(b"test_add")
        data[at] ^= 1
        broken = os.path.join(self.folder.name, "broken.seqc")
        pathlib.Path(broken).write_bytes(data)
        self.assertFails(seqc.PackageError, status.DIGEST_MISMATCH, "cpu/kernels.so", seqc.load, broken, library=LIBRARY)
        pathlib.Path(broken).write_bytes(data[:-1])
        self.assertFails(seqc.PackageError, status.BAD_PACKAGE, "broken.seqc", seqc.load, broken, library=LIBRARY)
        with self.assertRaises(OSError):
            seqc.load(self.path, library="/no/such/library.so")

    def test_closed_package(self):
        package = self.load()
        step = package["step"]
        package.close()
        package.close()
        self.assertFails(seqc.ArgumentError, seqc.Status.INVALID_ARGUMENT, "is closed", step, [0] * 4, [0] * 4)

    def test_concurrent_calls(self):
        main, failures = self.load(threads=2)["main"], []

        def work(seed):
            x = np.full((seed + 1, 50), seed, np.float32)
            for _ in range(200):
                if not (main(x, x)[0] == 2 * seed).all():
                    failures.append(seed)

        threads = [threading.Thread(target=work, args=(s,)) for s in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    unittest.main()
