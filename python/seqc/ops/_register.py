# SPDX-License-Identifier: Apache-2.0
"""How an operator is registered: eager function, shapes for tracing, and gradients.

The eager functions are plain torch code, so their gradients are torch's: the backward pass runs the function again with gradients on. That costs one more
forward pass and keeps nothing but the inputs.
"""

import torch

NAMESPACE = "seqc"


def wide(x):
    """16-bit floats as f32: sums and states are never 16-bit."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def expects(condition, text):
    if not condition:
        raise ValueError(text)


def register(name, fake):
    """Decorator: `seqc::name` with this function as eager implementation. fake(*args): results with shapes and types alone."""

    def decorate(function):
        operator = torch.library.custom_op(f"{NAMESPACE}::{name}", mutates_args=())(_fresh(function))
        operator.register_fake(fake)
        operator.register_autograd(_backward(function), setup_context=_keep_inputs)
        return operator

    return decorate


def _fresh(function):
    """Results of a custom operator must not be views of its inputs."""
    import functools

    @functools.wraps(function)
    def call(*args, **kwargs):
        results = function(*args, **kwargs)
        return tuple(r.clone() for r in results) if isinstance(results, tuple) else results.clone()

    return call


def _keep_inputs(ctx, inputs, output):
    ctx.seqc_inputs = [(x.detach(), x.requires_grad) if isinstance(x, torch.Tensor) else (x, None) for x in inputs]


def _backward(function):
    def backward(ctx, *gradients):
        inputs = [x.detach().requires_grad_(wanted) if wanted is not None and (x.is_floating_point() or x.is_complex()) else x for x, wanted in ctx.seqc_inputs]
        with torch.enable_grad():
            results = function(*inputs)
        results = results if isinstance(results, tuple) else (results,)
        pairs = [(r, g) for r, g in zip(results, gradients) if g is not None and r.requires_grad]
        sources = [x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad]
        if not pairs or not sources:
            return (None,) * len(inputs)
        found = iter(torch.autograd.grad([r for r, _ in pairs], sources, [g for _, g in pairs], allow_unused=True))
        return tuple(next(found) if isinstance(x, torch.Tensor) and x.requires_grad else None for x in inputs)

    return backward
