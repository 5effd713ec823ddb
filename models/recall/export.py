# SPDX-License-Identifier: Apache-2.0
"""Writes <name>.mlir, expected logits and reference.json of the recall models from <name>.safetensors; needs torch.

    python3 models/recall/export.py           from the weights that are here; train.py calls it with new ones
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
from models.recall import task  # noqa: E402
from models.recall.model import MAX_LENGTH, MIXERS, Recall  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TEST_SEED, TEST_COUNT, TEST_PAIRS = 99, 500, (10, 20)


def path(name):
    return os.path.join(HERE, name)


def save_weights(name, model):
    fixtures.save_state(model, path(f"{name}.safetensors"))


def load_model(name):
    return fixtures.load_state(Recall(name), path(f"{name}.safetensors"))


def write_graph(name, model, out):
    batch, length = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1, max=MAX_LENGTH)
    return seqc.torch.export(
        model, (torch.zeros(3, 7, dtype=torch.int64),), dynamic_shapes=({0: batch, 1: length},), out=out, output_names=["logits"], source_root=ROOT
    )


def write_tests():
    """Sequences that no training saw, as long as those of training and twice as long."""
    for pairs in TEST_PAIRS:
        np.save(path(f"test_{pairs}.npy"), task.sequences(np.random.default_rng(TEST_SEED + pairs), TEST_COUNT, pairs).astype(np.uint8))


def write_model(name, model):
    """Graph, logits of the last position (computed in f64) and what PyTorch reaches; returns its part of reference.json."""
    write_tests()
    write_graph(name, model, path(f"{name}.mlir"))
    result = {}
    for pairs in TEST_PAIRS:
        tokens = np.load(path(f"test_{pairs}.npy")).astype(np.int64)
        exact, errors = fixtures.exact_outputs(model, tokens[:, :-1])
        np.save(path(f"expected_{name}_{pairs}.npy"), exact[:, -1].astype(np.float32))
        result[str(pairs)] = {"accuracy": task.accuracy(exact, tokens), **errors}
    known = {}
    if os.path.exists(path("reference.json")):
        with open(path("reference.json"), encoding="utf-8") as file:
            known = json.load(file)
    known[name] = result
    with open(path("reference.json"), "w", encoding="utf-8") as file:
        json.dump({n: known[n] for n in MIXERS if n in known}, file, indent=2)
        file.write("\n")
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)
    for mixer in MIXERS:
        print(mixer, write_model(mixer, load_model(mixer)))
