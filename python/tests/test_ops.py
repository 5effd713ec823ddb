# SPDX-License-Identifier: Apache-2.0
"""seqc.ops in PyTorch: direct sums and recurrences written here in numpy, golden values, gradients, chunks, what torch requires of operators."""

import math
import unittest

import numpy as np

from torch_support import needs_torch, torch

if torch is not None:
    from seqc import ops

RNG = np.random.default_rng(11)
LENGTHS = ((0, 3), (1, 1), (5, 3), (7, 7), (8, 13), (31, 4))  # (L, LK)


def golden(s, shape):
    """The generator of the golden values: sin(1.3 s + 0.37 i) over the flat index i."""
    return np.sin(1.3 * s + 0.37 * np.arange(math.prod(shape))).reshape(shape)


def t(array):
    return torch.from_numpy(np.ascontiguousarray(array))


def normal(*shape):
    return RNG.standard_normal(shape)


# Direct forms


def causal_sum(v, k):
    y = np.zeros_like(v)
    for i in range(v.shape[-1]):
        for s in range(i + 1):
            if i - s < k.shape[-1]:
                y[..., i] += k[..., i - s] * v[..., s]
    return y


def circular_sum(v, k):
    y, n = np.zeros_like(v), v.shape[-1]
    for i in range(n):
        for j in range(k.shape[-1]):
            y[..., i] += k[..., j] * v[..., (i - j) % n]
    return y


def reverse_sum(v, k, offset):
    y = np.zeros_like(v)
    for i in range(v.shape[-1]):
        for s in range(i + offset, v.shape[-1]):
            if s - i - offset < k.shape[-1]:
                y[..., i] += k[..., s - i - offset] * v[..., s]
    return y


def scan_loop(a, b, h):
    out = np.zeros(b.shape, np.result_type(a, b))
    for i in range(b.shape[-1]):
        h = (a if a.ndim == 1 else a[..., i]) * h + b[..., i]
        out[..., i] = h
    return out, h


def softplus(x):
    return np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20))))


def selective_loop(u, delta, A, B, C, D=0.0, z=None, bias=0.0, h=None, soft=False):
    """One batch entry after the other, one state after the other; B and C [B, G, N, L]."""
    y, final = np.zeros_like(u), np.zeros(u.shape[:2] + A.shape[1:]) if h is None else h.copy()
    for b, d, i in np.ndindex(*u.shape):
        dt = delta[b, d, i] + bias[d] if np.ndim(bias) else delta[b, d, i] + bias
        dt = softplus(dt) if soft else dt
        g = d // (u.shape[1] // B.shape[1])
        for n in range(A.shape[1]):
            final[b, d, n] = np.exp(dt * A[d, n]) * final[b, d, n] + dt * B[b, g, n, i] * u[b, d, i]
            y[b, d, i] += C[b, g, n, i] * final[b, d, n]
        y[b, d, i] += (D[d] if np.ndim(D) else D) * u[b, d, i]
        if z is not None:
            y[b, d, i] *= z[b, d, i] / (1 + np.exp(-z[b, d, i]))
    return y, final


