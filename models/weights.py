# SPDX-License-Identifier: Apache-2.0
"""Weights for the models that are not trained: a fixed function of each tensor's name and shape; numpy alone.

    python3 models/weights.py models/gpt/model.mlir        writes the safetensors file that the module names, beside it

The values come from splitmix64 over the element's index, so they are the same everywhere and always.
"""

import argparse
import os
import re
import sys
import zlib

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python"))
from seqc.torch import safetensors  # noqa: E402

GLOBAL = re.compile(r'ml_program\.global private @"?([\w.]+)"?\(#ml_program\.extern<tensor<((?:\d+x)*)(\w+)>>\)')
FILE = re.compile(r'seq\.weights = "([^"]+)"')


def uniform(name, count):
    """`count` values in [-1, 1), f64, that depend on the name."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint64) + np.uint64(zlib.crc32(name.encode()) << 32)
        x = x * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


# Last part of a parameter's name -> (centre, half width), for parameters of state-space models and implicit kernels
RANGES = {
    "log_dt": (-4.6, 2.3),  # steps of 0.001 to 0.1
    "dt_bias": (-4.6, 2.3),  # the same before a softplus
    "a_log": (0.0, 1.0),  # decay rates around 1
    "log_a_real": (-0.69, 0.3),
    "a_freq": (1.0, 0.2),
    "skip": (0.0, 1.0),
}


def tensor(name, shape):
    """f32 values of a sensible size: norms around 1, biases small, matrices so that products keep their scale, tables 0.5."""
    u = uniform(name, int(np.prod(shape))).reshape(shape)
    if name.rpartition(".")[2] in RANGES:
        centre, half = RANGES[name.rpartition(".")[2]]
        return (centre + half * u).astype(np.float32)
    if len(shape) == 1:
        return (0.2 * u + (1.0 if "norm" in name and name.endswith("weight") else 0.0)).astype(np.float32)
    scale = 0.5 if name.startswith(("tokens", "positions")) else (3.0 / shape[-1]) ** 0.5
    return (scale * u).astype(np.float32)


def globals_of(text):
    """{name: shape} of the f32 weights that a module loads."""
    found = {}
    for name, dims, dtype in GLOBAL.findall(text):
        if dtype != "f32":
            raise ValueError(f"expects weights of type f32, but got {dtype} for {name!r}")
        found[name] = tuple(int(d) for d in dims.split("x")[:-1])
    return found


def write(path):
    """Writes the weights of the module at `path`; returns the file's path."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    out = os.path.join(os.path.dirname(path), FILE.search(text)[1])
    safetensors.save(out, {name: ("f32", tensor(name, shape)) for name, shape in globals_of(text).items()})
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", nargs="+", help="an .mlir file that seqc.torch wrote")
    for module in parser.parse_args().module:
        print(write(module))
