# SPDX-License-Identifier: Apache-2.0
"""Source locations: torch's stack traces as MLIR locations, with paths that mean the same on every machine."""

import json
import os
import re
import sys

FRAME = re.compile(r'^\s*File "(.*)", line (\d+), in ', re.MULTILINE)


class Locations:
    """Aliases `#locN` for the nodes of a graph. Paths are relative to `root` (default: the working directory) or to an entry of sys.path; frames of files
    in the directories `skip` (torch itself) are not places in the user's program."""

    def __init__(self, root, skip):
        self._skip = tuple(os.path.abspath(folder) + os.sep for folder in skip)
        roots = [os.path.abspath(root or os.getcwd())] + sorted((os.path.abspath(p) for p in sys.path if p), key=len, reverse=True)
        self._roots = [r.rstrip(os.sep) + os.sep for r in roots if r != os.sep]
        self._aliases = {}

    def place(self, node):
        """(file, line) of the innermost frame outside torch, or None."""
        frames = FRAME.findall(node.meta.get("stack_trace") or "")
        for path, line in reversed(frames):
            if not path.startswith(self._skip):
                return self._relative(path), int(line)
        return None

    def _relative(self, path):
        for root in self._roots:
            if path.startswith(root):
                return path[len(root) :].replace(os.sep, "/")
        return os.path.basename(path)

    def place_text(self, node):
        place = self.place(node)
        return f"{place[0]}:{place[1]}" if place else ""

    def reference(self, node):
        """` loc(#locN)` for a node: its name, and its place where it is known."""
        place = self.place(node)
        text = f"loc({json.dumps(node.name)})" if place is None else f'loc({json.dumps(node.name)}({json.dumps(place[0])}:{place[1]}:1))'
        return f" loc({self._aliases.setdefault(text, f'#loc{len(self._aliases)}')})"

    def definitions(self):
        return "".join(f"{alias} = {text}\n" for text, alias in self._aliases.items())
