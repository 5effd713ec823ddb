# SPDX-License-Identifier: Apache-2.0
"""The checks of the source tree: each passes on this tree and fails on a small tree that breaks its rule."""
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