class Case(unittest.TestCase):
    def close(self, got, want, tolerance=1e-10):
        got = got.detach().numpy() if hasattr(got, "detach") else got
        self.assertEqual(got.shape, np.shape(want))
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@needs_torch
class Convolutions(Case):
    def test_modes(self):
        for length, taps in LENGTHS:
            u, k, r = normal(2, 6, length), normal(3, taps), normal(2, taps + 1)
            rows, reverse_rows = k.repeat(2, 0), r.repeat(3, 0)
            with self.subTest(L=length, LK=taps):
                self.close(ops.long_conv(t(u), t(k)), causal_sum(u, rows))
                self.close(ops.long_conv(t(u), t(k), mode="circular"), circular_sum(u, rows))
                for offset in (0, 1):
                    y = ops.long_conv(t(u), t(k), t(r), mode="bidirectional", reverse_offset=offset)
                    self.close(y, causal_sum(u, rows) + reverse_sum(u, reverse_rows, offset))

    def test_gates_and_skip(self):
        u, k, p, q, d = normal(2, 4, 9), normal(4, 5), normal(2, 4, 9), normal(2, 4, 9), normal(4)
        expected = q * (causal_sum(u * p, k) + d[:, None] * u * p)
        self.close(ops.long_conv(t(u), t(k), skip=t(d), pre_gate=t(p), post_gate=t(q)), expected)

    def test_golden(self):
        k0, k1, u = (t(golden(s, (1, 6))) for s in (1, 2, 3))
        y = {o: float(ops.long_conv(u[None], k0, k1, mode="bidirectional", reverse_offset=o)[0, 0, 2]) for o in (0, 1)}
        self.assertAlmostEqual(y[1], -3.000507, delta=5e-7)
        self.assertAlmostEqual(y[0], -2.722767, delta=5e-7)

    def test_reversal(self):
        """With lag 0 in both kernels, swapping the kernels and reversing time reverses the result; S4's convention has a mirrored pair."""
        u, k, r = t(normal(2, 3, 11)), t(normal(3, 11)), t(normal(3, 11))
        twice = {"mode": "bidirectional", "reverse_offset": 0}
        self.close(ops.long_conv(u.flip(-1), r, k, **twice).flip(-1), ops.long_conv(u, k, r, **twice).numpy())
        once = {"mode": "bidirectional", "reverse_offset": 1}
        self.close(ops.long_conv(u.flip(-1), torch.cat([k[:, :1], r], 1), k[:, 1:], **once).flip(-1), ops.long_conv(u, k, r, **once).numpy())

    def test_chunks(self):
        u, k, d = normal(2, 4, 23), t(normal(2, 9)), t(normal(4))
        whole = ops.long_conv(t(u), k, skip=d).numpy()
        for chunk in (1, 7, 8, 23):
            tail, parts = None, []
            for begin in range(0, 23, chunk):
                y, tail = ops.long_conv_tail(t(u[..., begin : begin + chunk]), k, tail, skip=d)
                parts.append(y.numpy())
            with self.subTest(chunk=chunk):
                self.close(np.concatenate(parts, -1), whole)

    def test_short(self):
        for length in (0, 1, 2, 9):
            u, w, bias, state = normal(2, 3, length), normal(3, 4), normal(3), normal(2, 3, 3)
            x = np.concatenate([state, u], -1)
            linear = bias[:, None] + sum(w[:, j, None] * x[..., j : j + length] for j in range(4))
            with self.subTest(L=length):
                y, after = ops.short_conv_state(t(u), t(w), t(state), t(bias))
                self.close(y, linear)
                self.close(after, x[..., length:])
                y, _ = ops.short_conv_state(t(u), t(w), t(state), t(bias), activation="silu")
                self.close(y, linear / (1 + np.exp(-linear)))
                reference = torch.nn.functional.conv1d(t(u), t(w)[:, None], t(bias), padding=3, groups=3)[..., :length] if length else t(u)
                self.close(ops.short_conv(t(u), t(w), t(bias)), reference.numpy())

    def test_refused(self):
        u, k = t(normal(1, 4, 5)), t(normal(3, 2))
        for call, message in (
            (lambda: ops.long_conv(u, k), "divide D = 4, but got 3"),
            (lambda: ops.long_conv(u, k[:2], mode="same"), "mode to be one of"),
            (lambda: ops.long_conv(u, k[:2], mode="bidirectional"), "k_rev in mode bidirectional"),
            (lambda: ops.long_conv_tail(u, k[:2], u), "tail of LK - 1 = 1, but got 5"),
            (lambda: ops.short_conv(u, k), "expects u"),
        ):
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                call()


