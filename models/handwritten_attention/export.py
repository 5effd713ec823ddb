# SPDX-License-Identifier: Apache-2.0
"""Writes model.mlir, model.safetensors, inputs and expected outputs of this folder; needs torch."""

import os
import sys

import numpy as np
import torch

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "python")]
import seqc.torch  # noqa: E402
from models import fixtures  # noqa: E402
from models.handwritten_attention.model import HandwrittenAttention  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = ((3, 1), (2, 17), (1, 130))


def write_graph(model, out):
    batch, length = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1)
    return seqc.torch.export(
        model, (torch.zeros(2, 7, model.d),), dynamic_shapes=({0: batch, 1: length},), out=out, output_names=["y"], source_root=ROOT
    )


def sequence(b, n, d):
    return np.random.default_rng(1000 * b + n).standard_normal((b, n, d)).astype(np.float32)


if __name__ == "__main__":
    torch.set_num_threads(1)
    model = fixtures.load_weights(HandwrittenAttention())
    print(write_graph(model, os.path.join(HERE, "model.mlir")))
    print(fixtures.write_cases(model, HERE, [(f"{b}x{n}", sequence(b, n, model.d)) for b, n in CASES]))
