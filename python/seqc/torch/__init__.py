# SPDX-License-Identifier: Apache-2.0
"""Import from PyTorch.

    import seqc.torch
    seqc.torch.export(model.eval(), (example,), dynamic_shapes=({0: torch.export.Dim("B")},), out="model.mlir")

or `python3 -m seqc.torch export --module pkg.mod:factory -o model.mlir`. Needs torch 2.11; nothing else of seqc does.
"""

from .errors import ExportError, UnsupportedError

__all__ = ["export", "ExportError", "UnsupportedError"]


def export(*args, **kwargs):
    """See seqc.torch.exporter.export: torch is loaded at the first call."""
    import importlib

    return importlib.import_module(".exporter", __name__).export(*args, **kwargs)
