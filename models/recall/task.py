# SPDX-License-Identifier: Apache-2.0
"""Associative recall (arXiv 2212.14052): pairs of a key and its value, then a key that occurred; what is its value? numpy alone.

Tokens 1 to 4 are keys, 5 to 8 values, 9 is "=>", 0 is not used. Each sequence has its own random map from keys to values.
"""

import numpy as np

VOCABULARY, KEYS, PROMPT = 10, 4, 9
CHANCE = 1 / KEYS  # a value of the right kind


def sequences(rng, count, pairs):
    """int64 [count, 2 pairs + 3]: k v k v .. => k v; the last token is the answer."""
    table = rng.integers(0, KEYS, (count, KEYS))
    keys = rng.integers(0, KEYS, (count, pairs))
    occurred = np.zeros((count, KEYS), bool)
    np.put_along_axis(occurred, keys, True, 1)
    query = np.where(occurred, rng.random((count, KEYS)), -1.0).argmax(1)
    tokens = np.empty((count, 2 * pairs + 3), np.int64)
    tokens[:, 0:-3:2] = keys + 1
    tokens[:, 1:-3:2] = np.take_along_axis(table, keys, 1) + 1 + KEYS
    tokens[:, -3], tokens[:, -2] = PROMPT, query + 1
    tokens[:, -1] = table[np.arange(count), query] + 1 + KEYS
    return tokens


def accuracy(logits, tokens):
    """Share of right answers; logits [count, L, vocabulary] or [count, vocabulary] of the last position."""
    last = logits if logits.ndim == 2 else logits[:, -1]
    return float((last.argmax(-1) == tokens[:, -1]).mean())
