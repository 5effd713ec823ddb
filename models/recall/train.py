# SPDX-License-Identifier: Apache-2.0
"""Trains the recall models on sequences that are made as they are needed, then writes weights and graphs (export.py) into this folder.

    python3 models/recall/train.py [attention s4d h3 hyena]          minutes per model on one core; needs torch

The four get the same sequences, optimiser and number of steps. The loss covers all positions; accuracy is that of the last token.
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
from models.recall import export, task  # noqa: E402
from models.recall.model import MIXERS, Recall  # noqa: E402

SEED, PAIRS = 2024, 10


def train(model, steps, batch=32, peak=3e-3):
    rng = np.random.default_rng(SEED)
    slow = [p for name, p in model.named_parameters() if ".kernel." in name and not name.endswith(".c")]
    known = {id(p) for p in slow}
    fast = [p for p in model.parameters() if id(p) not in known]
    optimizer = torch.optim.AdamW([{"params": fast, "weight_decay": 0.1}, {"params": slow, "weight_decay": 0.0}], lr=peak)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [peak, peak / 3], total_steps=steps, pct_start=0.1)
    start, right = time.time(), []
    for step in range(steps):
        tokens = torch.from_numpy(task.sequences(rng, batch, PAIRS))
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        right.append(task.accuracy(logits.detach().numpy(), tokens.numpy()))
        if (step + 1) % 500 == 0:
            print(f"step {step + 1:5}/{steps}  loss {loss.item():.4f}  accuracy of the last 500 {np.mean(right[-500:]):.3f}  {time.time() - start:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(MIXERS), help="which models (default: all)")
    parser.add_argument("--steps", type=int, default=4000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.names:
        torch.manual_seed(SEED)
        model = Recall(name)
        print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters")
        train(model, options.steps)
        export.save_weights(name, model)
        print(export.write_model(name, model.eval()))


if __name__ == "__main__":
    main()
