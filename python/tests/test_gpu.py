# SPDX-License-Identifier: Apache-2.0
"""The Python package and the bundle's runner on a GPU, which is the fake driver of runtime/test: it runs two kernels on host memory."""
import ctypes
import gc
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "python"))
import seqc  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SEQC_BUILD_DIR", TOP / "build"))
LIBRARY = BUILD / "lib" / "libseqc_rt.so"
DRIVER = BUILD / "runtime" / "test" / "fake_driver"


def load_selftest():
    spec = importlib.util.spec_from_file_location("selftest", TOP / "utils" / "gpu" / "selftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


selftest = load_selftest()


class ViaDlpack:
    """An array of another library: nothing but DLPack."""

    def __init__(self, array):
        self.array, self.streams = array, []

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __dlpack__(self, stream=None):
        self.streams.append(stream)
        return self.array.__dlpack__(stream=stream)


class Gpu(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Loaded first under the driver's name: the runtime finds it instead of a real one.
        cls.fake = ctypes.CDLL(str(DRIVER / "libcuda.so.1"), mode=ctypes.RTLD_GLOBAL)
        if not hasattr(cls.fake, "fake_cuda_reset"):
            raise unittest.SkipTest("another driver is loaded in this process")
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name) / "p.seqc"
        selftest.write_package(cls.path, selftest.manifest(False), {"kernels/test.ptx": selftest.PTX.encode()})

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.fake.fake_cuda_reset()
        self.package = seqc.load(self.path, device="cuda:0", library=LIBRARY)
        self.main = self.package["main"]
        self.x, self.z = np.arange(30, dtype=np.float32).reshape(5, 6), np.full((5, 6), 2, np.float32)
        self.y = 0.5 * (self.x + self.z)

    def tearDown(self):
        self.main = self.package = None
        gc.collect()
        self.assertEqual(self.fake.fake_cuda_alive(), 0)

    def test_numpy_arrays(self):
        y = self.main(self.x, self.z)
        self.assertIsInstance(y, np.ndarray)
        np.testing.assert_array_equal(y, self.y)
        self.assertEqual(self.main.workspace_bytes(self.x, self.z), 128)

    def test_device_arrays(self):
        x = self.package.to_device(self.x)
        y = self.main(x, self.z)
        self.assertIsInstance(y, seqc.DeviceArray)
        self.assertEqual((y.shape, y.dtype, y.nbytes, y.__dlpack_device__()), ((5, 6), "f32", 120, (2, 0)))
        np.testing.assert_array_equal(y.numpy(), self.y)
        np.testing.assert_array_equal(self.main(y, y).numpy(), self.y)

    def test_dlpack(self):
        x, z = ViaDlpack(self.package.to_device(self.x)), ViaDlpack(self.package.to_device(self.z))
        np.testing.assert_array_equal(self.main(x, z).numpy(), self.y)
        self.assertEqual(x.streams, [1])
        x.array.__dlpack__(stream=-1)  # never taken
        gc.collect()

    def test_outputs_stream_and_workspace(self):
        out, space = self.package.empty((5, 6)), self.package.empty((128,), "i8")
        result = self.main.run([self.x, self.z], outputs=[out], workspace=space)
        self.assertIs(result, out)
        np.testing.assert_array_equal(out.numpy(), self.y)
        host = np.empty((5, 6), np.float32)
        self.main.run({"z": self.z, "x": self.x}, outputs=host)
        np.testing.assert_array_equal(host, self.y)
        stream = ctypes.c_void_p()
        self.assertEqual(self.fake.cuCtxPushCurrent_v2(ctypes.c_void_p(1)), 0)
        self.assertEqual(self.fake.cuStreamCreate(ctypes.byref(stream), 1), 0)

        class TorchStream:
            cuda_stream = stream.value
        x = ViaDlpack(self.package.to_device(self.x))
        before = self.fake.fake_cuda_num_launches()
        y = self.main.run([x, self.z], stream=TorchStream())
        self.assertEqual((self.fake.fake_cuda_num_launches() - before, x.streams), (2, [stream.value]))
        np.testing.assert_array_equal(y.numpy(), self.y)
        self.package.synchronize(TorchStream())
        y = x = None
        self.assertEqual(self.fake.cuStreamDestroy_v2(stream), 0)
        self.assertEqual(self.fake.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p())), 0)
        with self.assertRaisesRegex(seqc.ArgumentError, "workspace: expects at least 128 bytes, but got 64"):
            self.main.run([self.x, self.z], workspace=self.package.empty((64,), "i8"))
        with self.assertRaisesRegex(seqc.ArgumentError, "expects 1 outputs, but got 2"):
            self.main.run([self.x, self.z], outputs=[out, out])
        with self.assertRaisesRegex(seqc.ArgumentError, "expects a CUDA stream"):
            self.main.run([self.x, self.z], stream="s")
        with self.assertRaisesRegex(seqc.ArgumentError, "that can be written"):
            self.main.run([self.x, self.z], outputs=np.empty((6, 5), np.float32).T)

    def test_memory_outlives_the_package(self):
        y = self.main(self.package.to_device(self.x), self.z)
        self.package.close()
        np.testing.assert_array_equal(y.numpy(), self.y)
        with self.assertRaisesRegex(seqc.ArgumentError, "closed"):
            self.main(self.x, self.z)

    def test_errors(self):
        with self.assertRaises(seqc.SeqcError) as caught:
            seqc.load(self.path, device="cuda:1", library=LIBRARY)
        self.assertIn("no device cuda:1, this machine has 1", str(caught.exception))
        self.assertEqual(caught.exception.status, seqc.Status.DEVICE_ERROR)
        with self.assertRaisesRegex(seqc.ArgumentError, "expects 120 bytes, but got 4"):
            self.package.empty((5, 6)).copy_from(np.zeros(1, np.float32))
        with self.assertRaisesRegex(seqc.ArgumentError, "no dtype of packages is int16"):
            self.package.to_device(np.zeros(1, np.int16))

    def test_device_info(self):
        info = seqc.device_info(library=LIBRARY)
        self.assertEqual((info.name, info.compute_capability, info.driver, info.multiprocessors), ("Fake GPU 0", (9, 0), (13, 0), 132))


