# SPDX-License-Identifier: Apache-2.0
"""Two language models with explicit states, and the functions that a server calls: a prompt at once, then one token after the other."""

import torch
import torch.nn.functional as F
from torch import nn

from models.sequence.mamba import Mamba
from seqc import ops


class ConvMixer(nn.Module):
    """y = x0 (k * (x1 v)) after a short convolution of all three, as in Hyena; the kernel has `taps` explicit values per channel under a decaying window.

    States: the last inputs of the short convolution [B, 3 d, width - 1], and what the past still adds to the long one [B, d, taps - 1].
    """

    def __init__(self, d, taps, width):
        super().__init__()
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.short_weight, self.short_bias = nn.Parameter(torch.zeros(3 * d, width)), nn.Parameter(torch.zeros(3 * d))
        self.kernel, self.skip = nn.Parameter(torch.zeros(d, taps)), nn.Parameter(torch.zeros(d))

    def forward(self, x, states):
        mixed, inputs = ops.short_conv_state(self.qkv(x).transpose(1, 2), self.short_weight, states[0], self.short_bias)
        x0, x1, v = mixed.chunk(3, 1)
        kernel = self.kernel * torch.exp(-0.1 * torch.arange(self.kernel.shape[1]))
        y, tail = ops.long_conv_tail(v, kernel, states[1], self.skip, x1, x0)
        return self.out(y.transpose(1, 2)), (inputs, tail)


class ConvLm(nn.Module):
    """tokens i64 [B, L] -> logits f32 [B, L, 64]; any L."""

    vocabulary, d, taps, width = 64, 48, 96, 3

    def __init__(self, layers=2):
        super().__init__()
        self.tokens = nn.Embedding(self.vocabulary, self.d)
        self.mixers = nn.ModuleList(ConvMixer(self.d, self.taps, self.width) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(self.d) for _ in range(layers + 1))

    def run(self, tokens, states):
        """(logits, new states); states: one pair per layer"""
        x, after = self.tokens(tokens), []
        for norm, mixer, state in zip(self.norms, self.mixers, states):
            y, state = mixer(norm(x), state)
            x = x + y
            after.append(state)
        return F.linear(self.norms[-1](x), self.tokens.weight), after

    def forward(self, tokens):
        return self.run(tokens, [(None, None)] * len(self.mixers))[0]


class Prefill(nn.Module):
    """tokens [B, L] -> (logits of the last position [B, vocabulary], states..)"""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        logits, states = self.model.run(tokens, [(None, None)] * len(self.model.mixers))
        return (logits[:, -1], *[x for pair in states for x in pair])


class Step(nn.Module):
    """(token [B, 1], states..) -> (logits [B, vocabulary], new states..)"""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, token, *states):
        logits, after = self.model.run(token, list(zip(states[0::2], states[1::2])))
        return (logits[:, -1], *[x for pair in after for x in pair])


MODELS = {"mamba": Mamba, "conv": ConvLm}
