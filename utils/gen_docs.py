#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/generated/: op and pass references out of the .td files. With --check: exit 1 if a file would change."""
import argparse
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LLVM = pathlib.Path("/usr/lib/llvm-22")

# output file, .td file, mlir-tblgen generator
PAGES = [
    ("seq.md", "seqc/Dialect/Seq/IR/SeqOps.td", ["-gen-dialect-doc", "-dialect=seq"]),
    ("tile.md", "seqc/Dialect/Tile/IR/TileOps.td", ["-gen-dialect-doc", "-dialect=tile"]),
]


def pages():
    yield from PAGES
    for td in sorted((TOP / "include/seqc").rglob("*Passes.td")):
        relative = td.relative_to(TOP / "include").as_posix()
        name = "passes-" + "-".join(p.lower() for p in td.relative_to(TOP / "include/seqc").parts[:-1]) + ".md"
        yield name, relative, ["-gen-pass-doc"]


def generate(td, flags):
    command = [str(LLVM / "bin/mlir-tblgen"), *flags, "-I", str(TOP / "include"), "-I", str(LLVM / "include"), str(TOP / "include" / td)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    out = TOP / "docs/generated"
    out.mkdir(exist_ok=True)
    stale = []
    for name, td, flags in pages():
        text = generate(td, flags)
        page = out / name
        if not page.exists() or page.read_text() != text:
            stale.append(name)
            if not arguments.check:
                page.write_text(text)
    if arguments.check and stale:
        print("stale in docs/generated (run ./dev docs):", *stale)
        return 1
    print("docs/generated: ok" if not stale else f"docs/generated: wrote {', '.join(stale)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
