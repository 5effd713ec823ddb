#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the dependency rule of docs/architecture.md on `#include "seqc..."` lines. Exit 1 with one line per violation."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

# layer -> layers it may include (itself is always allowed)
DIALECTS = {"Dialect/Seq/IR", "Dialect/Tile/IR"}
RULES = {
    "Support": set(),
    "Dialect/Seq/IR": {"Support"},
    "Dialect/Tile/IR": {"Support"},
    "Dialect/Seq/Transforms": {"Support", "Dialect/Seq/IR"},
    "Dialect/Tile/Transforms": {"Support", "Dialect/Tile/IR"},
    "Analysis": {"Support"} | DIALECTS,
    "Interpreter": {"Support"} | DIALECTS,
    "Conversion/SeqToTile": {"Support", "Analysis"} | DIALECTS,
    "Conversion/TileToCpu": {"Support", "Dialect/Tile/IR"},
    "Transforms": {"Support", "Analysis"} | DIALECTS,
    "Emit": {"Support", "Analysis", "Dialect/Tile/IR", "Dialect/Seq/IR", "Conversion/TileToCpu"},
    "Cases": {"Support", "Interpreter"},
    "Pipelines": {"Support", "Emit", "Transforms", "Conversion/SeqToTile", "Conversion/TileToCpu", "Dialect/Seq/Transforms",
                  "Dialect/Tile/Transforms"} | DIALECTS,
    "Driver": {"Support", "Emit", "Transforms", "Interpreter", "Pipelines", "Cases", "Conversion/SeqToTile", "Conversion/TileToCpu",
               "Dialect/Seq/Transforms", "Dialect/Tile/Transforms"} | DIALECTS,
}
# headers directly in include/seqc/Conversion belong to these layers
CONVERSION_HEADERS = {"SeqToTile": "Conversion/SeqToTile", "TileToCpu": "Conversion/TileToCpu", "CpuTarget": "Conversion/TileToCpu"}


def layer_of(path):
    """Layer of a path relative to lib/ or include/seqc/, or None."""
    parts = pathlib.PurePosixPath(path)
    if parts.parts[0] == "Conversion" and len(parts.parts) == 2:
        return CONVERSION_HEADERS.get(parts.stem, parts.stem)
    for layer in sorted(RULES, key=len, reverse=True):
        if str(parts).startswith(layer + "/"):
            return layer
    return None


def check(base, failures):
    for file in sorted(base.rglob("*")):
        if file.suffix not in {".cpp", ".h", ".td", ".c"}:
            continue
        layer = layer_of(file.relative_to(base).as_posix())
        if layer is None:
            failures.append(f"{file.relative_to(TOP)}: belongs to no layer of utils/check_layers.py")
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = re.match(r'\s*#?include "seqc/([^"]+)"', line)
            target = layer_of(match.group(1)) if match else None
            if match and target != layer and target not in RULES[layer]:
                failures.append(f"{file.relative_to(TOP)}:{number}: {layer} may not include {match.group(1)}")


def check_runtime(failures):
    for file in sorted((TOP / "runtime").rglob("*")):
        if file.suffix in {".c", ".h"} and re.search(r'#include ["<](seqc/|llvm|mlir)', file.read_text()):
            failures.append(f"{file.relative_to(TOP)}: the runtime includes nothing of the compiler")


def main():
    failures = []
    check(TOP / "lib", failures)
    check(TOP / "include" / "seqc", failures)
    check_runtime(failures)
    print("\n".join(failures) if failures else "layers: ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
