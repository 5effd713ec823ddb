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

_FLOAT, _INT, _BFLOAT, _COMPLEX, _BOOL = 2, 0, 4, 5, 6

# dtype name of the package -> (DLPack code, bits, NumPy dtype of results)
_DTYPES = {
    "f32": (_FLOAT, 32, np.float32), "f16": (_FLOAT, 16, np.float16), "f64": (_FLOAT, 64, np.float64),
    "bf16": (_BFLOAT, 16, _bfloat16 or np.uint16), "i1": (_BOOL, 8, np.bool_), "i8": (_INT, 8, np.int8),
    "i32": (_INT, 32, np.int32), "i64": (_INT, 64, np.int64), "c64": (_COMPLEX, 64, np.complex64), "c128": (_COMPLEX, 128, np.complex128),
}
_KIND_CODES = {"f": _FLOAT, "i": _INT, "u": 1, "b": _BOOL, "c": _COMPLEX}


def numpy_dtype(name):
    """NumPy dtype for results; bf16 is uint16 where ml_dtypes is not installed."""
    return np.dtype(_DTYPES[name][2])


def dtype_name(dtype):
    """Name of a NumPy dtype in packages."""
    for name, (_, _, numpy) in _DTYPES.items():
        if dtype == numpy and dtype != np.uint16:
            return name
    raise ArgumentError(Status.TENSOR_MISMATCH, f"no dtype of packages is {dtype}; it is one of {', '.join(_DTYPES)}")


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

    def set_device(self, index, array):
        """An array in device memory of a package, described in place."""
        shape = (c.c_int64 * max(len(array.shape), 1))(*array.shape)
        code, bits, _ = _DTYPES[array.dtype]
        tensor = _abi.DLTensor(data=array.pointer, device=_abi.DLDevice(*array.__dlpack_device__()), ndim=len(array.shape),
                               dtype=_abi.DLDataType(code, bits, 1), shape=shape, strides=None, byte_offset=0)
        self._alive += [array, shape, tensor]
        self.pointers[index] = c.pointer(tensor)

    def set_dlpack(self, index, array, name, stream=None):
        """`stream`: handle of the CUDA stream that will use it, None on the CPU; 0 is the default stream."""
        device = array.__dlpack_device__() if hasattr(array, "__dlpack_device__") else (_abi.K_DL_CPU, 0)
        on_gpu = int(device[0]) in (_abi.K_DL_CUDA, _abi.K_DL_CUDA_MANAGED)
        if int(device[0]) != _abi.K_DL_CPU and stream is None:
            raise ArgumentError(Status.TENSOR_MISMATCH, f"{name}: expects an array in CPU memory, but its DLPack device is {tuple(map(int, device))}")
        capsule = array.__dlpack__(stream=stream or 1) if on_gpu else array.__dlpack__()  # 1 is DLPack's number of the default stream
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


_capsule_new = c.pythonapi.PyCapsule_New
_capsule_new.restype, _capsule_new.argtypes = c.py_object, [c.c_void_p, c.c_char_p, c.c_void_p]
_capsule_valid = c.pythonapi.PyCapsule_IsValid
_capsule_valid.restype, _capsule_valid.argtypes = c.c_int, [c.c_void_p, c.c_char_p]
_raw_pointer = c.PYFUNCTYPE(c.c_void_p, c.c_void_p, c.c_char_p)(("PyCapsule_GetPointer", c.pythonapi))
_exported = {}  # address of a DLManagedTensor -> what it needs alive


@_abi.DLManagedTensorDeleter
def _delete_exported(managed):
    _exported.pop(c.addressof(managed.contents), None)


@c.PYFUNCTYPE(None, c.c_void_p)
def _drop_capsule(capsule):
    if _capsule_valid(capsule, b"dltensor"):  # nobody took it
        _exported.pop(_raw_pointer(capsule, b"dltensor"), None)


def export(array):
    """A DLPack capsule of an array in device memory."""
    tensors = TensorList(1)
    tensors.set_device(0, array)
    managed = _abi.DLManagedTensor(dl_tensor=tensors.pointers[0].contents, deleter=_delete_exported)
    _exported[c.addressof(managed)] = (managed, tensors)
    return _capsule_new(c.addressof(managed), b"dltensor", c.cast(_drop_capsule, c.c_void_p))


def is_on_gpu(value):
    return hasattr(value, "__dlpack_device__") and int(value.__dlpack_device__()[0]) in (_abi.K_DL_CUDA, _abi.K_DL_CUDA_MANAGED)


def add_array(tensors, index, value, info, role, stream=None):
    """Puts an array into the list as it is: NumPy, device memory of a package, or DLPack. False for anything else."""
    if isinstance(value, np.ndarray):
        if not value.dtype.isnative:
            raise ArgumentError(Status.TENSOR_MISMATCH, f"{role} '{info.name}': expects native byte order, but got {value.dtype}")
        tensors.set_numpy(index, value, info.dtype)
    elif hasattr(value, "__seqc_device__"):
        tensors.set_device(index, value)
    elif hasattr(value, "__dlpack__"):
        tensors.set_dlpack(index, value, f"{role} '{info.name}'", stream)
    else:
        return False
    return True


def add_output(tensors, index, value, info, stream=None):
    """Puts an array that the call writes into the list."""
    if isinstance(value, np.ndarray) and not (value.flags.c_contiguous and value.flags.writeable and value.flags.aligned):
        raise ArgumentError(Status.TENSOR_MISMATCH, f"output '{info.name}': expects a contiguous, aligned array that can be written")
    if not add_array(tensors, index, value, info, "output", stream):
        raise ArgumentError(Status.TENSOR_MISMATCH, f"output '{info.name}': expects a NumPy array or an object with __dlpack__, but got {type(value).__name__}")


def add_input(tensors, index, value, info, stream=None):
    """Puts one argument into the list: a NumPy array (copied only if it is not contiguous), an object with __dlpack__, or numbers."""
    if isinstance(value, (bool, int, float, complex, list, tuple)):
        value = np.asarray(value, dtype=numpy_dtype(info.dtype))
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and not (value.flags.c_contiguous and value.flags.aligned):
        value = np.array(value, order="C")
    if not add_array(tensors, index, value, info, "input", stream):
        raise ArgumentError(Status.TENSOR_MISMATCH, f"input '{info.name}': expects a NumPy array, an object with __dlpack__ or numbers, "
                                                    f"but got {type(value).__name__}")
