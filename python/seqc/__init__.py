# SPDX-License-Identifier: Apache-2.0
"""seqc: ahead-of-time compiled sequence models.

    import seqc
    package = seqc.load("model.seqc")
    logits = package["main"](pixels)

`seqc.torch` imports PyTorch models for the compiler and is not needed to run packages.
"""
from ._errors import ArgumentError, NotFoundError, OutOfMemoryError, PackageError, SeqcError, Status
from ._package import Function, Package, State, TensorInfo

__all__ = ["load", "Package", "Function", "TensorInfo", "State", "Status", "SeqcError", "ArgumentError", "NotFoundError", "PackageError",
           "OutOfMemoryError"]


def load(path, device="cpu", threads=None, library=None, verify_weights=True):
    """Loads the package at `path`.

    device: "cpu", or "cuda[:N]" where the runtime is built for it. threads: how many run one call, default all CPUs. library: path of
    libseqc_rt.so, default the one beside this package or in the build folder. verify_weights: check the digests of weights (code is
    always checked). Raises SeqcError or one of its subclasses, with a message that says what to do.
    """
    return Package(path, device=device, threads=threads, library=library, verify_weights=verify_weights)