@needs_torch
class Scans(Case):
    def test_linear(self):
        for length in (0, 1, 2, 7, 33):
            for complex_numbers in (False, True):
                make = (lambda *s: normal(*s) + 1j * normal(*s)) if complex_numbers else normal
                b, h0 = make(2, 3, length), make(2, 3)
                for a in (0.7 * make(3), 0.7 * make(2, 3, length)):
                    with self.subTest(L=length, complex=complex_numbers, rank=a.ndim):
                        for got, want in zip(ops.linear_scan(t(a), t(b), t(h0)), scan_loop(a, b, h0)):
                            self.close(got, want)
                        h, final = ops.linear_scan(t(a), t(b), reverse=True)
                        want, last = scan_loop(a if a.ndim == 1 else a[..., ::-1], b[..., ::-1], 0 * h0)
                        self.close(h, want[..., ::-1])
                        self.close(final, last)

    def test_selective(self):
        for length in (0, 1, 9):
            u, delta, z = normal(2, 4, length), normal(2, 4, length), normal(2, 4, length)
            A, B, C, D, bias, h = -np.exp(normal(4, 3)), normal(2, 2, 3, length), normal(2, 2, 3, length), normal(4), normal(4), normal(2, 4, 3)
            with self.subTest(L=length):
                got = ops.selective_scan(t(u), t(delta), t(A), t(B), t(C), t(D), t(z), t(bias), t(h), delta_softplus=True)
                for g, want in zip(got, selective_loop(u, delta, A, B, C, D, z, bias, h, True)):
                    self.close(g, want)
                constant = np.broadcast_to(B[:1, :1, :, :1] if length else normal(1, 1, 3, 1), (2, 4, 3, length))
                row = np.ascontiguousarray(np.broadcast_to(constant[0, :, :, 0], (4, 3))) if length else normal(4, 3)
                for g, want in zip(ops.selective_scan(t(u), t(0.1 * delta), t(A), t(row), t(row)), selective_loop(u, 0.1 * delta, A, constant, constant)):
                    self.close(g, want)

    def test_packed(self):
        """Sequences in one row, an empty one among them and room at the end, against each by itself."""
        bounds = [0, 3, 3, 4, 11]
        u, delta, A, B, C, D, h = normal(1, 4, 13), normal(1, 4, 13) ** 2, -np.exp(normal(4, 2)), normal(1, 1, 2, 13), normal(1, 1, 2, 13), normal(4), normal(4, 4, 2)
        y, final = ops.selective_scan(t(u), t(delta), t(A), t(B), t(C), t(D), initial=t(h), cu_seqlens=torch.tensor(bounds, dtype=torch.int32))
        for s, (begin, end) in enumerate(zip(bounds, bounds[1:])):
            cut = [x[..., begin:end] for x in (u, delta, B, C)]
            want, last = selective_loop(cut[0], cut[1], A, cut[2], cut[3], D, h=h[s : s + 1])
            self.close(y[..., begin:end], want)
            self.close(final[s], last[0])
        self.close(y[..., 11:], np.zeros((1, 4, 2)))

    def test_chunks(self):
        u, delta, A, B, C = normal(2, 4, 21), normal(2, 4, 21) ** 2, -np.exp(normal(4, 3)), normal(2, 1, 3, 21), normal(2, 1, 3, 21)
        whole, last = ops.selective_scan(t(u), t(delta), t(A), t(B), t(C))
        a = normal(2, 4, 21) * 0.7
        scanned, _ = ops.linear_scan(t(a), t(u))
        for chunk in (1, 7, 21):
            h, g, parts, linear = None, None, [], []
            for begin in range(0, 21, chunk):
                cut = [t(x[..., begin : begin + chunk]) for x in (u, delta, B, C, a)]
                y, h = ops.selective_scan(cut[0], cut[1], t(A), cut[2], cut[3], initial=h)
                x, g = ops.linear_scan(cut[4], cut[0], g)
                parts.append(y.numpy())
                linear.append(x.numpy())
            with self.subTest(chunk=chunk):
                self.close(np.concatenate(parts, -1), whole.numpy())
                self.close(np.concatenate(linear, -1), scanned.numpy())
                self.close(h, last.numpy())

    def test_golden_mamba(self):
        delta = softplus(golden(2, (6, 2))).T[None]
        A, B, C, x = -np.exp(golden(1, (2, 3))), golden(3, (6, 3)).T[None, None], golden(4, (6, 3)).T[None, None], golden(5, (6, 2)).T[None]
        y, _ = ops.selective_scan(t(x), t(delta), t(A), t(B), t(C), t(np.full(2, 0.5)))
        self.close(y[0, :, 5], [-0.869285, -1.171557], 5e-7)

    def test_golden_rg_lru(self):
        x, r, i = golden(1, (6,)), 1 / (1 + np.exp(-golden(2, (6,)))), 1 / (1 + np.exp(-golden(3, (6,))))
        log_a = -8 * r * softplus(0.5)
        scale = np.where(np.arange(6) == 0, 1.0, np.sqrt(-np.expm1(2 * log_a)))
        h, _ = ops.linear_scan(t(np.exp(log_a)[None, None]), t((scale * i * x)[None, None]))
        self.assertAlmostEqual(float(h[0, 0, 5]), 0.011833, delta=5e-7)

    def test_golden_lru(self):
        a = np.exp(-np.exp(golden(1, (3,))) + 1j * np.exp(golden(2, (3,))))
        B, C = golden(3, (3, 2)) + 1j * golden(4, (3, 2)), golden(5, (2, 3)) + 1j * golden(6, (2, 3))
        u = golden(7, (8, 2))
        x, _ = ops.linear_scan(t(a), t((np.sqrt(1 - abs(a) ** 2)[:, None] * (B @ u.T))[None]))
        self.close((C @ x[0].numpy()).real[:, 7] + 0.5 * u[7], [-0.732621, -2.859629], 5e-7)

    def test_golden_s5(self):
        A, dt = -0.5 + 1j * np.arange(1, 4), np.array([0.1, 0.2, 0.3])
        B, D, u = golden(1, (3, 2)) + 1j * golden(2, (3, 2)), golden(5, (2,)), golden(6, (8, 2))
        C, C2 = (golden(s, (2, 3)) + 1j * golden(s + 1, (2, 3)) for s in (3, 7))
        a = np.exp(dt * A)
        b = t((((a - 1) / A)[:, None] * (B @ u.T))[None])
        forward, backward = (ops.linear_scan(t(a), b, reverse=r)[0][0].numpy() for r in (False, True))
        y = 2 * (C @ forward).real + D[:, None] * u.T
        self.close(y[:, 7], [-0.705095, 2.893816], 5e-7)
        self.close((y + 2 * (C2 @ backward).real)[:, 3], [1.630230, 1.280921], 5e-7)


