# SPDX-License-Identifier: Apache-2.0
"""Errors of the importer. Everything that is unsupported in a model is reported in one go."""

import collections


class ExportError(Exception):
    """The program cannot be imported (exit code 1)."""


class Unsupported(Exception):
    """One node cannot be expressed; raised by an emitter with the reason."""


class UnsupportedError(ExportError):
    """All nodes of a model that cannot be expressed (exit code 3). `rows`: (operator, reason, node name, "file:line" or "")."""

    def __init__(self, rows):
        self.rows = rows
        super().__init__(table(rows))


def table(rows, places=3):
    """The report: one line per operator and reason, with a count and the first source lines."""
    groups = collections.OrderedDict()
    for operator, reason, name, place in rows:
        groups.setdefault((operator, reason), []).append(place or name)
    lines = [("operator", "count", "reason", "where")]
    for (operator, reason), where in groups.items():
        shown = list(dict.fromkeys(where))
        more = f" and {len(shown) - places} more" if len(shown) > places else ""
        lines.append((operator, str(len(where)), reason, ", ".join(shown[:places]) + more))
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    body = "\n".join("  ".join([line[i].ljust(widths[i]) for i in range(3)] + [line[3]]).rstrip() for line in lines)
    return f"{len(rows)} unsupported operation{'s' if len(rows) != 1 else ''} in the model\n{body}"
