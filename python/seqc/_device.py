# SPDX-License-Identifier: Apache-2.0
"""Memory of a package's device, streams, facts of GPUs."""
import ctypes as c
import math
from typing import NamedTuple, Tuple

import numpy as np

from . import _abi, _tensors
from ._errors import ArgumentError, Status, check

_TO_DEVICE, _TO_HOST = 0, 1


class Handle:
    """The package of the C runtime; closed when neither the package nor memory made with it is used any more."""

    def __init__(self, rt, pointer, device):
        self.rt, self.pointer, self.device = rt, pointer, device

    def __del__(self):
        self.rt.package_close(self.pointer)


class DeviceInfo(NamedTuple):
    """Facts of a GPU; `driver` is the newest CUDA version that its driver supports."""
    name: str
    compute_capability: Tuple[int, int]
    driver: Tuple[int, int]
    multiprocessors: int
    shared_bytes: int
    memory_bytes: int


def device_info(ordinal=0, library=None):
    """Facts of GPU `ordinal`; SeqcError with a remedy where there is none."""
    rt, info = _abi.runtime(library), _abi.DeviceInfo(struct_size=c.sizeof(_abi.DeviceInfo))
    check(rt, rt.device_info(_abi.Device(1, ordinal), c.byref(info)))
    return DeviceInfo(info.name.decode(errors="replace"), (info.compute_major, info.compute_minor), (info.driver_major, info.driver_minor),
                      info.multiprocessors, info.shared_bytes, info.memory_bytes)


def stream_handle(stream):
    """Handle of a CUDA stream: a number, an object of PyTorch (cuda_stream) or CuPy (ptr), or None for the default stream, which is 0."""
    for name in ("cuda_stream", "ptr"):
        stream = getattr(stream, name, stream)
    if stream is None or isinstance(stream, int):
        return stream or 0
    raise ArgumentError(Status.INVALID_ARGUMENT, f"expects a CUDA stream, but got {type(stream).__name__}")


class DeviceArray:
    """Row-major memory on the device of a package. Other libraries take it by DLPack: torch.from_dlpack(a), cupy.from_dlpack(a)."""
    __seqc_device__ = True

    def __init__(self, handle, shape, dtype, stream=0):
        self._handle, self._stream = handle, stream
        self.shape, self.dtype, self.pointer = tuple(map(int, shape)), dtype, None
        self.nbytes = math.prod(self.shape) * _tensors.numpy_dtype(dtype).itemsize
        pointer = c.c_void_p()
        check(handle.rt, handle.rt.memory_alloc(handle.pointer, self.nbytes, c.byref(pointer)))
        self.pointer = pointer.value

    def __del__(self):
        if getattr(self, "pointer", None):
            self._handle.rt.memory_free(self._handle.pointer, self.pointer)

    def __repr__(self):
        return f"<seqc.DeviceArray {self.dtype}{list(self.shape)}>"

    def copy_from(self, array):
        """Copies a NumPy array of the same size in bytes here."""
        array = np.ascontiguousarray(array)
        if array.nbytes != self.nbytes:
            raise ArgumentError(Status.TENSOR_MISMATCH, f"expects {self.nbytes} bytes, but got {array.nbytes}")
        check(self._handle.rt, self._handle.rt.memory_copy(self._handle.pointer, self.pointer, array.ctypes.data, self.nbytes, _TO_DEVICE, self._stream or None))

    def numpy(self):
        """A copy as NumPy array, once the work on the array is done."""
        array = np.empty(self.shape, _tensors.numpy_dtype(self.dtype))
        check(self._handle.rt, self._handle.rt.memory_copy(self._handle.pointer, array.ctypes.data, self.pointer, self.nbytes, _TO_HOST, self._stream or None))
        return array

    def __dlpack_device__(self):
        return (_abi.K_DL_CUDA, self._handle.device.ordinal) if self._handle.device.type == 1 else (_abi.K_DL_CPU, 0)

    def __dlpack__(self, stream=None, **_):
        """Waits for the work on the array, unless the consumer says that it need not (-1) or uses the same stream."""
        if stream != -1 and (stream or 1) != (self._stream or 1):
            check(self._handle.rt, self._handle.rt.stream_synchronize(self._handle.pointer, self._stream or None))
        return _tensors.export(self)


def workspace_memory(tensors, workspace, stream):
    """Address and bytes of a workspace argument; `tensors` keeps it alive."""
    if workspace is None:
        return None, 0
    _tensors.add_output(tensors, 0, workspace, _Name("workspace", "i8"), stream)
    t = tensors.pointers[0].contents
    return (t.data or 0) + t.byte_offset, math.prod(t.shape[:t.ndim]) * t.dtype.bits // 8


class _Name(NamedTuple):
    name: str
    dtype: str