@needs_torch
class Kernels(Case):
    A = -0.5 + 1j * np.pi * np.arange(4)
    C = golden(1, (1, 4)) + 1j * golden(2, (1, 4))

    def kernel(self, length, **options):
        return ops.ssm_kernel(t(self.A), torch.ones(4, dtype=torch.complex128), t(self.C), torch.full((1,), 0.1, dtype=torch.float64), length, **options)

    def test_golden_s4d(self):
        self.close(self.kernel(6)[0], [0.705986, 0.567713, 0.292349, 0.032135, -0.092147, -0.064693], 5e-7)
        self.close(self.kernel(6, discretization="bilinear")[0], [0.690066, 0.571596, 0.323197, 0.065745, -0.088946, -0.101074], 5e-7)

    def test_golden_dss(self):
        A = -0.5 + 1j * np.pi * np.arange(1, 5)
        k = ops.ssm_kernel(t(A), torch.ones(4, dtype=torch.complex128), t(self.C), torch.full((1,), 0.1, dtype=torch.float64), 5, conjugate=False)
        self.close(k[0], [0.331896, 0.155874, -0.083061, -0.191611, -0.135329], 5e-7)
        one, dt = torch.ones(4, dtype=torch.complex128), torch.full((1,), 0.1, dtype=torch.float64)
        k = ops.ssm_kernel(t(A), one, t(self.C), dt, 8, discretization="softmax", conjugate=False)
        self.close(k[0, :5], [-0.232547, -0.108096, 0.053916, 0.124473, 0.083726], 5e-7)

    def test_golden_mega(self):
        """The moving average of Mega: real eigenvalues log q with step 1, so that the input map is beta p undone by (q - 1) / log q."""
        p, damping = (1 / (1 + np.exp(-golden(s, (1, 3)))) for s in (1, 2))
        q, beta, gamma = 1 - p * damping, golden(3, (1, 3)), golden(4, (1, 3))
        one = torch.ones(1, dtype=torch.float64)
        k = ops.ssm_kernel(t(np.log(q)), t(p * beta * np.log(q) / (q - 1)), t(gamma / np.sqrt(3)), one, 10, conjugate=False)
        ema = ops.long_conv(t(golden(5, (1, 1, 10))), k)[0, 0]
        self.close(ema[[0, 9]], [0.137803, 0.084031], 5e-7)

    def test_golden_s4(self):
        """HiPPO-LegS of size 8: the normal part is diagonalised, C goes to its eigenbasis."""
        n = np.arange(8)
        root = np.sqrt(2 * n + 1)
        dense = np.where(n[:, None] > n, -root[:, None] * root, np.where(n[:, None] == n, -(n + 1.0), 0))
        P = np.sqrt(n + 0.5)
        w, V = np.linalg.eigh(-1j * (dense + np.outer(P, P) + np.eye(8) / 2))
        half = w > 0
        A, V = -0.5 + 1j * w[half], V[:, half]
        B, P, C = V.conj().T @ root, V.conj().T @ P, golden(1, (8,)) @ V
        k = ops.ssm_kernel(t(A), t(B), t(C[None]), torch.full((1,), 0.1, dtype=torch.float64), 16, P=t(P), discretization="bilinear")[0].numpy()
        self.close(k[[0, 1, 2, 3, 4, 5, 15]], [0.483492, 0.313178, -0.047170, -0.058178, 0.027246, 0.071333, 0.016966], 5e-7)
        y = ops.long_conv(t(golden(2, (1, 1, 16))), t(k[None]))[0, 0]
        self.close(y[12:], [0.297177, 0.504930, 0.644821, 0.694879], 5e-7)

    def test_convolution_is_recurrence(self):
        """Kernel and long convolution against the scan of the same system, both discretizations, one eigenvalue set per channel."""
        A, C, dt, u = t(-np.exp(normal(3, 4)) + 1j * normal(3, 4)), t(normal(3, 4) + 1j * normal(3, 4)), t(np.exp(normal(3) - 2)), t(normal(2, 3, 19))
        B = t(normal(3, 4) + 1j * normal(3, 4))
        step = dt[:, None] * A
        for name, a, b in (("zoh", torch.exp(step), torch.expm1(step) / A * B), ("bilinear", (1 + step / 2) / (1 - step / 2), dt[:, None] / (1 - step / 2) * B)):
            y = ops.long_conv(u, ops.ssm_kernel(A, B, C, dt, 19, discretization=name))
            inputs = (b[None, :, :, None] * u[:, :, None]).reshape(2, 12, 19)
            x = ops.linear_scan(a.reshape(12), inputs)[0].reshape(2, 3, 4, 19)
            with self.subTest(name):
                self.close(y, 2 * (C[None, :, :, None] * x).sum(2).real.numpy())


