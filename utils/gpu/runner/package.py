# SPDX-License-Identifier: Apache-2.0
"""Packages through the C runtime with ctypes alone: what `seqc` does in Python, without NumPy, and with guard zones around device memory."""
import ctypes as c
import importlib.util
import pathlib

from arrays import DTYPES, count

HERE = pathlib.Path(__file__).resolve().parent
GUARD = 256
PATTERN = 0xA5


def _load_abi():
    for folder in (HERE / "python" / "seqc", HERE.parents[2] / "python" / "seqc"):
        if (folder / "_abi.py").exists():
            spec = importlib.util.spec_from_file_location("seqc_abi", folder / "_abi.py")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise FileNotFoundError("python/seqc/_abi.py is not there: the bundle is incomplete")


abi = _load_abi()


class RuntimeFailure(Exception):
    """A call of the runtime failed: status and message."""

    def __init__(self, rt, status):
        super().__init__(f"{rt.status_name(status).decode()}: {rt.last_error().decode(errors='replace')}")


def load_runtime(path):
    """The runtime, with the libraries that lie beside it."""
    path = pathlib.Path(path)
    for name in ("libcjson.so.1", "libnettle.so.8"):
        if (path.parent / name).exists():
            c.CDLL(str(path.parent / name), mode=c.RTLD_GLOBAL)
    return abi.Runtime(path)


class Buffer:
    """Device memory between guard zones, filled with a byte or holding `data`."""

    def __init__(self, package, size, fill=0, data=None):
        self.package, self.size, self._base = package, size, package.alloc(size + 2 * GUARD)
        self.address, guard = self._base + GUARD, bytes([PATTERN]) * GUARD
        package.copy_in(self._base, guard)
        if size:
            package.copy_in(self.address, bytes([fill]) * size if data is None else data)
        package.copy_in(self.address + size, guard)

    def write(self, data):
        self.package.copy_in(self.address, data)

    def read(self):
        return self.package.copy_out(self.address, self.size)

    def guards_intact(self):
        return all(self.package.copy_out(at, GUARD) == bytes([PATTERN]) * GUARD for at in (self._base, self.address + self.size))

    def free(self):
        self.package.rt.memory_free(self.package.handle, self._base)


class Package:
    def __init__(self, rt, path, ordinal):
        self.rt, self.handle, self.ordinal, self.stream = rt, c.c_void_p(), ordinal, c.c_void_p()
        options = abi.OpenOptions(c.sizeof(abi.OpenOptions), abi.Device(1, ordinal), 1, 0, 0, None)
        self.check(rt.package_open(str(path).encode(), c.byref(options), c.byref(self.handle)))
        self.check(rt.stream_create(self.handle, c.byref(self.stream)))

    def check(self, status):
        if status:
            raise RuntimeFailure(self.rt, status)

    def free(self):
        if self.handle:
            self.rt.stream_destroy(self.handle, self.stream)
            self.rt.package_close(self.handle)
            self.handle = None

    def alloc(self, size):
        pointer = c.c_void_p()
        self.check(self.rt.memory_alloc(self.handle, size, c.byref(pointer)))
        return pointer.value

    def copy_in(self, to, data):
        self.check(self.rt.memory_copy(self.handle, to, c.cast(c.c_char_p(data), c.c_void_p), len(data), 0, self.stream))

    def copy_out(self, at, size):
        data = c.create_string_buffer(size)
        self.check(self.rt.memory_copy(self.handle, data, at, size, 1, self.stream))
        return data.raw

    def copy_on_device(self, to, at, size):
        self.check(self.rt.memory_copy(self.handle, to, at, size, 2, self.stream))

    def synchronize(self):
        self.check(self.rt.stream_synchronize(self.handle, self.stream))

    def manifest(self):
        text, size = c.c_void_p(), c.c_size_t()
        self.check(self.rt.package_manifest(self.handle, c.byref(text), c.byref(size)))
        return c.string_at(text, size.value)

    def function(self, name):
        pointer = c.c_void_p()
        count_ = self.rt.package_num_functions(self.handle)
        for i in range(count_):
            self.check(self.rt.package_function(self.handle, i, c.byref(pointer)))
            if self.rt.function_name(pointer).decode() == name:
                return c.c_void_p(pointer.value)
        raise LookupError(f"no function {name} in the package")


class Tensors:
    """A list of DLTensor for one call."""

    def __init__(self, specs):
        """specs: (address, dtype, shape, on_gpu, ordinal)"""
        self._alive, self.count = [], len(specs)
        self.pointers = (c.POINTER(abi.DLTensor) * max(len(specs), 1))()
        for i, (address, dtype, shape, on_gpu, ordinal) in enumerate(specs):
            size, _, code, *_ = DTYPES[dtype]
            extents = (c.c_int64 * max(len(shape), 1))(*shape)
            device = abi.DLDevice(abi.K_DL_CUDA, ordinal) if on_gpu else abi.DLDevice(abi.K_DL_CPU, 0)
            tensor = abi.DLTensor(data=address, device=device, ndim=len(shape), dtype=abi.DLDataType(code, 8 * size, 1), shape=extents)
            self._alive += [extents, tensor]
            self.pointers[i] = c.pointer(tensor)


