# SPDX-License-Identifier: Apache-2.0
"""The checks of the source tree: each passes on this tree and fails on a small tree that breaks its rule."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


def run(script, *arguments):
    done = subprocess.run([sys.executable, TOP / "utils" / script, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def assertFails(self, script, message):
        code, output = run(script, "--root", self.root)
        self.assertEqual(code, 1, output)
        self.assertIn(message, output)

    def assertPasses(self, script):
        code, output = run(script, "--root", self.root)
        self.assertEqual(code, 0, output)


class BenchmarkTables(Tree):
    README = "text\n<!-- benchmarks -->\n<!-- /benchmarks -->\nend\n"
    REPORT = {"machine": {"cpu": "A CPU", "threads": 2, "copy_gb_per_s": 10.5}, "versions": {"seqc": "seqc 1", "pytorch": "2.0"}, "date": "2026-01-01", "commit": "0123456789abcdef",
              "dirty": False, "quick": False,
              "rows": [{"suite": "attention", "case": "L256", "dtype": "f32", "unit": "ms", "ours": 0.5, "peer": "PyTorch 2.0", "peer_value": 1.0},
                       {"suite": "pointwise", "case": "add", "dtype": "f32", "unit": "ms", "ours": 2.0, "floor": 1.5, "share": 0.75}]}

    def tables(self, *arguments):
        return run("bench_tables.py", "--root", self.root, *arguments)

    def test_this_tree(self):
        self.assertEqual(run("bench_tables.py", "--check"), (0, "benchmark tables: ok\n"))

    def test_no_results(self):
        self.write("README.md", self.README)
        self.assertEqual(self.tables("--check")[0], 0)

    def test_written_and_checked(self):
        self.write("README.md", self.README)
        self.write("benchmarks/results/cpu.json", json.dumps(self.REPORT))
        code, output = self.tables("--check")
        self.assertEqual(code, 1)
        self.assertIn("are not those of benchmarks/results", output)
        self.assertEqual(self.tables()[0], 0)
        self.assertEqual(self.tables("--check")[0], 0)
        text = (self.root / "README.md").read_text()
        self.assertTrue(text.startswith("text\n<!-- benchmarks -->\nMeasured on A CPU, 2 threads, memcpy 10.5 GB/s, pytorch 2.0, 2026-01-01, commit 0123456789ab."), text)
        self.assertIn("| L256 | 0.5 | 1 | 2.00 x |\n", text)
        self.assertIn("| case | seqc, ms | share of memcpy bandwidth |\n", text)
        self.assertIn("| add | 2 | 75 % |\n", text)
        self.assertTrue(text.endswith("<!-- /benchmarks -->\nend\n"))
        (self.root / "README.md").write_text(text.replace("2.00 x", "3.00 x"))
        self.assertEqual(self.tables("--check")[0], 1)

    def test_runs_that_do_not_count(self):
        self.write("README.md", self.README)
        for key in ("quick", "dirty"):
            self.write("benchmarks/results/cpu.json", json.dumps(self.REPORT | {key: True}))
            code, output = self.tables()
            self.assertEqual(code, 1)
            self.assertIn("made by a quick run or from a changed tree", output)

    def test_no_place(self):
        self.write("README.md", "text\n")
        self.assertEqual(self.tables("--check")[0], 1)


class CompileTimes(Tree):
    """With a compiler that writes a manifest of `kernels` kernels after `seconds` of processor time."""

    def compiler(self, seconds=0, kernels=1, code=0):
        self.write("seqc", f"""#!/bin/sh
