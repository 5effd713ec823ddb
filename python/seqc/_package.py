# SPDX-License-Identifier: Apache-2.0
"""Packages and their functions, over the C runtime."""
import ctypes as c
import json
import os
from typing import NamedTuple, Optional, Tuple, Union

import numpy as np

from . import _abi, _device, _tensors
from ._errors import ArgumentError, NotFoundError, Status, check


class TensorInfo(NamedTuple):
    """A declared input or output. `shape` has a number, the name of a dim or an expression like ["add", "L", 1] per axis."""
    name: str
    dtype: str
    shape: Tuple[Union[int, str, list], ...]


class State(NamedTuple):
    """Output `output` of one call is input `input` of the next."""
    input: str
    output: str


def _tensor_info(pointer):
    info = pointer.contents

    def extent(dim):
        if dim.size >= 0:
            return dim.size
        return dim.text.decode() if dim.dim_index >= 0 else json.loads(dim.text)

    return TensorInfo(info.name.decode(), info.dtype_name.decode(), tuple(extent(info.dims[i]) for i in range(info.rank)))


class Function:
    """A function of a package; call it with arrays, by position or by name. One output is returned as an array, several as a tuple."""

    def __init__(self, package, pointer):
        rt = package._rt
        self._package, self._pointer = package, pointer
        self.name = rt.function_name(pointer).decode()
        self.inputs = tuple(_tensor_info(rt.function_input(pointer, i)) for i in range(rt.function_num_inputs(pointer)))
        self.outputs = tuple(_tensor_info(rt.function_output(pointer, i)) for i in range(rt.function_num_outputs(pointer)))
        self.dims = tuple(rt.function_dim_name(pointer, i).decode() for i in range(rt.function_num_dims(pointer)))
        states = (rt.function_state(pointer, i).contents for i in range(rt.function_num_states(pointer)))
        self.states = tuple(State(self.inputs[s.input].name, self.outputs[s.output].name) for s in states)

    def __repr__(self):
        def text(tensors):
            return ", ".join(f"{t.name}: {t.dtype}{list(t.shape)}" for t in tensors)
        return f"<seqc.Function {self.name}({text(self.inputs)}) -> ({text(self.outputs)})>"

    def _bind(self, args, kwargs):
        """Arguments in the order of the inputs."""
        names = [t.name for t in self.inputs]
        if len(args) > len(names):
            raise ArgumentError(Status.TENSOR_MISMATCH, f"{self.name}: expects {len(names)} inputs, but got {len(args)}")
        values = dict(zip(names, args))
        for name, value in kwargs.items():
            if name not in names:
                raise ArgumentError(Status.TENSOR_MISMATCH, f"{self.name}: no input '{name}'; it has: {', '.join(names)}")
            if name in values:
                raise ArgumentError(Status.TENSOR_MISMATCH, f"{self.name}: input '{name}' is given twice")
            values[name] = value
        missing = [n for n in names if n not in values]
        if missing:
            raise ArgumentError(Status.TENSOR_MISMATCH, f"{self.name}: expects the inputs {', '.join(missing)}")
        return [values[n] for n in names]

    def _input_list(self, args, kwargs, stream=0):
        self._package._check_open()
        tensors = _tensors.TensorList(len(self.inputs))
        try:
            for i, value in enumerate(self._bind(args, kwargs)):
                _tensors.add_input(tensors, i, value, self.inputs[i], stream if self._package.on_gpu else None)
        except BaseException:
            tensors.release()
            raise
        return tensors

    def _shapes(self, inputs):
        rooms = _tensors.TensorList(len(self.outputs))
        tensors = [rooms.set_shape_room(i, len(t.shape)) for i, t in enumerate(self.outputs)]
        rt = self._package._rt
        check(rt, rt.function_infer_shapes(self._pointer, inputs.pointers, inputs.count, rooms.pointers, rooms.count))
        return [tuple(t.shape[:t.ndim]) for t in tensors]

    def output_shapes(self, *args, **kwargs):
        """Shapes of the outputs for these inputs."""
        inputs = self._input_list(args, kwargs)
        try:
            return self._shapes(inputs)
        finally:
            inputs.release()

    def workspace_bytes(self, *args, **kwargs):
        """Bytes of workspace that a call with these inputs takes."""
        inputs, size, rt = self._input_list(args, kwargs), c.c_size_t(), self._package._rt
        try:
            check(rt, rt.function_workspace_bytes(self._pointer, inputs.pointers, inputs.count, c.byref(size)))
        finally:
            inputs.release()
        return size.value

    def __call__(self, *args, **kwargs):
        return self._call(args, kwargs)

    def run(self, inputs, outputs=None, stream=None, workspace=None):
        """Calls with everything explicit. `inputs`: a sequence, or a dict by name. `outputs`: one array per output, written in place; None makes
        new ones. `stream`: a CUDA stream (a handle, or an object with cuda_stream or ptr), default the default stream. `workspace`: device
        memory of workspace_bytes(..), needed while the stream is captured into a graph."""
        args, kwargs = ((), inputs) if isinstance(inputs, dict) else (inputs, {})
        return self._call(args, kwargs, outputs, _device.stream_handle(stream), workspace)

    def _new_outputs(self, inputs, on_gpu, stream):
        shapes = zip(self._shapes(inputs), self.outputs)
        if on_gpu:
            return [_device.DeviceArray(self._package._handle, shape, t.dtype, stream) for shape, t in shapes]
        return [np.empty(shape, _tensors.numpy_dtype(t.dtype)) for shape, t in shapes]

    def _call(self, args, kwargs, outputs=None, stream=0, workspace=None):
        """New outputs are on the GPU if an input is."""
        rt, gpu = self._package._rt, self._package.on_gpu
        inputs, space = self._input_list(args, kwargs, stream), _tensors.TensorList(1)
        results = _tensors.TensorList(len(self.outputs))
        try:
            if outputs is None:
                on_gpu = gpu and any(map(_tensors.is_on_gpu, (*args, *kwargs.values())))
                outputs = self._new_outputs(inputs, on_gpu, stream)
            outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
            results.count = len(outputs)
            for i, (array, info) in enumerate(zip(outputs, self.outputs)):
                _tensors.add_output(results, i, array, info, stream if gpu else None)
            pointer, size = _device.workspace_memory(space, workspace, stream if gpu else None)
            check(rt, rt.function_call(self._pointer, inputs.pointers, inputs.count, results.pointers, results.count, pointer, size, stream or None))
        finally:
            for tensors in (inputs, results, space):
                tensors.release()
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


