#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks file sizes: a source file above its limit must be split, or listed here with a reason."""
import argparse
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LIMITS = {".cpp": 800, ".c": 800, ".h": 400, ".td": 900, ".py": 500}
ALLOWED = {
    # path: reason
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=TOP, help="a git work tree (default: this one)")
    top = parser.parse_args().root
    files = subprocess.run(["git", "ls-files"], cwd=top, capture_output=True, text=True, check=True).stdout.split("\n")
    failures = []
    for name in files:
        path = top / name
        limit = LIMITS.get(path.suffix)
        if not limit or name in ALLOWED or not path.is_file():
            continue
        lines = path.read_text(errors="replace").count("\n")
        if lines > limit:
            failures.append(f"{name}: {lines} lines, limit {limit}")
    print("\n".join(failures) if failures else "sizes: ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
