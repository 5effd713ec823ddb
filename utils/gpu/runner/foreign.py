# SPDX-License-Identifier: Apache-2.0
"""A foreign runtime: runs functions of a package from its manifest and members alone, without libseqc_rt. Two ways to load code: the driver API by
ctypes, and CuPy where it is installed. Also CUDA graphs, through the driver API."""
import ctypes as c
import json
import math
import struct
import zipfile

from arrays import DTYPES


class DriverError(Exception):
    pass


class Driver:
    """The few driver functions needed, by name; raises DriverError."""

    def __init__(self, ordinal):
        self.lib = c.CDLL("libcuda.so.1")
        self("cuInit", 0)
        device, self.context = c.c_int(), c.c_void_p()
        self("cuDeviceGet", c.byref(device), ordinal)
        self("cuDevicePrimaryCtxRetain", c.byref(self.context), device)
        self("cuCtxPushCurrent_v2", self.context)
        self.device = device

    def __call__(self, name, *args):
        result = getattr(self.lib, name)(*args)
        if result:
            text = c.c_char_p()
            self.lib.cuGetErrorName(result, c.byref(text))
            raise DriverError(f"{name}: {(text.value or b'error').decode()} ({result})")

    def has(self, name):
        return hasattr(self.lib, name)

    def attribute(self, number):
        value = c.c_int()
        self("cuDeviceGetAttribute", c.byref(value), number, self.device)
        return value.value


class Graph:
    """What `action` launches on `stream`, captured once."""

    def __init__(self, driver, stream, action):
        self.driver, self.stream, self.graph, self.exec = driver, stream, c.c_void_p(), c.c_void_p()
        driver("cuStreamBeginCapture_v2", stream, 1)  # of this thread
        try:
            action()
        finally:
            driver("cuStreamEndCapture", stream, c.byref(self.graph))
        driver("cuGraphInstantiateWithFlags", c.byref(self.exec), self.graph, c.c_uint64(0))

    def launch(self):
        self.driver("cuGraphLaunch", self.exec, self.stream)

    def free(self):
        self.driver("cuGraphExecDestroy", self.exec)
        self.driver("cuGraphDestroy", self.graph)


OPS = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "floordiv": lambda a, b: a // b,
       "ceildiv": lambda a, b: -(-a // b), "mod": lambda a, b: a % b, "min": min, "max": max, "eq": lambda a, b: int(a == b),
       "ne": lambda a, b: int(a != b), "lt": lambda a, b: int(a < b), "le": lambda a, b: int(a <= b), "and": lambda a, b: int(bool(a and b)),
       "or": lambda a, b: int(bool(a or b))}


def evaluate(expr, names):
    if isinstance(expr, list):
        return OPS[expr[0]](evaluate(expr[1], names), evaluate(expr[2], names))
    return names[expr] if isinstance(expr, str) else int(expr)


def _scalar(dtype, value):
    number = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}.get(value, value)
    if dtype == "bf16":
        return struct.pack("<f", number)[2:]  # values of the compiler are exact
    return struct.pack("<" + DTYPES[dtype][1], number if dtype in ("f32", "f16", "f64") else int(number))


class DriverModule:
    """A member by cuModuleLoadDataEx."""

    def __init__(self, driver, data, is_ptx):
        self.driver, self.module, self.functions = driver, c.c_void_p(), {}
        driver("cuModuleLoadDataEx", c.byref(self.module), data + (b"\0" if is_ptx else b""), 0, None, None)

    def function(self, entry, shared):
        if entry not in self.functions:
            function = c.c_void_p()
            self.driver("cuModuleGetFunction", c.byref(function), self.module, entry.encode())
            if shared > 48 << 10:
                self.driver("cuFuncSetAttribute", function, 8, shared)
            self.functions[entry] = function
        return self.functions[entry]

    def bare(self, entry, grid, block, shared, stream, params):
        """A launch as function without arguments that calls the driver and nothing else; it returns the driver's result."""
        pointers = (c.c_void_p * len(params))(*[c.cast(p, c.c_void_p) for p in params])
        launch, args = self.driver.lib.cuLaunchKernel, (self.function(entry, shared), *map(c.c_uint, (*grid, *block, shared)), stream, pointers, None)
        return lambda: launch(*args)

    def launch(self, entry, grid, block, shared, stream, params):
        pointers = (c.c_void_p * len(params))(*[c.cast(p, c.c_void_p) for p in params])
        self.driver("cuLaunchKernel", self.function(entry, shared), *grid, *block, shared, stream, pointers, None)

    def free(self):
        self.driver("cuModuleUnload", self.module)