class Package:
    """A loaded package: `package["main"](x)`. Close it with close() or use it in a with statement."""

    def __init__(self, path, device="cpu", threads: Optional[int] = None, library=None, verify_weights=True, cuda_context=None):
        self._rt, self._handle = _abi.runtime(library), None
        options = _abi.OpenOptions(c.sizeof(_abi.OpenOptions), _parse_device(device), threads or 0, 0 if verify_weights else 1, 0, cuda_context)
        pointer = c.c_void_p()
        check(self._rt, self._rt.package_open(os.fsencode(path), c.byref(options), c.byref(pointer)))
        self._handle = _device.Handle(self._rt, c.c_void_p(pointer.value), options.device)
        self.device, self.on_gpu = device, options.device.type == 1
        self.path, self.threads = path, self._rt.package_num_threads(self._handle.pointer)
        self.functions = {}
        for i in range(self._rt.package_num_functions(self._handle.pointer)):
            check(self._rt, self._rt.package_function(self._handle.pointer, i, c.byref(pointer)))
            function = Function(self, c.c_void_p(pointer.value))
            self.functions[function.name] = function

    @property
    def manifest(self):
        """The manifest as Python objects."""
        self._check_open()
        text, size = c.c_void_p(), c.c_size_t()
        check(self._rt, self._rt.package_manifest(self._handle.pointer, c.byref(text), c.byref(size)))
        return json.loads(c.string_at(text, size.value))

    def __getitem__(self, name):
        if name not in self.functions:
            raise NotFoundError(Status.NOT_FOUND, f"no function '{name}' in {self.path}; it has: {', '.join(self.functions)}")
        return self.functions[name]

    def __repr__(self):
        return f"<seqc.Package {self.path}: {', '.join(self.functions)}>"

    def _check_open(self):
        if self._handle is None:
            raise ArgumentError(Status.INVALID_ARGUMENT, f"{self.path}: the package is closed")

    def empty(self, shape, dtype="f32"):
        """New memory on the package's device, not cleared; dtype as in the package: f32, bf16, i64, .."""
        self._check_open()
        return _device.DeviceArray(self._handle, tuple(shape), dtype)

    def to_device(self, array, dtype=None):
        """A copy of a NumPy array on the package's device."""
        self._check_open()
        array = np.ascontiguousarray(array)
        result = self.empty(array.shape, dtype or _tensors.dtype_name(array.dtype))
        result.copy_from(array)
        return result

    def synchronize(self, stream=None):
        """Waits for the work on a stream, default the default stream."""
        self._check_open()
        check(self._rt, self._rt.stream_synchronize(self._handle.pointer, _device.stream_handle(stream) or None))

    def close(self):
        """Frees the package; memory made with it stays until nobody uses it."""
        self._handle = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def _parse_device(text):
    kind, _, ordinal = text.partition(":")
    kinds = {"cpu": 0, "cuda": 1}
    if kind not in kinds or not (ordinal or "0").isdigit():
        raise ArgumentError(Status.INVALID_ARGUMENT, f"expects device 'cpu', 'cuda' or 'cuda:N', but got '{text}'")
    return _abi.Device(kinds[kind], int(ordinal or 0))
