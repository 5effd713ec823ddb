# SPDX-License-Identifier: Apache-2.0
"""Sequence operators, Fourier transforms and complex arithmetic of the importer against PyTorch: in the reference interpreter in f64, and compiled in f32."""

import unittest

from torch_support import Compiled, TorchCase, needs_compiler, needs_interpreter, needs_torch, torch

if torch is not None:
    from seqc import ops

    B, L = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1)
    SIZES = ((3, 5), (1, 1), (2, 17))
    SEQUENCE = {0: B, 2: L}


def floats(*shape):
    return torch.randn(shape)


def pair(x):
    """A complex function's result as a real tensor."""
    return torch.view_as_real(x)


@needs_torch
@needs_interpreter
class Convolutions(TorchCase):
    def test_long(self):
        k, r, d = floats(2, 7), floats(2, 4), floats(4)
        functions = {
            "causal": lambda u, p: ops.long_conv(u, k), "skip": lambda u, p: ops.long_conv(u, k, skip=d), "gates": lambda u, p: ops.long_conv(u, k, None, d, p, p),
            "circular": lambda u, p: ops.long_conv(u, k, mode="circular"),
            "once": lambda u, p: ops.long_conv(u, k, r, mode="bidirectional"), "twice": lambda u, p: ops.long_conv(u, k, r, d, mode="bidirectional", reverse_offset=0),
            "kernel of the input": lambda u, p: ops.long_conv(u, p[0]),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, 4, n), floats(b, 4, n)), SIZES, (SEQUENCE, SEQUENCE))

    def test_states(self):
        k, w, bias = floats(4, 7), floats(4, 3), floats(4)
        functions = {
            "tail": lambda u, t, s: ops.long_conv_tail(u, k, t)[0], "tail out": lambda u, t, s: ops.long_conv_tail(u, k, t)[1],
            "first tail": lambda u, t, s: ops.long_conv_tail(u, k)[1], "short": lambda u, t, s: ops.short_conv(u, w, bias, activation="silu"),
            "state": lambda u, t, s: ops.short_conv_state(u, w, s, bias)[0], "state out": lambda u, t, s: ops.short_conv_state(u, w, s)[1],
            "first state": lambda u, t, s: ops.short_conv_state(u, w)[1],
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, 4, n), floats(b, 4, 6), floats(b, 4, 2)), SIZES, (SEQUENCE, {0: B}, {0: B}))


@needs_torch
@needs_interpreter
class Scans(TorchCase):
    def test_linear(self):
        a = 0.9 * torch.rand(4)
        functions = {
            "constant": lambda b, c, h: ops.linear_scan(a, b)[0], "varying": lambda b, c, h: ops.linear_scan(torch.sigmoid(c), b)[0],
            "reverse": lambda b, c, h: ops.linear_scan(a, b, h, reverse=True)[0], "final": lambda b, c, h: ops.linear_scan(a, b, h)[1],
            "reverse final": lambda b, c, h: ops.linear_scan(torch.sigmoid(c), b, reverse=True)[1],
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, 4, n), floats(b, 4, n), floats(b, 4)), SIZES, (SEQUENCE, SEQUENCE, {0: B}))

    def test_complex(self):
        a = torch.polar(0.5 + 0.4 * torch.rand(4), 3 * torch.randn(4))
        functions = {
            "constant": lambda b, c: pair(ops.linear_scan(a, torch.complex(b, c))[0]),
            "varying": lambda b, c: pair(ops.linear_scan(a[:, None] * torch.complex(b, c).abs().clamp(max=1), torch.complex(b, c))[0]),
            "final": lambda b, c: pair(ops.linear_scan(a, torch.complex(b, c), reverse=True)[1]),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, 4, n), floats(b, 4, n)), SIZES, (SEQUENCE, SEQUENCE))

    def test_selective(self):
        A, D, bias, constant = -torch.rand(4, 3), floats(4), floats(4), floats(4, 3)
        functions = {
            "plain": lambda u, z, c, h: ops.selective_scan(u, torch.sigmoid(z), A, c, c)[0],
            "all": lambda u, z, c, h: ops.selective_scan(u, z, A, c, c, D, z, bias, h, delta_softplus=True)[0],
            "final": lambda u, z, c, h: ops.selective_scan(u, z, A, c, c, D, z, bias, h, delta_softplus=True)[1],
            "constant": lambda u, z, c, h: ops.selective_scan(u, torch.sigmoid(z), A, constant, constant, D)[0],
        }  # fmt: skip
        self.check_functions(
            functions, lambda b, n: (floats(b, 4, n), floats(b, 4, n), floats(b, 2, 3, n), floats(b, 4, 3)), SIZES, (SEQUENCE, SEQUENCE, {0: B, 3: L}, {0: B}),
        )  # fmt: skip


@needs_torch
@needs_interpreter
class Kernels(TorchCase):
    def test_diagonal(self):
        a, c, dt = torch.complex(-torch.rand(4, 3), 6 * torch.randn(4, 3)), torch.complex(floats(4, 3), floats(4, 3)), 0.1 * torch.rand(4)
        one = torch.complex(torch.ones(3), torch.zeros(3))
        functions = {
            name: lambda x, options=options: x.sum() + ops.ssm_kernel(a, one, c, dt, x.shape[1], **options)
            for name, options in {"zoh": {}, "one half": {"conjugate": False}, "bilinear": {"discretization": "bilinear"}, "softmax": {"discretization": "softmax"}}.items()
        }
        self.check_functions(functions, lambda b, n: (floats(b, n),), SIZES, ({0: B, 1: L},))

    def test_low_rank(self):
        a, p, c = torch.complex(-torch.rand(3) - 0.5, 5 * torch.rand(3)), torch.complex(floats(3), floats(3)), torch.complex(floats(4, 3), floats(4, 3))
        dt = 0.1 * torch.rand(4)
        self.check_functions({"kernel": lambda x: x + ops.ssm_kernel(a, p, c, dt, 33, p, "bilinear")}, lambda b: (floats(b, 4, 33),), ((3,), (1,)), ({0: B},))


