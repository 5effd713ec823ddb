# SPDX-License-Identifier: Apache-2.0
"""Writes graphs, inputs and expected outputs of the models in this folder; needs torch.

    python3 models/sequence/export.py [mamba s5 dss monarch ckconv]

The models are not trained: models/weights.py makes their weights, always the same. Of long outputs every 512th position is kept.
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
from models.sequence import ckconv, dss, mamba, monarch, s5  # noqa: E402
from models.sequence.cases import CASES, example  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
EVERY = 512


MODELS = {"mamba": mamba.Mamba, "s5": s5.S5, "dss": dss.Dss, "monarch": monarch.MonarchMixer, "ckconv": ckconv.CkNet}
OUTPUTS = {"mamba": "logits", "s5": "log_probabilities", "ckconv": "logits"}  # of the others: y


def write_graph(name, model, out):
    """The graph with dynamic batch and, where transforms allow it, length. The weights file is not kept: models/weights.py makes it again."""
    case = CASES[name]
    batch, length = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1)
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, os.path.basename(out))
        shapes = ({0: batch} if case.length else {0: batch, case.dim: length},)
        seqc.torch.export(model, (torch.from_numpy(example(name, 2, case.length or 7)),), dynamic_shapes=shapes, out=made, output_names=[OUTPUTS.get(name, "y")], source_root=ROOT)
        with open(made, encoding="utf-8") as source, open(out, "w", encoding="utf-8") as target:
            target.write(source.read())


def write_model(name):
    """Everything of one model; returns its part of reference.json."""
    case, result = CASES[name], {}
    model = fixtures.load_weights(MODELS[name]())
    write_graph(name, model, os.path.join(HERE, f"{name}.mlir"))
    for b, n in case.sizes:
        array = example(name, b, n)
        exact, errors = fixtures.exact_outputs(model, array)
        every = EVERY if case.over_time and n > EVERY else 1
        np.save(os.path.join(HERE, f"{name}_{b}x{n}.npy"), (exact[:, every - 1 :: every] if case.over_time else exact).astype(np.float32))
        result[f"{b}x{n}"] = {"shape": list(exact.shape), "every": every, "rms": float(f"{np.sqrt((exact**2).mean()):.4g}"), **errors}
    return result


def main(names):
    torch.set_num_threads(1)
    path, known = os.path.join(HERE, "reference.json"), {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            known = json.load(file)
    for name in names:
        known[name] = write_model(name)
        print(name, known[name])
    with open(path, "w", encoding="utf-8") as file:
        json.dump({name: known[name] for name in MODELS if name in known}, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:] or list(MODELS))