class Bundle(unittest.TestCase):
    """The chain from PTX to the runner's table, in processes of their own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.top = pathlib.Path(cls.folder.name)
        subprocess.run([sys.executable, str(TOP / "utils" / "gpu" / "selftest.py"), "-o", cls.folder.name, "--ptxas=", f"--runtime={LIBRARY}"],
                       check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_bundle(self, *options, numpy=True, driver=True, bundle=None):
        env = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(DRIVER) if driver else ""}
        if not numpy:
            (self.top / "none").mkdir(exist_ok=True)
            (self.top / "none" / "numpy.py").write_text("raise ImportError('not here')")
            env["PYTHONPATH"] = str(self.top / "none")
        done = subprocess.run([sys.executable, str((bundle or self.top / "bundle") / "runner.py"), f"--json={self.top / 'results.json'}", *options],
                              capture_output=True, text=True, env=env)
        return done.returncode, done.stdout + done.stderr

    def test_all_cases(self):
        for numpy in (True, False):
            code, text = self.run_bundle("--filter", "B=", "--seconds=0.01", numpy=numpy)
            self.assertEqual(code, 0, text)
            self.assertIn("6 of 8 cases run, 0 failed", text)
            results = json.loads((self.top / "results.json").read_text())
            self.assertEqual(results["machine"]["gpu"], "Fake GPU 0")
            self.assertEqual(results["machine"]["numpy"] is not None, numpy)
            self.assertIn("us", results["results"][-1])
            self.assertGreater(results["machine"]["copy_gb_per_s"], 0)
            self.assertGreater(results["results"][-1]["copy_share"], 0)
            self.assertEqual((results["results"][-1]["foreign"], results["results"][-1]["graph"]), (["ptx/driver"], True))

    def test_overhead(self):
        code, text = self.run_bundle("--filter", "overhead", "--seconds=0.01")
        self.assertEqual(code, 0, text)
        row, = json.loads((self.top / "results.json").read_text())["results"]
        self.assertGreater(row["launch_us"], 0)
        self.assertAlmostEqual(row["overhead_us"], row["call_us"] - row["launch_us"])

    def test_overhead_needs_one_launch(self):
        broken = self.top / "two"
        shutil.copytree(self.top / "bundle", broken)
        text = (broken / "cases.json").read_text()
        (broken / "cases.json").write_text(text.replace('"function": "sum"', '"function": "main"'))
        code, text = self.run_bundle("--filter", "overhead", "--seconds=0.01", bundle=broken)
        self.assertEqual(code, 6, text)
        self.assertIn("expects one launch to measure the overhead of a call, but got 2", text)

    def test_wrong_results_are_found(self):
        broken = self.top / "broken"
        shutil.copytree(self.top / "bundle", broken)
        cases = json.loads((broken / "cases.json").read_text())["cases"]
        case = next(c for c in cases if c["name"].endswith("B=3"))
        path = broken / case["outputs"][0]["file"]
        data = bytearray(path.read_bytes())
        data[-4] ^= 1  # the last bit of the last element
        path.write_bytes(data)
        for numpy in (True, False):
            code, text = self.run_bundle("--filter", "B=3", "--no-time", bundle=broken, numpy=numpy)
            self.assertEqual(code, 6, text)
            self.assertIn("output 0: 1 of 18 elements are wrong", text)
        package = broken / case["package"]
        package.write_bytes(package.read_bytes().replace(b".version 8.0", b".version 8.1"))
        code, text = self.run_bundle("--filter", "B=3", bundle=broken)
        self.assertEqual(code, 5, text)
        self.assertIn("DIGEST_MISMATCH", text)


class Comparison(unittest.TestCase):
    """The runner's judgement of results, with NumPy and without, against rounding done by NumPy."""

    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, str(TOP / "utils" / "gpu" / "runner"))
        import arrays
        cls.arrays = arrays

    def both(self, *args):
        arrays, numpy = self.arrays, self.arrays.np
        with_numpy = arrays.compare(*args)
        try:
            arrays.np = None
            without = arrays.compare(*args)
        finally:
            arrays.np = numpy
        self.assertEqual(with_numpy[0], without[0], (with_numpy, without))
        self.assertAlmostEqual(min(with_numpy[2], 1e9), min(without[2], 1e9), places=6)
        return with_numpy[0]

    def test_rounding(self):
        random = np.random.default_rng(3)
        x = np.concatenate([random.standard_normal(2000) * 2.0 ** random.integers(-30, 18, 2000), [0.0, -0.0, np.inf, -np.inf, 65504, 65519.99, 65520, 2.0 ** -25, 2.0 ** -24 * 1.5]])
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(self.arrays.rounded("f16", x), x.astype(np.float16).astype(np.float64))
            np.testing.assert_array_equal(self.arrays.rounded("f32", x * 1e30), (x * 1e30).astype(np.float32).astype(np.float64))
        np.testing.assert_array_equal(np.array([self.arrays._round_one("f16", v) for v in x]), self.arrays.rounded("f16", x))
        np.testing.assert_array_equal(np.array([self.arrays._round_one("bf16", v) for v in x]), self.arrays.rounded("bf16", x))
        self.assertEqual(list(self.arrays.rounded("bf16", np.array([1 + 2.0 ** -8, 1 + 3 * 2.0 ** -8, 3.4e38]))), [1.0, 1 + 2.0 ** -6, np.inf])

    def test_tolerances(self):
        f64 = lambda *v: np.array(v, np.float64).tobytes()  # noqa: E731
        f32 = lambda *v: np.array(v, np.float32).tobytes()  # noqa: E731
        exact, loose = {"relative": 0}, {"relative": 1e-3, "tiny": 0}
        self.assertTrue(self.both("f64", f64(0.1, -2), "f32", f32(0.1, -2), exact))
        self.assertFalse(self.both("f64", f64(0.1), "f32", f32(np.nextafter(np.float32(0.1), np.float32(1))), exact))
        self.assertTrue(self.both("f64", f64(1, 0.5), "f32", f32(1.0005, 0.5005), loose))
        self.assertFalse(self.both("f64", f64(1, 0.5), "f32", f32(1.01, 0.5), loose))
        self.assertTrue(self.both("f64", f64(np.nan, np.inf, 1e300), "f32", f32(np.nan, np.inf, np.inf), loose))
        self.assertFalse(self.both("f64", f64(np.nan), "f32", f32(0), loose))
        self.assertFalse(self.both("f64", f64(0), "f32", f32(np.nan), loose))
        self.assertFalse(self.both("f64", f64(np.inf), "f32", f32(-np.inf), loose))
        self.assertTrue(self.both("f64", f64(3), "i32", np.array([3], np.int32).tobytes(), loose))
        self.assertFalse(self.both("f64", f64(3), "i32", np.array([4], np.int32).tobytes(), loose))
        self.assertFalse(self.both("f64", f64(3, 4), "f32", f32(3), loose))
        self.assertTrue(self.both("f32", f32(1), "bf16", np.array([0x3F80], np.uint16).tobytes(), {"rtol": 0, "atol": 0}))
        self.assertFalse(self.both("f32", f32(1), "bf16", np.array([0x3F81], np.uint16).tobytes(), {"rtol": 1e-3, "atol": 0}))
        c128, c64 = lambda *v: np.array(v, np.complex128).tobytes(), lambda *v: np.array(v, np.complex64).tobytes()  # noqa: E731
        self.assertTrue(self.both("c128", c128(1 + 0.5j), "c64", c64(1.0005 + 0.5j), loose))
        self.assertFalse(self.both("c128", c128(1 + 0.5j), "c64", c64(1 + 0.51j), loose))


if __name__ == "__main__":
    unittest.main()
