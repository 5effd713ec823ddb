# SPDX-License-Identifier: Apache-2.0
"""Import from PyTorch.

    import seqc.torch
    seqc.torch.export(model.eval(), (example,), dynamic_shapes=({0: torch.export.Dim("B")},), out="model.mlir")

or `python3 -m seqc.torch export --module pkg.mod:factory -o model.mlir`. Needs torch 2.11; nothing else of seqc does.
"""

from .errors import ExportError, UnsupportedError

__all__ = ["export", "export_functions", "Call", "ExportError", "UnsupportedError"]


def export(*args, **kwargs):
    """See seqc.torch.exporter.export: torch is loaded at the first call."""
    return _exporter().export(*args, **kwargs)


def export_functions(*args, **kwargs):
    """Several functions in one module; see seqc.torch.exporter.export_functions."""
    return _exporter().export_functions(*args, **kwargs)


def Call(*args, **kwargs):
    """One function of export_functions; see seqc.torch.exporter.Call."""
    return _exporter().Call(*args, **kwargs)


def _exporter():
    import importlib

    return importlib.import_module(".exporter", __name__)
