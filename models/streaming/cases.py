# SPDX-License-Identifier: Apache-2.0
"""The sequence on which streaming is compared with the whole; numpy alone. Of the logits every EVERYth position is kept."""

import numpy as np

VOCABULARY, BATCH, LENGTH, EVERY = 64, 2, 150, 10  # longer than the kernels of the convolution


def tokens():
    return np.random.default_rng(7).integers(0, VOCABULARY, (BATCH, LENGTH))