@needs_torch
@needs_interpreter
class Fourier(TorchCase):
    @staticmethod
    def functions():
        def padded(x):
            return torch.fft.irfft(torch.fft.rfft(x, n=2 * x.shape[1]) * 0.5, n=2 * x.shape[1])

        return {
            "rfft": lambda x: pair(torch.fft.rfft(x)), "padded": padded, "fft": lambda x: pair(torch.fft.fft(torch.complex(x, 1 - x))),
            "ifft": lambda x: pair(torch.fft.ifft(torch.complex(x, 1 - x))), "ortho": lambda x: pair(torch.fft.fft(torch.complex(x, x), norm="ortho")),
            "inverse ortho": lambda x: pair(torch.fft.ifft(torch.complex(x, x), norm="ortho")), "forward": lambda x: pair(torch.fft.rfft(x, norm="forward")),
            "of a real": lambda x: pair(torch.fft.fft(x)), "cut": lambda x: torch.fft.irfft(torch.fft.rfft(x, n=12), n=9),
        }  # fmt: skip

    def test_static(self):
        for n in (1, 2, 7, 30, 64):
            self.check_functions(self.functions(), lambda b, n=n: (floats(b, n),), ((3,), (1,)), ({0: B},))

    def test_other_dims(self):
        functions = {"rfft": lambda x: pair(torch.fft.rfft(x, dim=1)), "fft2": lambda x: pair(torch.fft.fft2(torch.complex(x, 1 - x)))}
        self.check_functions(functions, lambda b: (floats(b, 6, 5),), ((3,), (1,)), ({0: B},))


@needs_torch
@needs_interpreter
class FourierOfAnyLength(TorchCase):
    """The compiler refuses transforms of a dynamic length; the importer and the interpreter have them."""

    def test_dynamic(self):
        functions = {name: f for name, f in Fourier.functions().items() if name != "cut"}  # that one holds for short inputs alone
        self.check_functions(functions, lambda b, n: (floats(b, n),), SIZES, ({0: B, 1: L},))


@needs_torch
@needs_interpreter
class ComplexNumbers(TorchCase):
    def test_arithmetic(self):
        w = torch.complex(floats(4), floats(4))
        functions = {
            "create": lambda x, y: pair(torch.complex(x, y)), "sum": lambda x, y: pair(torch.complex(x, y) + w), "difference": lambda x, y: pair(w - torch.complex(x, y)),
            "product": lambda x, y: pair(torch.complex(x, y) * w), "quotient": lambda x, y: pair(torch.complex(x, y) / w), "with a real": lambda x, y: pair(w * x),
            "with a number": lambda x, y: pair(torch.complex(x, y) * (2 - 1j) + 3), "exp": lambda x, y: pair(torch.exp(torch.complex(x, y))),
            "abs": lambda x, y: torch.complex(x, y).abs(), "conj": lambda x, y: pair((torch.complex(x, y) * w).conj() * 1.0), "neg": lambda x, y: pair(-torch.complex(x, y)),
            "polar": lambda x, y: pair(torch.polar(x.abs(), y)), "real": lambda x, y: (torch.complex(x, y) * w).real, "imag": lambda x, y: (torch.complex(x, y) * w).imag,
            "total": lambda x, y: pair(torch.complex(x, y).sum(1)), "pairs": lambda x, y: torch.view_as_complex(torch.stack([x, y], -1)).abs(),
            "power": lambda x, y: pair(torch.complex(x, y) ** 3), "matmul": lambda x, y: pair(torch.complex(x, y) @ torch.complex(y, x).transpose(1, 2)),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 4), floats(b, n, 4)), SIZES, ({0: B, 1: L}, {0: B, 1: L}))


@needs_torch
@needs_interpreter
class Structured(TorchCase):
    def test_matrices(self):
        w1, w2, twiddle = floats(2, 3, 2), floats(3, 5, 2), floats(2, 2, 2, 2)
        functions = {
            "monarch": lambda x: ops.monarch(x, w1, w2), "filled up": lambda x: ops.monarch(x[..., :3], w1, w2),
            "increasing": lambda x: ops.butterfly(x, twiddle), "decreasing": lambda x: ops.butterfly(x, twiddle, False),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 4),), SIZES, ({0: B, 1: L},))


def compiled(case):
    """The same tests through the whole compiler."""
    return needs_torch(needs_compiler(type(f"Compiled{case.__name__}", (Compiled, case), {"tolerance": 5e-5})))


CompiledConvolutions = compiled(Convolutions)
CompiledScans = compiled(Scans)
CompiledKernels = compiled(Kernels)
CompiledFourier = compiled(Fourier)
CompiledComplexNumbers = compiled(ComplexNumbers)
CompiledStructured = compiled(Structured)

if __name__ == "__main__":
    unittest.main()
