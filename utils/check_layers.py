#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the dependency rule of docs/architecture.md on `#include "seqc..."` lines. Exit 1 with one line per violation."""
import argparse
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

# layer -> layers it may include (itself is always allowed)
DIALECTS = {"Dialect/Seq/IR", "Dialect/Tile/IR"}
RULES = {
    "Support": set(),
    "Layout": set(),
    "Target": {"Support"},
    "Sim": {"Support", "Target"},
    "Dialect/Seq/IR": {"Support"},
    "Dialect/Tile/IR": {"Support", "Layout"},
    "Dialect/Seq/Transforms": {"Support", "Dialect/Seq/IR"},
    "Dialect/Tile/Transforms": {"Support", "Layout", "Dialect/Tile/IR"},
    "Analysis": {"Support"} | DIALECTS,
    "Interpreter": {"Support"} | DIALECTS,
    "Conversion/SeqToTile": {"Support", "Analysis"} | DIALECTS,
    "Conversion/Math": {"Support"},
    "Conversion/TileToCpu": {"Support", "Dialect/Tile/IR", "Conversion/Math"},
    "Conversion/TileToNvvm": {"Support", "Layout", "Dialect/Tile/IR", "Dialect/Tile/Transforms", "Conversion/Math"},
    "Transforms": {"Support", "Analysis"} | DIALECTS,
    "Emit": {"Support", "Analysis", "Dialect/Tile/IR", "Dialect/Seq/IR", "Conversion/TileToCpu", "Conversion/TileToNvvm"},
    "Cases": {"Support", "Interpreter"},
    "Import": {"Support", "Dialect/Seq/IR"},
    "Pipelines": {"Support", "Emit", "Transforms", "Conversion/SeqToTile", "Conversion/TileToCpu", "Conversion/TileToNvvm",
                  "Dialect/Seq/Transforms", "Dialect/Tile/Transforms"} | DIALECTS,
    "Driver": {"Support", "Emit", "Import", "Transforms", "Interpreter", "Pipelines", "Cases", "Conversion/SeqToTile", "Conversion/TileToCpu", "Conversion/TileToNvvm",
               "Dialect/Seq/Transforms", "Dialect/Tile/Transforms"} | DIALECTS,
}
# headers directly in include/seqc/Conversion belong to these layers
CONVERSION_HEADERS = {"SeqToTile": "Conversion/SeqToTile", "TileToCpu": "Conversion/TileToCpu", "CpuTarget": "Conversion/TileToCpu",
                      "TileToNvvm": "Conversion/TileToNvvm", "ExpandMath": "Conversion/Math"}


def layer_of(path):
    """Layer of a path relative to lib/ or include/seqc/, or None."""
    parts = pathlib.PurePosixPath(path)
    if parts.parts[0] == "Conversion" and len(parts.parts) == 2:
        return CONVERSION_HEADERS.get(parts.stem, parts.stem)
    for layer in sorted(RULES, key=len, reverse=True):
        if str(parts).startswith(layer + "/"):
            return layer
    return None


def check(top, folder, failures):
    base = top / folder
    for file in sorted(base.rglob("*")):
        if file.suffix not in {".cpp", ".h", ".td", ".c"}:
            continue
        layer = layer_of(file.relative_to(base).as_posix())
        if layer is None:
            failures.append(f"{file.relative_to(top)}: belongs to no layer of utils/check_layers.py")
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = re.match(r'\s*#?include "seqc/([^"]+)"', line)
            target = layer_of(match.group(1)) if match else None
            if match and target != layer and target not in RULES[layer]:
                failures.append(f"{file.relative_to(top)}:{number}: {layer} may not include {match.group(1)}")


def row_rules(top):
    """Layer -> text of "may include", of the table in docs/architecture.md."""
    rows = re.findall(r"^\| `lib/([^`]+)` \| .* \| ([^|]+) \|$", (top / "docs/architecture.md").read_text(), re.MULTILINE)
    return {layer: allowed for layer, allowed in rows}


def check_document(top, failures):
    rows = row_rules(top)
    for layer in sorted(RULES.keys() | rows.keys()):
        wanted = ", ".join(f"`{other}`" for other in sorted(RULES.get(layer, ()))) or "nothing"
        if layer not in RULES or rows.get(layer) != wanted:
            failures.append(f"docs/architecture.md: expects the row of lib/{layer} to end in '{wanted}', but got '{rows.get(layer)}'")


def check_runtime(top, failures):
    for file in sorted((top / "runtime").rglob("*")):
        if file.suffix in {".c", ".h"} and re.search(r'#include ["<](seqc/|llvm|mlir)', file.read_text()):
            failures.append(f"{file.relative_to(top)}: the runtime includes nothing of the compiler")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=TOP, help="a source tree (default: this one)")
    top = parser.parse_args().root
    failures = []
    check(top, "lib", failures)
    check(top, "include/seqc", failures)
    check_runtime(top, failures)
    if top == TOP:
        check_document(top, failures)
    print("\n".join(failures) if failures else "layers: ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
