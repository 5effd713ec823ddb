#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the digits models (attention, S4D) ahead of time, runs the packages on the test split, and checks every logit against the f64 reference.

    python3 models/demo.py --seqc build/bin/seqc [--runtime build/lib/libseqc_rt.so]

The first also for NVIDIA GPUs: the kernels as PTX, and as cubin where ptxas is found, with what ptxas says about them; they run where a GPU is.
Needs numpy, neither PyTorch nor a compiler at run time. Exit codes: 0 all is well, 1 the compiler or the package failed, 6 a result is wrong.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

import numpy as np

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "python"))
import seqc  # noqa: E402

MODELS = ("digits", "s4d_digits")  # attention, and a state-space model; one test split
MISMATCH = 6
GPU = "sm_90a"
# Rounding errors of the model's longest sums (64 and 128 terms) stay far below this many units in the last place of the largest logit.
ERROR_ULPS = 64


def test_split():
    """Images f32 [450, 64] that no training saw, and their labels."""
    return [np.load(os.path.join(TOP, "models", "digits", f"test_{part}.npy")) for part in ("pixels", "labels")]


def compile_model(compiler, name, out, *options):
    """Runs `seqc compile`; returns the seconds it took."""
    command = [compiler, "compile", os.path.join(TOP, "models", name, "model.mlir"), "-o", out, *options]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}", file=sys.stderr)
        sys.exit(1)
    return time.perf_counter() - start


# Drawing


def draw(image, color):
    """Four lines of half blocks for an 8x8 image of values in 0..1."""
    lines = []
    for upper, lower in zip(image[0::2], image[1::2]):
        if color:
            cells = [f"\x1b[38;5;{232 + round(23 * u)}m\x1b[48;5;{232 + round(23 * l)}m▀" for u, l in zip(upper, lower)]
            lines.append("".join(cells) + "\x1b[0m")
        else:
            lines.append("".join(" ▀▄█"[(u > 0.4) + 2 * (l > 0.4)] for u, l in zip(upper, lower)))
    return lines


def gallery(pixels, predictions, labels, color, per_row=10):
    """Rows of digits with what the model says under each."""
    for begin in range(0, len(pixels), per_row):
        chosen = range(begin, min(begin + per_row, len(pixels)))
        for parts in zip(*(draw(pixels[i].reshape(8, 8), color) for i in chosen)):
            print("  " + "  ".join(parts))
        print("  " + "  ".join((f"{predictions[i]}" if predictions[i] == labels[i] else f"{predictions[i]}, is {labels[i]}").center(8) for i in chosen), end="\n\n")


