# SPDX-License-Identifier: Apache-2.0
"""PyTorch operators for scans, long convolutions and structured matrices; needs torch.

    import seqc.ops
    y = seqc.ops.long_conv(u, k, skip=d)             # torch.ops.seqc.long_conv

They run and train in PyTorch as they are, stay whole under torch.export, and seqc.torch makes one op of the `seq` graph of each.
"""

from .convolution import long_conv, long_conv_tail, short_conv, short_conv_state
from .kernels import ssm_kernel
from .scan import linear_scan, selective_scan
from .structured import butterfly, monarch

__all__ = ["long_conv", "long_conv_tail", "short_conv", "short_conv_state", "linear_scan", "selective_scan", "ssm_kernel", "monarch", "butterfly"]
