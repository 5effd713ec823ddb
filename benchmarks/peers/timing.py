# SPDX-License-Identifier: Apache-2.0
"""How peers time a call."""
import time


def measure(function, budget=1.5, at_least=7, at_most=2000, warm_up=2):
    """Milliseconds of each call: a warm-up, then calls for about `budget` seconds."""
    for _ in range(warm_up):
        function()
    times, end = [], time.perf_counter() + budget
    while len(times) < at_least or (time.perf_counter() < end and len(times) < at_most):
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1e3)
    return times
