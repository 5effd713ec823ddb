# SPDX-License-Identifier: Apache-2.0
"""Trains the S4D digits model on the split of models/digits, then writes its weights and graph (export.py) into this folder.

    python3 models/s4d_digits/train.py            minutes on one core; needs torch and scikit-learn

Every random choice comes from the seed of models/digits. The test split is never seen in training: the last weights are kept.
"""

import argparse
import os
import sys

import torch

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "python")]
from models.digits.train import SEED, load_split, train  # noqa: E402
from models.s4d_digits import export  # noqa: E402
from models.s4d_digits.model import S4dDigits  # noqa: E402


def groups(model):
    """The parameters of the systems learn slowly and do not decay."""
    systems = [p for name, p in model.named_parameters() if ".kernel." in name and not name.endswith(".c")]
    known = {id(p) for p in systems}
    others = [p for p in model.parameters() if id(p) not in known]
    return [{"params": others, "lr": 4e-3, "weight_decay": 0.05}, {"params": systems, "lr": 1e-3, "weight_decay": 0.0}]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    pixels, labels, _, _ = (torch.from_numpy(a) for a in load_split())
    model = S4dDigits()
    print(sum(p.numel() for p in model.parameters()), "parameters")
    train(model, pixels, labels, options.epochs, groups=groups(model))
    export.save_weights(model)
    print(export.write_model(model.eval()))


if __name__ == "__main__":
    main()
