# SPDX-License-Identifier: Apache-2.0
"""seqc: ahead-of-time compiled sequence models.

    import seqc
    package = seqc.load("model.seqc")
    logits = package["main"](pixels)

    package = seqc.load("model.seqc", device="cuda:0")
    logits = package["main"](pixels)                        # NumPy arrays: copied there and back
    logits = package["main"](torch_tensor)                  # or anything with __dlpack__ on the GPU: used in place
    package["main"].run([x], outputs=[y], stream=torch.cuda.current_stream())

`seqc.torch` imports PyTorch models for the compiler and is not needed to run packages.
"""
from ._device import DeviceArray, device_info
from ._errors import ArgumentError, NotFoundError, OutOfMemoryError, PackageError, SeqcError, Status
from ._package import Function, Package, State, TensorInfo

__all__ = ["load", "device_info", "Package", "Function", "DeviceArray", "TensorInfo", "State", "Status", "SeqcError", "ArgumentError", "NotFoundError", "PackageError",
           "OutOfMemoryError"]


def load(path, device="cpu", threads=None, library=None, verify_weights=True, cuda_context=None):
    """Loads the package at `path`.

    device: "cpu" or "cuda[:N]", which needs the NVIDIA driver and nothing else. cuda_context: a CUcontext to work in, default the primary one,
    which PyTorch uses too. threads: how many run one call, default all CPUs. library: path of
    libseqc_rt.so, default the one beside this package or in the build folder. verify_weights: check the digests of weights (code is
    always checked). Raises SeqcError or one of its subclasses, with a message that says what to do.
    """
    return Package(path, device=device, threads=threads, library=library, verify_weights=verify_weights, cuda_context=cuda_context)