@needs_torch
class Structured(Case):
    def test_golden(self):
        out = ops.monarch(t(golden(3, (4,))), t(golden(1, (2, 3, 2))), t(golden(2, (3, 2, 2))))
        self.close(out, [-0.631207, -0.804732, -0.436546, -0.240654, -0.432700, 0.642278], 5e-7)
        out = ops.butterfly(t(golden(2, (8,))), t(golden(1, (3, 4, 2, 2))))
        self.close(out, [-1.166796, -0.098736, 1.371539, 0.471636, -1.289088, 0.200861, 1.768255, 0.149794], 5e-7)

    def test_fourier(self):
        """With its twiddles the butterfly behind a bit reversal is the discrete Fourier transform."""
        n, x = 16, normal(3, 16) + 1j * normal(3, 16)
        twiddle = np.empty((4, n // 2, 2, 2), complex)
        for i in range(4):
            stride = 1 << i
            w = np.tile(np.exp(-2j * np.pi * np.arange(stride) / (2 * stride)), n // (2 * stride))
            twiddle[i] = np.stack([np.stack([np.ones_like(w), w], -1), np.stack([np.ones_like(w), -w], -1)], -2)
        reversal = [int(f"{i:04b}"[::-1], 2) for i in range(n)]
        self.close(ops.butterfly(t(x[:, reversal]), t(twiddle)), np.fft.fft(x))

    def test_monarch_is_a_matrix(self):
        """Against the product of its two sparse matrices, written out; short inputs are filled up."""
        w1, w2 = normal(2, 6, 5), normal(4, 7, 3)
        first, second = np.zeros((12, 10)), np.zeros((28, 12))
        for k in range(2):
            first[6 * k : 6 * k + 6, 5 * k : 5 * k + 5] = w1[k]
        for l, s, r in np.ndindex(4, 7, 3):
            second[s * 4 + l, r * 4 + l] = w2[l, s, r]
        for n in (10, 8):
            x = normal(2, 3, n)
            self.close(ops.monarch(t(x), t(w1), t(w2)), x @ (second @ first)[:, :n].T)


@needs_torch
class Registration(Case):
    def samples(self):
        u, k, a = t(normal(2, 4, 5)), t(normal(2, 3)), t(0.5 * normal(2, 4, 5))
        z = t(normal(4, 3) + 1j * normal(4, 3))
        return {
            "long_conv": (u, k, k.clone(), t(normal(4)), a, a.clone(), "bidirectional", 0), "long_conv_tail": (u, k, t(normal(2, 4, 2))),
            "short_conv": (u, t(normal(4, 3)), t(normal(4)), "silu"), "short_conv_state": (u, t(normal(4, 3)), t(normal(2, 4, 2))),
            "linear_scan": (a, u, t(normal(2, 4))), "selective_scan": (u, a, t(-np.exp(normal(4, 2))), t(normal(2, 2, 2, 5)), t(normal(2, 2, 2, 5)), t(normal(4)), a.clone()),
            "ssm_kernel": (z - 2, z + 1, z, t(np.exp(normal(4) - 2)), 6), "monarch": (u[..., :3], t(normal(2, 3, 2)), t(normal(3, 2, 2))),
            "butterfly": (a[..., :4].contiguous(), t(normal(2, 2, 2, 2)), False),
        }  # fmt: skip

    def test_opcheck(self):
        """torch's own checks: schema, shapes for tracing (static and dynamic), autograd registration."""
        for name, args in self.samples().items():
            with self.subTest(name):
                torch.library.opcheck(getattr(torch.ops.seqc, name).default, args)

    def test_gradients(self):
        for name, args in self.samples().items():
            places = [i for i, x in enumerate(args) if isinstance(x, torch.Tensor)]

            def call(*tensors):
                full = list(args)
                for i, x in zip(places, tensors):
                    full[i] = x
                return getattr(torch.ops.seqc, name)(*full)

            with self.subTest(name):
                self.assertTrue(torch.autograd.gradcheck(call, [args[i].clone().requires_grad_() for i in places]))

    def test_sixteen_bit(self):
        """Sums and states are f32, results 16-bit."""
        u, k = t(normal(1, 2, 40)).bfloat16(), t(normal(2, 40)).float()
        y, tail = ops.long_conv_tail(u, k)
        self.assertEqual((y.dtype, tail.dtype), (torch.bfloat16, torch.float32))
        self.assertTrue(torch.equal(y, ops.long_conv(u.float(), k).bfloat16()))
        h, final = ops.linear_scan(torch.full((2,), 0.5).bfloat16(), u)
        self.assertEqual((h.dtype, final.dtype), (torch.bfloat16, torch.float32))

    def test_stays_whole(self):
        class Model(torch.nn.Module):
            def forward(self, u, k, w):
                return ops.linear_scan(torch.full((4,), 0.5, dtype=u.dtype), ops.short_conv(ops.long_conv(u, k), w))[0]

        u, k, _ = self.samples()["long_conv_tail"]
        length = torch.export.Dim("L", min=1)
        program = torch.export.export(Model(), (u, k, t(normal(4, 3))), dynamic_shapes=({2: length}, None, None)).run_decompositions()
        targets = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
        self.assertEqual([x for x in targets if x.startswith("seqc")], ["seqc.long_conv.default", "seqc.short_conv.default", "seqc.linear_scan.default"])


if __name__ == "__main__":
    unittest.main()