def median_ms(function, x, calls=20):
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        function(x)
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[calls // 2]


# GPU


def write_members(package_path, folder):
    """The code of the kernels as files of their own; their paths."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    with zipfile.ZipFile(package_path) as package:
        for name in package.namelist():
            if name.endswith((".ptx", ".cubin")):
                paths.append(os.path.join(folder, "digits" + os.path.splitext(name)[1]))
                with open(paths[-1], "wb") as file:
                    file.write(package.read(name))
    return sorted(paths, key=lambda path: path.endswith(".cubin"))


def kernel_table(manifest):
    print(f"  {'kernel':32} {'registers':>9} {'shared':>8} {'spills':>7}  assembled")
    for kernel in manifest["kernels"]:
        code = kernel[GPU]
        cells = (code["registers"], code["spill_bytes"]) if "cubin" in code else ("-", "-")
        state = f"ptxas {code['checked']}" if "checked" in code else "unchecked"
        print(f"  {kernel['name']:32} {cells[0]:>9} {code['shared_bytes']:>8} {cells[1]:>7}  {state}")


def run_on_gpu(options, package_path, pixels, expected, limit):
    """Whether the logits of the GPU are right; true where there is none."""
    try:
        info = seqc.device_info(0, library=options.runtime)
        if info.compute_capability != (9, 0):
            print(f"not run: the GPU here is {info.name}, the kernels are for compute capability 9.0")
            return True
    except seqc.SeqcError as error:
        print(f"not run, there is no GPU here: {error}")
        return True
    with seqc.load(package_path, device="cuda:0", library=options.runtime) as package:
        main = package["main"]
        error = float(np.abs(main(pixels) - expected).max())
        inputs = package.to_device(pixels)
        main.run([inputs])
        package.synchronize()
        start = time.perf_counter()
        outputs = [main.run([inputs]) for _ in range(20)]
        package.synchronize()
        ms = (time.perf_counter() - start) * 1e3 / len(outputs)
        print(f"run on {info.name}: largest error {error:.2e}, {ms:.3f} ms for {len(pixels)} images in device memory")
    return error <= limit


def gpu_part(options, folder, pixels, expected, limit):
    """Compiles for the GPU, shows the kernels, runs them if it can."""
    package_path = os.path.join(folder, "digits-gpu.seqc")
    seconds = compile_model(options.seqc, MODELS[0], package_path, f"--target={GPU}")
    paths = write_members(package_path, options.gpu_code)
    print(f"\nGPU kernels   {', '.join(os.path.relpath(p) for p in paths)} in {seconds:.2f} s" + ("" if len(paths) > 1 else "; no ptxas, no cubin"))
    with zipfile.ZipFile(package_path) as package:
        kernel_table(json.loads(package.read("seqc.json")))
    return run_on_gpu(options, package_path, pixels, expected, limit)


def check(options, name, package_path):
    """Compiles one of MODELS, draws digits for the first, measures; (what is wrong, the limit of errors, the expected logits)."""
    seconds = compile_model(options.seqc, name, package_path, *([f"--cpu={options.cpu}"] if options.cpu else []))
    print(f"compiled models/{name}/model.mlir in {seconds:.2f} s: {os.path.getsize(package_path):,} bytes")
    pixels, labels = test_split()
    expected = np.load(os.path.join(TOP, "models", name, "expected_logits.npy"))
    with open(os.path.join(TOP, "models", name, "reference.json"), encoding="utf-8") as file:
        reference = json.load(file)
    with seqc.load(package_path, threads=options.threads, library=options.runtime) as package:
        main = package["main"]
        kernels = package.manifest["kernels"]
        print(f"loaded: {main!r}, {len(kernels)} kernels, {package.threads} threads\n")
        logits = main(pixels)
        predictions = logits.argmax(1)
        if name == MODELS[0]:
            gallery(pixels[: options.count], predictions, labels, sys.stdout.isatty() and "NO_COLOR" not in os.environ)
        error = float(np.abs(logits - expected).max())
        limit = ERROR_ULPS * 2.0**-23 * float(np.abs(expected).max())
        right = int((predictions == labels).sum())
        print(f"accuracy      {right} of {len(labels)} = {right / len(labels):.1%} (PyTorch: {reference['accuracy']:.1%})")
        print(f"largest error {error:.2e} against f64, limit {limit:.2e} (PyTorch in f32: {reference['torch_f32_max_error']:.2e})")
        # The batch is a dynamic dim of one and the same package.
        batches = {b: float(np.abs(main(pixels[:b]) - expected[:b]).max()) for b in (1, 7, 64)}
        print("other batches " + ", ".join(f"B={b}: {e:.2e}" for b, e in batches.items()))
        print(f"time          {median_ms(main, pixels[:1]):.3f} ms for one image, {median_ms(main, pixels[:64]) / 64:.3f} ms per image in batches of 64\n")
    wrong = [f"{name} with B={b}" for b, e in {len(labels): error, **batches}.items() if not e <= limit]
    if not right / len(labels) >= reference["accuracy"] - 0.5 / len(labels):
        wrong.append(f"the accuracy of {name}")
    return wrong, limit, expected


def run(options, folder):
    wrong, limit, expected = check(options, MODELS[0], options.package or os.path.join(folder, "digits.seqc"))
    if not gpu_part(options, folder, test_split()[0], expected, limit):
        wrong.append("the GPU")
    for name in MODELS[1:]:
        wrong += check(options, name, os.path.join(folder, f"{name}.seqc"))[0]
    if wrong:
        print(f"MISMATCH: {', '.join(wrong)}", file=sys.stderr)
        return MISMATCH
    print("all logits agree with the reference")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seqc", default=os.path.join(TOP, "build", "bin", "seqc"), help="the compiler (default: %(default)s)")
    parser.add_argument("--runtime", help="libseqc_rt.so (default: the one in the build folder)")
    parser.add_argument("--cpu", help="CPU to compile for (default: seqc's)")
    parser.add_argument("--threads", type=int, help="threads of one call (default: all CPUs)")
    parser.add_argument("--count", type=int, default=20, help="how many digits to draw (default: %(default)s)")
    parser.add_argument("--package", help="keep the package of the first model at this path")
    parser.add_argument("--gpu-code", default=os.path.join(TOP, "build", "demo"), metavar="DIR", help="folder for the GPU kernels (default: %(default)s)")
    options = parser.parse_args()
    if not shutil.which(options.seqc):
        parser.error(f"expects the compiler at --seqc, but got {options.seqc!r}, which is no executable (./dev build)")
    with tempfile.TemporaryDirectory() as folder:
        try:
            return run(options, folder)
        except seqc.SeqcError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
