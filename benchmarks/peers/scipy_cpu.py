#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times SciPy's real transforms (pocketfft) as a peer of long convolutions (f32): ["long_conv", B, D, L, gated]. Options and output as those of torch_cpu.py."""
import argparse
import json
import statistics

import numpy as np
import scipy
import scipy.fft

from timing import measure


def long_conv(batch, channels, length, gated, threads):
    random = np.random.default_rng(0)
    u, pre, post = (random.standard_normal((batch, channels, length), np.float32) for _ in range(3))
    k, skip = random.standard_normal((channels, length), np.float32), random.standard_normal((channels, 1), np.float32)

    def run():
        v = u * pre if gated else u
        y = scipy.fft.irfft(scipy.fft.rfft(v, 2 * length, workers=threads) * scipy.fft.rfft(k, 2 * length, workers=threads), 2 * length, workers=threads)[..., :length]
        return (y + v * skip) * post if gated else y

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.5, help="spent on each case")
    parser.add_argument("--cases", required=True, help="JSON array of cases")
    options = parser.parse_args()
    medians = []
    for case in json.loads(options.cases):
        if case[0] != "long_conv":
            parser.error(f"expects cases of long_conv, but got {case}")
        medians.append(statistics.median(measure(long_conv(*case[1:], options.threads), options.seconds, at_least=5, warm_up=1)))
    print(json.dumps({"version": scipy.__version__, "threads": options.threads, "median_ms": medians}))


if __name__ == "__main__":
    main()
