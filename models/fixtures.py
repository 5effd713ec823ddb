# SPDX-License-Identifier: Apache-2.0
"""What the export scripts share: weights, expected outputs in f64, PyTorch's own error in f32."""

import json
import os

import numpy as np
import torch

from seqc.torch import safetensors

from . import weights


def load_weights(model):
    """Gives every parameter the value that models/weights.py has for it; returns the model in eval mode."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # tied parameters come once, under their first name
            parameter.copy_(torch.from_numpy(weights.tensor(name, tuple(parameter.shape))))
    return model.eval()


def save_state(model, path):
    """Trained parameters as the safetensors file that the import would write."""
    safetensors.save(path, {name: ("f32", p.detach().numpy()) for name, p in model.named_parameters()})


def load_state(model, path):
    """A model with the parameters of a file, in eval mode."""
    found = {name: torch.from_numpy(array.copy()) for name, (_, array) in safetensors.load(path).items()}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(found[name])
    return model.eval()


def exact_outputs(model, *arrays):
    """(outputs of the model in f64, errors of PyTorch in f32 against them) for numpy inputs."""
    inputs = [torch.from_numpy(array) for array in arrays]
    with torch.no_grad():
        single = model(*inputs).double().numpy()
        exact = model.double()(*[x.double() if x.is_floating_point() else x for x in inputs]).numpy()
        model.float()
    error = np.abs(single - exact)
    return exact, {"torch_f32_max_error": float(f"{error.max():.3e}"), "torch_f32_rms_error": float(f"{np.sqrt((error**2).mean()):.3e}")}


def write_cases(model, folder, inputs):
    """For each (label, numpy input): input_<label>.npy, expected_<label>.npy (computed in f64, stored as f32), and the f32 error of PyTorch in reference.json."""
    reference = {}
    for label, array in inputs:
        exact, errors = exact_outputs(model, array)
        np.save(os.path.join(folder, f"input_{label}.npy"), array)
        np.save(os.path.join(folder, f"expected_{label}.npy"), exact.astype(np.float32))
        reference[label] = {"shape": list(exact.shape), "rms": float(f"{np.sqrt((exact**2).mean()):.4g}"), **errors}
    with open(os.path.join(folder, "reference.json"), "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=2)
        file.write("\n")
    return reference