if [ "$1" = inspect ]; then echo '{{"kernels": [{",".join("0" for _ in range(kernels))}]}}'; exit 0; fi
{sys.executable} -S -c 'import time
while time.process_time() < {seconds}: pass'
exit {code}
""")
        (self.root / "seqc").chmod(0o755)
        return run("check_compile_times.py", "--seqc", self.root / "seqc", "--runs", "1", "--targets", "cpu", "--kernel-limit", "0.3", "--kernels", "gelu", "--dtypes", "f32")

    def test_fast(self):
        code, output = self.compiler()
        self.assertEqual(code, 0, output)
        self.assertIn("compile times: ok", output)

    def test_slow(self):
        code, output = self.compiler(seconds=1.2)
        self.assertEqual(code, 1)
        self.assertIn("gelu f32: expects at most 0.3 s, but got ", output)

    def test_not_one_kernel(self):
        self.assertIn("gelu f32: expects one kernel, but got 2", self.compiler(kernels=2)[1])

    def test_failure(self):
        code, output = self.compiler(code=70)
        self.assertEqual(code, 1)
        self.assertIn("gelu f32: expects exit code 0, but got 70", output)


class Layers(Tree):
    def test_this_tree(self):
        self.assertEqual(run("check_layers.py"), (0, "layers: ok\n"))

    def test_allowed(self):
        self.write("lib/Analysis/A.cpp", '#include "seqc/Analysis/A.h"\n#include "seqc/Dialect/Seq/IR/Seq.h"\n#include "seqc/Support/Expr.h"\n')
        self.write("include/seqc/Conversion/CpuTarget.h", '#include "seqc/Dialect/Tile/IR/Tile.h"\n')
        self.write("runtime/src/a.c", '#include "seqc_rt/seqc_rt.h"\n')
        self.assertPasses("check_layers.py")

    def test_wrong_direction(self):
        self.write("lib/Support/A.cpp", '\n#include "seqc/Driver/Driver.h"\n')
        self.assertFails("check_layers.py", "lib/Support/A.cpp:2: Support may not include Driver/Driver.h")

    def test_wrong_direction_in_a_header(self):
        self.write("include/seqc/Dialect/Seq/IR/A.td", 'include "seqc/Dialect/Tile/IR/TileOps.td"\n')
        self.assertFails("check_layers.py", "Dialect/Seq/IR may not include Dialect/Tile/IR/TileOps.td")

    def test_conversions_are_apart(self):
        self.write("lib/Conversion/TileToCpu/A.cpp", '#include "seqc/Conversion/SeqToTile.h"\n')
        self.assertFails("check_layers.py", "Conversion/TileToCpu may not include Conversion/SeqToTile.h")

    def test_folder_without_layer(self):
        self.write("lib/New/A.cpp", "")
        self.assertFails("check_layers.py", "lib/New/A.cpp: belongs to no layer")

    def test_runtime_includes_the_compiler(self):
        for line in ('#include "seqc/Support/Expr.h"', "#include <llvm/ADT/StringRef.h>", '#include "mlir/IR/Value.h"'):
            self.write("runtime/src/a.c", line + "\n")
            self.assertFails("check_layers.py", "runtime/src/a.c: the runtime includes nothing of the compiler")


class Sizes(Tree):
    def setUp(self):
        super().setUp()
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def add(self, name, lines):
        self.write(name, "x\n" * lines)
        subprocess.run(["git", "add", name], cwd=self.root, check=True)

    def test_this_tree(self):
        if not (TOP / ".git").exists():
            self.skipTest("not a git work tree")
        self.assertEqual(run("check_sizes.py"), (0, "sizes: ok\n"))

    def test_at_the_limit(self):
        self.add("lib/a.cpp", 800)
        self.add("include/a.h", 400)
        self.add("data.txt", 10000)
        self.assertPasses("check_sizes.py")

    def test_above_the_limit(self):
        for name, limit in (("a.cpp", 800), ("a.c", 800), ("a.h", 400), ("a.td", 900), ("a.py", 500)):
            self.add(name, limit + 1)
            self.assertFails("check_sizes.py", f"{name}: {limit + 1} lines, limit {limit}")

    def test_untracked_files_do_not_count(self):
        self.write("a.cpp", "x\n" * 5000)
        self.assertPasses("check_sizes.py")


if __name__ == "__main__":
    unittest.main()
