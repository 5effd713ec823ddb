# SPDX-License-Identifier: Apache-2.0
"""Trains the S4D digits model on the split of models/digits, then writes its weights and graph (export.py) into this folder.

    python3 models/s4d_digits/train.py            minutes on one core; needs torch and scikit-learn

Every random choice comes from the seed of models/digits. The test split is never seen in training: the last weights are kept.
"""

import argparse
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "python")]
from models.digits.train import SEED, load_split, shifted  # noqa: E402
from models.s4d_digits import export  # noqa: E402
from models.s4d_digits.model import S4dDigits  # noqa: E402


def groups(model):
    """The parameters of the systems learn slowly and do not decay."""
    systems = [p for name, p in model.named_parameters() if ".kernel." in name and not name.endswith(".c")]
    known = {id(p) for p in systems}
    return [{"params": [p for p in model.parameters() if id(p) not in known], "weight_decay": 0.05}, {"params": systems, "weight_decay": 0.0}]


def train(model, pixels, labels, epochs, batch=64, peak=4e-3):
    generator = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.AdamW(groups(model), lr=peak)
    steps = epochs * ((len(labels) + batch - 1) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [peak, peak / 4], total_steps=steps, pct_start=0.15)
    start = time.time()
    for epoch in range(epochs):
        losses = []
        for index in torch.randperm(len(labels), generator=generator).split(batch):
            loss = F.cross_entropy(model(shifted(pixels[index], generator)), labels[index], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1:3}/{epochs}  loss {np.mean(losses):.4f}  {time.time() - start:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    pixels, labels, _, _ = (torch.from_numpy(a) for a in load_split())
    model = S4dDigits()
    print(sum(p.numel() for p in model.parameters()), "parameters")
    train(model, pixels, labels, options.epochs)
    export.save_weights(model)
    print(export.write_model(model.eval()))


if __name__ == "__main__":
    main()