class CupyModule:
    """A member by CuPy's RawModule, from a file as its users have it."""

    def __init__(self, cupy, path):
        self.cupy, self.module = cupy, cupy.RawModule(path=str(path))

    def launch(self, entry, grid, block, shared, stream, params):
        import numpy
        types = {8: numpy.uint64, 4: numpy.uint32, 2: numpy.uint16, 1: numpy.uint8}
        kernel = self.module.get_function(entry)
        if shared > 48 << 10:
            kernel.max_dynamic_shared_size_bytes = shared
        args = tuple(types[len(p.raw)](int.from_bytes(p.raw, "little")) for p in params)
        with self.cupy.cuda.ExternalStream(stream.value):
            kernel(tuple(grid), tuple(block), args, shared_mem=shared)

    def free(self):
        pass


class ForeignPackage:
    """`kind`: "cubin" or "ptx". `folder`: where members are put for CuPy; None uses the driver API."""

    def __init__(self, driver, path, kind, target, cupy=None, folder=None):
        self.driver, self.kind, self.target, self.cupy, self.folder = driver, kind, target, cupy, folder
        self.zip = zipfile.ZipFile(path)
        self.manifest = json.loads(self.zip.read("seqc.json"))
        self.loaded = {}

    def usable(self, function):
        """Whether every kernel of the function has this kind of code, and nothing needs weights."""
        for alternatives in self._plan(function)["launches"]:
            for a in alternatives:
                code = self._code(a["kernel"])
                if code is None or self.kind not in code or any("weight" in arg for arg in a["args"]):
                    return False
        return True

    def _function(self, name):
        return next(f for f in self.manifest["functions"] if f["name"] == name)

    def _plan(self, name):
        f = self._function(name)
        return f.get("plans", {}).get(self.target, f)

    def _code(self, kernel):
        return self.manifest["kernels"][kernel].get(self.target)

    def _load(self, member):
        if member not in self.loaded:
            self.loaded[member] = (CupyModule(self.cupy, self.zip.extract(member, self.folder)) if self.cupy else
                                   DriverModule(self.driver, self.zip.read(member), self.kind == "ptx"))
        return self.loaded[member]

    def run(self, call, name, sms):
        """Launches the function on the buffers of a package.Call."""
        for module, launch in self.launches(call, name, sms):
            module.launch(*launch)

    def launches(self, call, name, sms):
        """(module, arguments of its `launch`) of every launch that is not empty."""
        f, plan = self._function(name), self._plan(name)
        names = {"sms": sms}
        for declared, (_, shape, _) in zip(f["inputs"], call.host_inputs):
            names.update((d, n) for d, n in zip(declared["shape"], shape) if isinstance(d, str))
        for alternatives in plan["launches"]:
            alternative = next(a for a in alternatives if evaluate(a["guard"], names))
            code, grid, params = self._launch(alternative, names, call, sms)
            if all(grid):
                yield self._load(code[self.kind]), (code["entry"], grid, code["block"], code["shared_bytes"], call.package.stream, params)

    def _launch(self, alternative, names, call, sms):
        kernel = self.manifest["kernels"][alternative["kernel"]]
        code, params, indices = self._code(alternative["kernel"]), [], {"sms": sms}
        for arg, declared, kind in zip(alternative["args"], kernel["params"], code["params"]):
            (key, value), = arg.items()
            if key == "expr":
                indices[declared["name"]] = evaluate(value, names)
                data = indices[declared["name"]].to_bytes(int(kind[1:]) // 8, "little", signed=True)
            elif key == "value":
                data = _scalar(declared["dtype"], value)
            else:
                address = (call.workspace.address + evaluate(value, names) if key == "workspace" else
                           (call.inputs if key == "input" else call.outputs)[value].address)
                data = address.to_bytes(8, "little")
            params.append(c.create_string_buffer(data, len(data)))
        grid = [evaluate(e, indices) for e in code.get("grid", kernel["grid"])] + [1, 1]
        return code, grid[:3], params

    def free(self):
        for module in self.loaded.values():
            module.free()
        self.loaded.clear()
