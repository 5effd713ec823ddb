# SPDX-License-Identifier: Apache-2.0
"""Scans, convolutions, Fourier transforms and complex numbers in the importer; several functions with states in one module."""

import re
import unittest

from torch_support import TorchCase, needs_torch, torch

if torch is not None:
    import seqc.torch
    from seqc import ops

    B, L = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1)

    def stand_in(name, signature, results):
        """An operator of another library: its schema, and a tracing function that says what its results look like."""
        library = torch.library.Library(name.partition("::")[0], "FRAGMENT")
        library.define(name.partition("::")[2] + signature)
        torch.library.register_fake(name, results, lib=library)
        return library

    STAND_INS = [
        stand_in("mamba_ssm::selective_scan_fn", "(Tensor u, Tensor delta, Tensor A, Tensor B, Tensor C, Tensor? D=None, Tensor? z=None, Tensor? delta_bias=None, "
                 "bool delta_softplus=False) -> Tensor", lambda u, *args, **kwargs: torch.empty_like(u)),
        stand_in("causal_conv1d::causal_conv1d_fn", "(Tensor x, Tensor weight, Tensor? bias=None, str? activation=None) -> Tensor",
                 lambda x, *args, **kwargs: torch.empty_like(x)),
    ]  # fmt: skip


class Function(torch.nn.Module if torch is not None else object):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


def floats(*shape):
    return torch.randn(shape)


def complexes(*shape):
    return torch.complex(torch.randn(shape), torch.randn(shape))


