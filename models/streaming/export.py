# SPDX-License-Identifier: Apache-2.0
"""Writes the two-function modules of this folder and expected logits; needs torch. Weights come from models/weights.py.

`prefill` takes a prompt and gives logits and states, `step` takes a token and states and gives the next ones: results that carry `seq.state`.
"""

import json
import os
import sys
import tempfile

import numpy as np
import torch

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "python")]
import seqc.torch  # noqa: E402
from models import fixtures  # noqa: E402
from models.streaming.cases import EVERY, tokens  # noqa: E402
from models.streaming.model import MODELS, Prefill, Step  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def state_names(model):
    return [f"{kind}_{layer}" for layer in range(len(model.mixers)) for kind in ("inputs", "state")]


def write_graph(model, out):
    """prefill and step in one module, with the weights once."""
    batch, length = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1)
    names = state_names(model)
    states = Prefill(model)(torch.zeros(3, 5, dtype=torch.int64))[1:]
    calls = {
        "prefill": seqc.torch.Call(Prefill(model).eval(), (torch.zeros(3, 5, dtype=torch.int64),), dynamic_shapes=({0: batch, 1: length},), output_names=["logits", *names]),
        "step": seqc.torch.Call(
            Step(model).eval(), (torch.zeros(3, 1, dtype=torch.int64), *states), dynamic_shapes=({0: batch}, tuple({0: batch} for _ in states)),
            input_names=["token", *names], output_names=["logits", *[f"{name}_next" for name in names]], states={f"{name}_next": name for name in names},
        ),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, os.path.basename(out))
        seqc.torch.export_functions(calls, out=made, source_root=ROOT)
        with open(made, encoding="utf-8") as source, open(out, "w", encoding="utf-8") as target:
            target.write(source.read())


def main():
    torch.set_num_threads(1)
    reference = {}
    for name, make in MODELS.items():
        model = make()
        fixtures.load_weights(_Named(model))
        write_graph(model.eval(), os.path.join(HERE, f"{name}.mlir"))
        exact, errors = fixtures.exact_outputs(model, tokens())
        np.save(os.path.join(HERE, f"{name}_logits.npy"), exact[:, ::EVERY].astype(np.float32))
        reference[name] = errors
    with open(os.path.join(HERE, "reference.json"), "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=2)
        file.write("\n")
    print(reference)


class _Named(torch.nn.Module):
    """Gives the parameters the names that they have in the module, where the model is a part of each function."""

    def __init__(self, model):
        super().__init__()
        self.model = model


if __name__ == "__main__":
    main()