class Call:
    """A function with inputs in device memory, ready to run any number of times."""

    def __init__(self, package, name, inputs):
        """inputs: (dtype, shape, bytes)"""
        self.package, rt = package, package.rt
        self.function, self.host_inputs = package.function(name), inputs
        self.inputs, self.outputs, self.workspace = [], [], None
        try:
            self._make(rt)
        except Exception:
            self.free()
            raise

    def _make(self, rt):
        package, inputs = self.package, self.host_inputs
        for _, _, data in inputs:
            self.inputs.append(Buffer(package, len(data), data=data))
        self.in_list = Tensors([(b.address, d, s, True, package.ordinal) for b, (d, s, _) in zip(self.inputs, inputs)])
        self.output_specs = self._infer(rt)
        for d, s in self.output_specs:
            self.outputs.append(Buffer(package, count(s) * DTYPES[d][0], 0xFF))  # NaN
        self.out_list = Tensors([(b.address, d, s, True, package.ordinal) for b, (d, s) in zip(self.outputs, self.output_specs)])
        size = c.c_size_t()
        package.check(rt.function_workspace_bytes(self.function, self.in_list.pointers, self.in_list.count, c.byref(size)))
        self.workspace = Buffer(package, size.value, 0xFF)

    def _infer(self, rt):
        infos = [rt.function_output(self.function, i).contents for i in range(rt.function_num_outputs(self.function))]
        rooms = Tensors([(None, info.dtype_name.decode(), (0,) * info.rank, False, 0) for info in infos])
        self.package.check(rt.function_infer_shapes(self.function, self.in_list.pointers, self.in_list.count, rooms.pointers, rooms.count))
        return [(info.dtype_name.decode(), tuple(t.contents.shape[:info.rank])) for info, t in zip(infos, rooms.pointers)]

    def launch(self):
        p = self.package
        p.check(p.rt.function_call(self.function, self.in_list.pointers, self.in_list.count, self.out_list.pointers, self.out_list.count,
                                   self.workspace.address, self.workspace.size, p.stream))

    def bare(self):
        """The call as function without arguments that calls the runtime and nothing else; it returns the status."""
        rt, p = self.package.rt, self.package
        args = (self.function, self.in_list.pointers, self.in_list.count, self.out_list.pointers, self.out_list.count, c.c_void_p(self.workspace.address),
                c.c_size_t(self.workspace.size), p.stream)
        return lambda: rt.function_call(*args)

    def results(self):
        self.package.synchronize()
        return [b.read() for b in self.outputs]

    def poison(self):
        for b in self.outputs:
            b.write(b"\xff" * b.size)

    def on_host(self):
        """The same call with tensors in CPU memory and the runtime's own workspace."""
        p = self.package
        data = [c.create_string_buffer(d, max(len(d), 1)) for _, _, d in self.host_inputs]
        ins = Tensors([(c.addressof(b), d, s, False, 0) for b, (d, s, _) in zip(data, self.host_inputs)])
        rooms = [c.create_string_buffer(max(b.size, 1)) for b in self.outputs]
        outs = Tensors([(c.addressof(r), d, s, False, 0) for r, (d, s) in zip(rooms, self.output_specs)])
        p.check(p.rt.function_call(self.function, ins.pointers, ins.count, outs.pointers, outs.count, None, 0, p.stream))
        return [r.raw[:b.size] for r, b in zip(rooms, self.outputs)]

    def faults(self, inputs=True):
        """What the calls did to memory that is not theirs; `inputs`: also whether they changed the inputs."""
        named = [("input", self.inputs), ("output", self.outputs), ("workspace", [self.workspace])]
        bad = [f"memory around {name} {i} was written" for name, buffers in named for i, b in enumerate(buffers) if not b.guards_intact()]
        pairs = enumerate(zip(self.inputs, self.host_inputs)) if inputs else []
        return bad + [f"input {i} was written" for i, (b, (_, _, d)) in pairs if b.read() != d]

    def free(self):
        for b in (*self.inputs, *self.outputs, *([self.workspace] if self.workspace else [])):
            b.free()


class Timer:
    """Microseconds of work on the package's stream, by events."""

    def __init__(self, package):
        self.package, self.events = package, [c.c_void_p(), c.c_void_p()]
        for e in self.events:
            package.check(package.rt.event_create(package.handle, c.byref(e)))

    def measure(self, action):
        p = self.package
        p.check(p.rt.event_record(p.handle, self.events[0], p.stream))
        action()
        p.check(p.rt.event_record(p.handle, self.events[1], p.stream))
        ms = c.c_double()
        p.check(p.rt.event_elapsed(p.handle, self.events[0], self.events[1], c.byref(ms)))
        return ms.value * 1e3

    def free(self):
        for e in self.events:
            self.package.rt.event_destroy(self.package.handle, e)