@needs_torch
class Forms(TorchCase):
    """What each operator becomes, as text."""

    dtype = "float32"

    def ops_of(self, function, args, dynamic_shapes=None, **options):
        path = self.export(Function(function), args, dynamic_shapes=None if dynamic_shapes is None else (dynamic_shapes,), check=False, **options)
        lines = [re.sub(r" loc\(#loc\d+\)$", "", line.strip()) for line in self.text(path).splitlines()]
        return [line for line in lines if re.search(r"= seq\.", line) and "seq.iota" not in line]

    def check(self, function, args, *patterns, **options):
        lines = self.ops_of(function, args, **options)
        self.assertEqual(len(lines), len(patterns), lines)
        for line, pattern in zip(lines, patterns):
            self.assertRegex(line, pattern)

    def test_long_conv(self):
        u, k, d = floats(2, 4, 6), floats(2, 9), floats(4)
        self.check(ops.long_conv, (u, k), r'%0 = seq\.long_conv %arg0, %arg1 \{mode = "causal"\} : tensor<2x4x6xf32>, tensor<2x9xf32> -> tensor<2x4x6xf32>$')
        self.check(
            lambda u, k, r, d, p: ops.long_conv(u, k, r, d, p, p, mode="bidirectional", reverse_offset=0), (u, k, floats(2, 3), d, u.clone()),
            r"k_rev\(%arg2 : tensor<2x3xf32>\) skip\(%arg3 : tensor<4xf32>\) pre_gate\(%arg4 : .*\) post_gate\(%arg4 : .*\) "
            r'\{mode = "bidirectional", reverse_offset = 0 : i64\} : tensor<\?x4x\?xf32>, tensor<2x9xf32> -> tensor<\?x4x\?xf32>$',
            dynamic_shapes=({0: B, 2: L}, None, None, None, {0: B, 2: L}),
        )  # fmt: skip

    def test_unread_results(self):
        """A state that nothing reads is not made."""
        u, k, tail = floats(2, 4, 6), floats(2, 9), floats(2, 4, 8)
        self.check(ops.long_conv_tail, (u, k, tail), r"%0:2 = .* tail\(%arg2 : tensor<2x4x8xf32>\) .* -> tensor<2x4x6xf32>, tensor<2x4x8xf32>$")
        self.check(lambda *a: ops.long_conv_tail(*a)[0], (u, k, tail), r"%0 = .* tail\(%arg2 : tensor<2x4x8xf32>\) .* -> tensor<2x4x6xf32>$")
        w, state = floats(4, 3), floats(2, 4, 2)
        self.check(lambda u, w, s: ops.short_conv_state(u, w, s)[1], (u, w, state), r'%0:2 = seq\.short_conv .* state\(.*\) \{activation = "none"\}')
        self.check(lambda u, w: ops.short_conv(u, w, activation="silu"), (u, w), r'%0 = seq\.short_conv %arg0, %arg1 \{activation = "silu"\} : .* -> tensor<2x4x6xf32>$')

    def test_scans(self):
        b = floats(2, 4, 6)
        self.check(lambda a, b, h: ops.linear_scan(a, b, h, reverse=True), (floats(4), b, floats(2, 4)), r"%0:2 = seq\.linear_scan %arg0, %arg1 initial\(%arg2 : tensor<2x4xf32>\) \{reverse\} : tensor<4xf32>, ")
        self.check(lambda a, b: ops.linear_scan(a, b)[0], (floats(4), complexes(2, 4, 6)), r"seq\.linear_scan %\d+, %arg1 : tensor<4xcomplex<f32>>, tensor<2x4x6xcomplex<f32>> -> tensor<2x4x6xcomplex<f32>>$")
        args = (b, b.clone(), floats(4, 3), floats(2, 2, 3, 6), floats(4, 3), floats(4), b.clone(), floats(4), floats(2, 4, 3))
        self.check(
            lambda u, dt, A, B, C, D, z, bias, h: ops.selective_scan(u, dt, A, B, C, D, z, bias, h, delta_softplus=True), args,
            r"%0:2 = seq\.selective_scan %arg0, %arg1, %arg2, %arg3, %arg4 D\(%arg5 : tensor<4xf32>\) z\(%arg6 : .*\) delta_bias\(%arg7 : .*\) initial\(%arg8 : .*\) \{delta_softplus\} : "
            r"tensor<2x4x6xf32>, tensor<2x4x6xf32>, tensor<4x3xf32>, tensor<2x2x3x6xf32>, tensor<4x3xf32> -> tensor<2x4x6xf32>, tensor<2x4x3xf32>$",
        )  # fmt: skip
        u = floats(1, 4, 6)
        self.check(
            lambda u, A, B, c: ops.selective_scan(u, u, A, B, B, cu_seqlens=c), (u, floats(4, 3), floats(1, 1, 3, 6), torch.tensor([0, 2, 6], dtype=torch.int32)),
            r"cu_seqlens\(%arg3 : tensor<3xi32>\) : .* -> tensor<1x4x6xf32>, tensor<2x4x3xf32>$",
        )  # fmt: skip

    def test_names_of_other_libraries(self):
        scan, conv = torch.ops.mamba_ssm.selective_scan_fn, torch.ops.causal_conv1d.causal_conv1d_fn
        u, A, ungrouped, w = floats(2, 4, 6), floats(4, 3), floats(2, 3, 6), floats(4, 4)
        self.check(
            lambda u, A, C, w: scan(conv(u, w, None, "silu"), u, A, C, C, None, u, None, True), (u, A, ungrouped, w),
            r'seq\.short_conv %arg0, %arg3 \{activation = "silu"\}',
            r"seq\.selective_scan %0, %arg0, %arg1, %(\d+), %\d+ z\(%arg0 : .*\) \{delta_softplus\} : .*tensor<2x1x3x6xf32>, tensor<2x1x3x6xf32> -> tensor<2x4x6xf32>$",
        )  # fmt: skip
        with self.assertRaisesRegex(seqc.torch.UnsupportedError, "activation 'tanh'"):
            self.export(Function(lambda u, w: conv(u, w, None, "tanh")), (u, w))

    def test_fourier(self):
        x, z = floats(2, 10), complexes(2, 10)
        self.check(torch.fft.rfft, (x,), r"seq\.rfft %arg0 : tensor<2x10xf32> -> tensor<2x6xcomplex<f32>>$")
        self.check(torch.fft.ifft, (z,), r"seq\.fft %arg0 \{inverse\} : tensor<2x10xcomplex<f32>> -> tensor<2x10xcomplex<f32>>$")
        self.check(lambda z: torch.fft.irfft(z, n=9), (z,), r"seq\.irfft %\d+ \{n = 9 : i64\} : tensor<2x5xcomplex<f32>> -> tensor<2x9xf32>$")
        self.check(
            lambda x: torch.fft.irfft(torch.fft.rfft(x, n=2 * x.shape[1]), n=2 * x.shape[1]), (x,),
            r"seq\.rfft .*-> tensor<2x\?xcomplex<f32>>$", r"seq\.irfft %\d+ size\(%\d+\) : tensor<2x\?xcomplex<f32>> -> tensor<2x\?xf32>$", dynamic_shapes=({1: L},),
        )  # fmt: skip

    def test_ssm_kernel(self):
        """Parameters that channels share are repeated; real ones beside complex ones become complex."""
        A, B, C, dt = complexes(3), floats(4, 3), complexes(4, 3), floats(4)
        self.check(
            lambda A, B, C, dt, x: x + ops.ssm_kernel(A, B, C, dt, x.shape[0]), (A, B, C, dt, floats(9)),
            r'seq\.ssm_kernel %\d+, %\d+, %arg2, %arg3 length\(%\d+\) \{discretization = "zoh", conjugate\} : '
            r"(tensor<4x3xcomplex<f32>>, ){3}tensor<4xf32> -> tensor<4x\?xf32>$", dynamic_shapes=(None, None, None, None, {0: L}),
        )  # fmt: skip
        self.check(
            lambda A, C, dt, P: ops.ssm_kernel(A, A, C, dt, 7, P, "bilinear"), (A, C, dt, complexes(3)),
            r'low_rank\(%\d+ : tensor<4x3xcomplex<f32>>\) \{discretization = "bilinear", conjugate\} : .* -> tensor<4x7xf32>$',
        )  # fmt: skip

    def test_structured(self):
        self.check(
            ops.monarch, (floats(5, 4), floats(2, 3, 2), floats(3, 2, 2)),
            r"seq\.butterfly %arg0 factors\(%\d+, %\d+ : tensor<1x2x1x3x2xf32>, tensor<1x1x3x2x2xf32>\) \[#seq\.stage<matrix \[2, 2 -> 3, 1\]>, "
            r"#seq\.stage<matrix \[1, 2 -> 2, 3\]>\] : tensor<5x4xf32> -> tensor<5x6xf32>$",
        )  # fmt: skip
        self.check(
            lambda x, w: ops.butterfly(x, w, False), (floats(5, 4), floats(2, 2, 2, 2)),
            r"factors\(.* : tensor<1x1x2x2x2xf32>, tensor<1x2x1x2x2xf32>\) \[#seq\.stage<matrix \[1, 2 -> 2, 2\]>, #seq\.stage<matrix \[2, 2 -> 2, 1\]>\] : ",
        )  # fmt: skip

    def test_refused(self):
        for function, args, message in (
            (torch.fft.rfft2, (floats(4, 4),), "over several dims"),
            (torch.tanh, (complexes(3),), "tanh of complex"),
            (lambda z: z == z, (complexes(3),), "comparison of complex"),
        ):
            with self.subTest(message), self.assertRaisesRegex(seqc.torch.UnsupportedError, message):
                self.export(Function(function), args)


