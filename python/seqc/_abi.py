# SPDX-License-Identifier: Apache-2.0
"""The C ABI of the runtime (runtime/include/seqc_rt/seqc_rt.h) in ctypes. Structures mirror the header field by field."""
import ctypes as c
import pathlib


class DLDevice(c.Structure):
    _fields_ = [("device_type", c.c_int32), ("device_id", c.c_int32)]


class DLDataType(c.Structure):
    _fields_ = [("code", c.c_uint8), ("bits", c.c_uint8), ("lanes", c.c_uint16)]


class DLTensor(c.Structure):
    _fields_ = [("data", c.c_void_p), ("device", DLDevice), ("ndim", c.c_int32), ("dtype", DLDataType),
                ("shape", c.POINTER(c.c_int64)), ("strides", c.POINTER(c.c_int64)), ("byte_offset", c.c_uint64)]


class DLManagedTensor(c.Structure):
    pass


DLManagedTensorDeleter = c.CFUNCTYPE(None, c.POINTER(DLManagedTensor))
DLManagedTensor._fields_ = [("dl_tensor", DLTensor), ("manager_ctx", c.c_void_p), ("deleter", DLManagedTensorDeleter)]

K_DL_CPU, K_DL_CUDA, K_DL_CUDA_HOST, K_DL_CUDA_MANAGED = 1, 2, 3, 13


class Device(c.Structure):
    _fields_ = [("type", c.c_int32), ("ordinal", c.c_int32)]


class OpenOptions(c.Structure):
    _fields_ = [("struct_size", c.c_size_t), ("device", Device), ("num_threads", c.c_int32), ("verify", c.c_int32),
                ("inspect_only", c.c_int32), ("cuda_context", c.c_void_p)]


class DeviceInfo(c.Structure):
    _fields_ = [("struct_size", c.c_size_t), ("name", c.c_char * 64), ("compute_major", c.c_int32), ("compute_minor", c.c_int32),
                ("driver_major", c.c_int32), ("driver_minor", c.c_int32), ("multiprocessors", c.c_int32), ("shared_bytes", c.c_int32),
                ("memory_bytes", c.c_uint64)]


class Dim(c.Structure):
    _fields_ = [("text", c.c_char_p), ("size", c.c_int64), ("dim_index", c.c_int32)]


class TensorInfo(c.Structure):
    _fields_ = [("name", c.c_char_p), ("dtype_name", c.c_char_p), ("dtype", DLDataType), ("rank", c.c_int32),
                ("dims", c.POINTER(Dim))]


class State(c.Structure):
    _fields_ = [("input", c.c_int32), ("output", c.c_int32)]


_P, _TENSORS = c.c_void_p, c.POINTER(c.POINTER(DLTensor))
_SIGNATURES = {
    "last_error": (c.c_char_p, []),
    "status_name": (c.c_char_p, [c.c_int]),
    "version": (c.c_char_p, []),
    "package_open": (c.c_int, [c.c_char_p, c.POINTER(OpenOptions), c.POINTER(_P)]),
    "package_open_memory": (c.c_int, [c.c_char_p, c.c_size_t, c.POINTER(OpenOptions), c.POINTER(_P)]),
    "package_close": (None, [_P]),
    "package_manifest": (c.c_int, [_P, c.POINTER(c.c_void_p), c.POINTER(c.c_size_t)]),
    "package_num_threads": (c.c_int32, [_P]),
    "package_num_functions": (c.c_int32, [_P]),
    "package_function": (c.c_int, [_P, c.c_int32, c.POINTER(_P)]),
    "function_name": (c.c_char_p, [_P]),
    "function_num_inputs": (c.c_int32, [_P]),
    "function_num_outputs": (c.c_int32, [_P]),
    "function_num_states": (c.c_int32, [_P]),
    "function_num_dims": (c.c_int32, [_P]),
    "function_dim_name": (c.c_char_p, [_P, c.c_int32]),
    "function_input": (c.POINTER(TensorInfo), [_P, c.c_int32]),
    "function_output": (c.POINTER(TensorInfo), [_P, c.c_int32]),
    "function_state": (c.POINTER(State), [_P, c.c_int32]),
    "function_infer_shapes": (c.c_int, [_P, _TENSORS, c.c_int32, _TENSORS, c.c_int32]),
    "function_workspace_bytes": (c.c_int, [_P, _TENSORS, c.c_int32, c.POINTER(c.c_size_t)]),
    "device_count": (c.c_int, [c.c_int, c.POINTER(c.c_int32)]),
    "device_info": (c.c_int, [Device, c.POINTER(DeviceInfo)]),
    "memory_alloc": (c.c_int, [_P, c.c_size_t, c.POINTER(_P)]),
    "memory_free": (None, [_P, _P]),
    "memory_copy": (c.c_int, [_P, _P, _P, c.c_size_t, c.c_int, _P]),
    "stream_create": (c.c_int, [_P, c.POINTER(_P)]),
    "stream_destroy": (None, [_P, _P]),
    "stream_synchronize": (c.c_int, [_P, _P]),
    "event_create": (c.c_int, [_P, c.POINTER(_P)]),
    "event_destroy": (None, [_P, _P]),
    "event_record": (c.c_int, [_P, _P, _P]),
    "event_elapsed": (c.c_int, [_P, _P, _P, c.POINTER(c.c_double)]),
    "function_call": (c.c_int, [_P, _TENSORS, c.c_int32, _TENSORS, c.c_int32, c.c_void_p, c.c_size_t, c.c_void_p]),
}

_NAME = "libseqc_rt.so"


def default_library():
    """The library beside this package, as installed; else that of the build folder of a source tree."""
    here = pathlib.Path(__file__).resolve().parent
    candidates = [here / _NAME, here.parents[1] / "build" / "lib" / _NAME]
    for path in candidates:
        if path.exists():
            return path
    raise FileNotFoundError(f"{_NAME} is not there; looked at {', '.join(map(str, candidates))}; build it (./dev build seqc_rt) or pass library=")


class Runtime:
    """The functions of one loaded library, without their prefix seqc_rt_. Calls release the interpreter lock."""

    def __init__(self, path):
        library = c.CDLL(str(path))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, "seqc_rt_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)


_loaded = {}


def runtime(path=None):
    key = str(path or default_library())
    if key not in _loaded:
        _loaded[key] = Runtime(key)
    return _loaded[key]
