# SPDX-License-Identifier: Apache-2.0
"""Packages and their functions, over the C runtime."""
import ctypes as c
import json
import os
from typing import NamedTuple, Optional, Tuple, Union

import numpy as np

from . import _abi, _tensors
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

    def _input_list(self, args, kwargs):
        self._package._check_open()
        tensors = _tensors.TensorList(len(self.inputs))
        try:
            for i, value in enumerate(self._bind(args, kwargs)):
                _tensors.add_input(tensors, i, value, self.inputs[i])
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
        inputs, rt = self._input_list(args, kwargs), self._package._rt
        try:
            results = [np.empty(shape, _tensors.numpy_dtype(t.dtype)) for shape, t in zip(self._shapes(inputs), self.outputs)]
            outputs = _tensors.TensorList(len(results))
            for i, array in enumerate(results):
                outputs.set_numpy(i, array, self.outputs[i].dtype)
            check(rt, rt.function_call(self._pointer, inputs.pointers, inputs.count, outputs.pointers, outputs.count, None, 0, None))
        finally:
            inputs.release()
        return results[0] if len(results) == 1 else tuple(results)


class Package:
    """A loaded package: `package["main"](x)`. Close it with close() or use it in a with statement."""

    def __init__(self, path, device="cpu", threads: Optional[int] = None, library=None, verify_weights=True):
        self._rt, self._handle = _abi.runtime(library), c.c_void_p()
        options = _abi.OpenOptions(c.sizeof(_abi.OpenOptions), _parse_device(device), threads or 0, 0 if verify_weights else 1, 0)
        check(self._rt, self._rt.package_open(os.fsencode(path), c.byref(options), c.byref(self._handle)))
        self.path, self.threads = path, self._rt.package_num_threads(self._handle)
        pointer = c.c_void_p()
        self.functions = {}
        for i in range(self._rt.package_num_functions(self._handle)):
            check(self._rt, self._rt.package_function(self._handle, i, c.byref(pointer)))
            function = Function(self, c.c_void_p(pointer.value))
            self.functions[function.name] = function

    @property
    def manifest(self):
        """The manifest as Python objects."""
        self._check_open()
        text, size = c.c_void_p(), c.c_size_t()
        check(self._rt, self._rt.package_manifest(self._handle, c.byref(text), c.byref(size)))
        return json.loads(c.string_at(text, size.value))

    def __getitem__(self, name):
        if name not in self.functions:
            raise NotFoundError(Status.NOT_FOUND, f"no function '{name}' in {self.path}; it has: {', '.join(self.functions)}")
        return self.functions[name]

    def __repr__(self):
        return f"<seqc.Package {self.path}: {', '.join(self.functions)}>"

    def _check_open(self):
        if not self._handle:
            raise ArgumentError(Status.INVALID_ARGUMENT, f"{self.path}: the package is closed")

    def close(self):
        if self._handle:
            handle, self._handle = self._handle, None
            self._rt.package_close(handle)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()


def _parse_device(text):
    kind, _, ordinal = text.partition(":")
    kinds = {"cpu": 0, "cuda": 1}
    if kind not in kinds or not (ordinal or "0").isdigit():
        raise ArgumentError(Status.INVALID_ARGUMENT, f"expects device 'cpu', 'cuda' or 'cuda:N', but got '{text}'")
    return _abi.Device(kinds[kind], int(ordinal or 0))