@needs_torch
class Functions(TorchCase):
    """Several functions in one module."""

    class Counter(torch.nn.Module if torch is not None else object):
        def __init__(self, weight):
            super().__init__()
            self.weight = weight

        def forward(self, x, total):
            total = total + x * self.weight
            return total.sum(0), total

    def calls(self, first, second, **options):
        x = torch.ones(2, 3)
        return {name: seqc.torch.Call(self.Counter(w).eval(), (x, x.clone()), output_names=["y", "total_next"], **options) for name, w in (("first", first), ("second", second))}

    def path(self, calls):
        import os

        out = os.path.join(self.folder, "model.mlir")
        seqc.torch.export_functions(calls, out=out)
        return self.text(out)

    def test_shared_weights_and_states(self):
        weight = torch.nn.Parameter(torch.ones(3))
        text = self.path(self.calls(weight, weight, states={"total_next": "total"}))
        self.assertEqual(text.count("ml_program.global private"), 1)
        self.assertEqual(len(re.findall(r"func\.func @(?:first|second)\(", text)), 2)
        self.assertEqual(text.count('{seq.name = "total_next", seq.state = "total"}'), 2)

    def test_different_weights(self):
        with self.assertRaisesRegex(seqc.torch.ExportError, "two different ones named 'weight'"):
            self.path(self.calls(torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.zeros(3))))

    def test_unknown_state(self):
        weight = torch.nn.Parameter(torch.ones(3))
        for states in ({"total": "total"}, {"total_next": "y"}):
            with self.subTest(states), self.assertRaisesRegex(seqc.torch.ExportError, "expects states to be"):
                self.path(self.calls(weight, weight, states=states))


if __name__ == "__main__":
    unittest.main()
