# SPDX-License-Identifier: Apache-2.0
"""Writes the GPT graphs and expected outputs of this folder; needs torch.

    python3 models/gpt/export.py                                   model.mlir, gpt12.mlir (12 layers), inputs and expected outputs
    python3 models/gpt/export.py --gpt2                            gpt2.mlir, of the sizes of GPT-2 small, and every 512th of its logits
    python3 models/gpt/export.py --layers 24 --d 256 --out x.mlir  another size, graph alone
"""

import argparse
import os
import sys
import tempfile

import numpy as np
import torch

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "python")]
import seqc.torch  # noqa: E402
from models import fixtures  # noqa: E402
from models.gpt.model import GPT, Config  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = ((3, 1), (2, 17), (1, 2048))
GPT2 = Config(vocabulary=50257, positions=1024, d=768, heads=12, layers=12)


def write_graph(model, out):
    """The graph with dynamic batch and length. The weights file is not kept: models/weights.py makes it again."""
    batch, length = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1, max=model.config.positions)
    stem = os.path.splitext(os.path.basename(out))[0]
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, f"{stem}.mlir")
        done = seqc.torch.export(
            model, (torch.zeros(2, 7, dtype=torch.int64),), dynamic_shapes=({0: batch, 1: length},), out=made, output_names=["logits"], source_root=ROOT
        )
        with open(made, encoding="utf-8") as source, open(out, "w", encoding="utf-8") as target:
            target.write(source.read())
    return done.parameters


def tokens(b, n, vocabulary):
    return np.random.default_rng(1000 * b + n).integers(0, vocabulary, (b, n))


def write_gpt2():
    model = fixtures.load_weights(GPT(GPT2))
    print(write_graph(model, os.path.join(HERE, "gpt2.mlir")), "parameters")
    exact, errors = fixtures.exact_outputs(model, tokens(2, 24, GPT2.vocabulary))
    np.save(os.path.join(HERE, "gpt2_2x24.npy"), exact[..., ::512].astype(np.float32))
    print(errors)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("layers", "d", "heads", "vocabulary", "positions"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--out", help="write only this graph")
    parser.add_argument("--gpt2", action="store_true", help="write gpt2.mlir alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.gpt2:
        write_gpt2()
        return
    if options.out:
        sizes = {key: value for key, value in vars(options).items() if key not in ("out", "gpt2") and value}
        print(write_graph(GPT(Config(**sizes)).eval(), options.out), "parameters")
        return
    model = fixtures.load_weights(GPT())
    print(write_graph(model, os.path.join(HERE, "model.mlir")), "parameters")
    write_graph(GPT(Config(layers=12)).eval(), os.path.join(HERE, "gpt12.mlir"))
    print(fixtures.write_cases(model, HERE, [(f"{b}x{n}", tokens(b, n, model.config.vocabulary)) for b, n in CASES]))


if __name__ == "__main__":
    main()
