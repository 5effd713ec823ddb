# SPDX-License-Identifier: Apache-2.0
"""Trains the digits model, then writes its weights, graph and test fixture (export.py) into this folder.

    python3 models/digits/train.py            three minutes on one core; needs torch and scikit-learn

Every random choice comes from SEED. The test split is never seen in training: no early stopping, the last weights are kept.
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
from models.digits import export  # noqa: E402
from models.digits.model import Digits  # noqa: E402

SEED, TEST_SIZE = 20240, 450


def load_split():
    """(train pixels, train labels, test pixels, test labels); pixels f32 [n, 64] in 0..1."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.target))
    pixels = (digits.data[order] / 16.0).astype(np.float32)
    labels = digits.target[order].astype(np.int64)
    return pixels[TEST_SIZE:], labels[TEST_SIZE:], pixels[:TEST_SIZE], labels[:TEST_SIZE]


def shifted(images, generator):
    """Each [8, 8] image moved by -1, 0 or 1 pixels in both directions, zeros shifted in."""
    padded = F.pad(images.view(-1, 8, 8), (1, 1, 1, 1))
    dy, dx = torch.randint(0, 3, (2, len(images), 1, 1), generator=generator)
    # A quarter of the images stays in place.
    keep = torch.rand(len(images), 1, 1, generator=generator) < 0.25
    rows = torch.where(keep, 1, dy) + torch.arange(8).view(1, 8, 1)
    columns = torch.where(keep, 1, dx) + torch.arange(8).view(1, 1, 8)
    return padded[torch.arange(len(images)).view(-1, 1, 1), rows, columns].reshape(-1, 64)


def train(model, pixels, labels, epochs, batch=64, groups=None):
    """groups: parameter groups of AdamW, whose "lr" is the peak; by default all parameters in one."""
    groups = groups or [{"params": list(model.parameters()), "lr": 2e-3, "weight_decay": 0.05}]
    generator = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.AdamW(groups)
    steps = epochs * ((len(labels) + batch - 1) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [g["lr"] for g in groups], total_steps=steps, pct_start=0.15)
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
    parser.add_argument("--epochs", type=int, default=80)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    train_x, train_y, test_x, test_y = (torch.from_numpy(a) for a in load_split())
    model = Digits()
    print(sum(p.numel() for p in model.parameters()), "parameters")
    train(model, train_x, train_y, options.epochs)
    export.write_fixture(test_x.numpy(), test_y.numpy())
    print(export.write_model(model.eval()))


if __name__ == "__main__":
    main()
