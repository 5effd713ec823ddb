# SPDX-License-Identifier: Apache-2.0
"""Writes model.mlir and the expected logits from model.safetensors; needs torch. The test split is that of models/digits.

    python3 models/s4d_digits/export.py           from the weights that are here; train.py calls it with new ones
"""

import json
import os
import sys

import numpy as np
import torch

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "python")]
import seqc.torch  # noqa: E402
from models import fixtures  # noqa: E402
from models.s4d_digits.model import TOKENS, S4dDigits  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(HERE, name)


def save_weights(model):
    fixtures.save_state(model, path("model.safetensors"))


def load_model():
    """The model with the weights of model.safetensors, in eval mode."""
    return fixtures.load_state(S4dDigits(), path("model.safetensors"))


def write_graph(model, out):
    batch = torch.export.Dim("B", min=1)
    return seqc.torch.export(model, (torch.zeros(3, TOKENS),), dynamic_shapes=({0: batch},), out=out, output_names=["logits"], source_root=ROOT)


def write_model(model):
    """The graph, expected_logits.npy (computed in f64, stored as f32) and reference.json; returns what that says."""
    write_graph(model, path("model.mlir"))
    digits = os.path.join(ROOT, "models", "digits")
    pixels, labels = (np.load(os.path.join(digits, f"test_{name}.npy")) for name in ("pixels", "labels"))
    exact, errors = fixtures.exact_outputs(model, pixels)
    np.save(path("expected_logits.npy"), exact.astype(np.float32))
    reference = {"accuracy": float((exact.argmax(1) == labels).mean()), **errors}
    with open(path("reference.json"), "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=2)
        file.write("\n")
    return reference


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(write_model(load_model()))
