#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the recall models and prints how often each answers right, beside PyTorch; needs neither PyTorch nor a compiler at run time.

    python3 models/recall/table.py --seqc build/bin/seqc [--runtime build/lib/libseqc_rt.so]

Exit codes: 0 done, 1 the compiler or a package failed, 6 a compiled model answers differently more often than rounding explains.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [TOP, os.path.join(TOP, "python")]
import seqc  # noqa: E402
from models.recall import task  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MISMATCH = 6


def references():
    """{model: {pairs: {"accuracy": .., "torch_f32_max_error": ..}}}"""
    with open(os.path.join(HERE, "reference.json"), encoding="utf-8") as file:
        return json.load(file)


def sequences(pairs):
    return np.load(os.path.join(HERE, f"test_{pairs}.npy")).astype(np.int64)


def expected(name, pairs):
    """Logits of the last position, computed in f64."""
    return np.load(os.path.join(HERE, f"expected_{name}_{pairs}.npy"))


def compile_model(compiler, name, out):
    done = subprocess.run([compiler, "compile", os.path.join(HERE, f"{name}.mlir"), "-o", out], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name}: exit code {done.returncode}\n{done.stderr}")


def measure(main, name, pairs):
    """(accuracy, largest error of the last logits) of a compiled model."""
    tokens = sequences(pairs)
    logits = main(tokens[:, :-1])
    return task.accuracy(logits, tokens), float(np.abs(logits[:, -1] - expected(name, pairs)).max())


def run(options):
    print(f"accuracy on {len(sequences(10))} sequences of associative recall; chance is {task.CHANCE:.0%}\n")
    print("model      tokens  PyTorch  compiled  largest error of a logit (PyTorch in f32)")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, cases in references().items():
            out = os.path.join(folder, f"{name}.seqc")
            compile_model(options.seqc, name, out)
            with seqc.load(out, library=options.runtime) as package:
                for pairs, reference in cases.items():
                    accuracy, error = measure(package["main"], name, int(pairs))
                    print(f"{name:9} {2 * int(pairs) + 2:7} {reference['accuracy']:8.1%} {accuracy:9.1%}  {error:.2e} ({reference['torch_f32_max_error']:.2e})")
                    wrong += abs(accuracy - reference["accuracy"]) > 0.004
    return MISMATCH if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seqc", default=os.path.join(TOP, "build", "bin", "seqc"), help="the compiler (default: %(default)s)")
    parser.add_argument("--runtime", help="libseqc_rt.so (default: the one in the build folder)")
    try:
        return run(parser.parse_args())
    except (seqc.SeqcError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
