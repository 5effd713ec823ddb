# SPDX-License-Identifier: Apache-2.0
"""Writes model.mlir, model.safetensors and the expected logits of the test split from the model; needs torch.

    python3 models/digits/export.py           from the weights that are here; train.py calls it with new ones

expected_logits.npy is computed in f64 from the f32 weights. reference.json keeps what PyTorch itself reaches in f32, as the bar for others.
"""

import json
import os
import sys

import numpy as np
import torch

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "python")]
import seqc.torch  # noqa: E402
from models.digits.model import TOKENS, Digits  # noqa: E402
from seqc.torch import safetensors  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(HERE, name)


def write_fixture(pixels, labels):
    np.save(path("test_pixels.npy"), pixels.astype(np.float32))
    np.save(path("test_labels.npy"), labels.astype(np.int32))


def load_model():
    """The model with the weights of model.safetensors, in eval mode."""
    model = Digits()
    weights = safetensors.load(path("model.safetensors"))
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, (_, array) in weights.items()})
    return model.eval()


def write_graph(model, out):
    batch = torch.export.Dim("B", min=1)
    return seqc.torch.export(
        model, (torch.zeros(3, TOKENS),), dynamic_shapes=({0: batch},), out=out, output_names=["logits"], source_root=ROOT
    )


def write_model(model):
    """Everything but the fixture; returns what reference.json says."""
    write_graph(model, path("model.mlir"))
    pixels, labels = torch.from_numpy(np.load(path("test_pixels.npy"))), np.load(path("test_labels.npy"))
    with torch.no_grad():
        single = model(pixels).double().numpy()
        exact = model.double()(pixels.double()).numpy()
        model.float()
    np.save(path("expected_logits.npy"), exact.astype(np.float32))
    error = np.abs(single - exact)
    reference = {
        "accuracy": float((exact.argmax(1) == labels).mean()),
        "torch_f32_max_error": float(f"{error.max():.3e}"),
        "torch_f32_rms_error": float(f"{np.sqrt((error**2).mean()):.3e}"),
    }
    with open(path("reference.json"), "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=2)
        file.write("\n")
    return reference


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(write_model(load_model()))
