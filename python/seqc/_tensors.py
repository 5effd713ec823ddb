# SPDX-License-Identifier: Apache-2.0
"""Arrays to DLTensor and back. NumPy arrays are described in place; everything else comes through its __dlpack__ method."""
import ctypes as c

import numpy as np

from . import _abi
from ._errors import ArgumentError, Status

try:
    from ml_dtypes import bfloat16 as _bfloat16
except ImportError:
    _bfloat16 = None

_FLOAT, _INT, _BFLOAT, _BOOL = 2, 0, 4, 6

# dtype name of the package -> (DLPack code, bits, NumPy dtype of results)
_DTYPES = {
    "f32": (_FLOAT, 32, np.float32), "f16": (_FLOAT, 16, np.float16), "f64": (_FLOAT, 64, np.float64),
    "bf16": (_BFLOAT, 16, _bfloat16 or np.uint16), "i1": (_BOOL, 8, np.bool_), "i8": (_INT, 8, np.int8),
    "i32": (_INT, 32, np.int32), "i64": (_INT, 64, np.int64),
}
_KIND_CODES = {"f": _FLOAT, "i": _INT, "u": 1, "b": _BOOL, "c": 5}


def numpy_dtype(name):
    """NumPy dtype for results; bf16 is uint16 where ml_dtypes is not installed."""
    return np.dtype(_DTYPES[name][2])


def _dl_dtype(dtype, declared):
    if declared == "bf16" and (dtype == np.uint16 or (_bfloat16 and dtype == _bfloat16)):
        return _abi.DLDataType(_BFLOAT, 16, 1)
    if _bfloat16 and dtype == _bfloat16:
        return _abi.DLDataType(_BFLOAT, 16, 1)
    return _abi.DLDataType(_KIND_CODES.get(dtype.kind, 3), dtype.itemsize * 8, 1)


class TensorList:
    """DLTensor pointers for one call. Keeps the arrays alive; release() gives DLPack memory back to its owner."""

    def __init__(self, count):
        self.pointers = (c.POINTER(_abi.DLTensor) * count)()
        self.count = count
        self._alive, self._managed = [], []

    def set_numpy(self, index, array, declared):
        shape = (c.c_int64 * max(array.ndim, 1))(*array.shape)
        tensor = _abi.DLTensor(data=array.ctypes.data if array.size else None, device=_abi.DLDevice(_abi.K_DL_CPU, 0), ndim=array.ndim,
                               dtype=_dl_dtype(array.dtype, declared), shape=shape, strides=None, byte_offset=0)
        self._alive += [array, shape, tensor]
        self.pointers[index] = c.pointer(tensor)

    def set_shape_room(self, index, rank):
        """A tensor whose shape the runtime writes; returns it."""
        shape = (c.c_int64 * max(rank, 1))()
        tensor = _abi.DLTensor(ndim=rank, shape=shape)
        self._alive += [shape, tensor]
        self.pointers[index] = c.pointer(tensor)
        return tensor

    def set_dlpack(self, index, array, name):
        device = array.__dlpack_device__() if hasattr(array, "__dlpack_device__") else (_abi.K_DL_CPU, 0)
        if int(device[0]) != _abi.K_DL_CPU:
            raise ArgumentError(Status.TENSOR_MISMATCH, f"input '{name}': expects an array in CPU memory, but its DLPack device is {tuple(map(int, device))}")
        capsule = array.__dlpack__()
        managed = c.cast(_capsule_pointer(capsule, b"dltensor"), c.POINTER(_abi.DLManagedTensor))
        _capsule_set_name(capsule, b"used_dltensor")  # the memory is ours to release from here on
        self._managed.append(managed)
        self._alive += [array, capsule]
        self.pointers[index] = c.pointer(managed.contents.dl_tensor)

    def release(self):
        while self._managed:
            managed = self._managed.pop()
            if managed.contents.deleter:
                managed.contents.deleter(managed)
        self._alive.clear()


_capsule_pointer = c.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = c.c_void_p, [c.py_object, c.c_char_p]
_capsule_set_name = c.pythonapi.PyCapsule_SetName
_capsule_set_name.restype, _capsule_set_name.argtypes = c.c_int, [c.py_object, c.c_char_p]


def add_input(tensors, index, value, info):
    """Puts one argument into the list: a NumPy array (copied only if it is not contiguous), an object with __dlpack__, or numbers."""
    if isinstance(value, (bool, int, float, list, tuple)):
        value = np.asarray(value, dtype=numpy_dtype(info.dtype))
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        if not value.flags.c_contiguous or not value.flags.aligned:
            value = np.array(value, order="C")
        if not value.dtype.isnative:
            raise ArgumentError(Status.TENSOR_MISMATCH, f"input '{info.name}': expects native byte order, but got {value.dtype}")
        tensors.set_numpy(index, value, info.dtype)
    elif hasattr(value, "__dlpack__"):
        tensors.set_dlpack(index, value, info.name)
    else:
        raise ArgumentError(Status.TENSOR_MISMATCH, f"input '{info.name}': expects a NumPy array, an object with __dlpack__ or numbers, "
                                                    f"but got {type(value).__name__}")
