# SPDX-License-Identifier: Apache-2.0
"""Every ATen operator of the importer against PyTorch, through the reference interpreter, at several sizes of the dynamic dims."""

import unittest

from torch_support import Outputs, TorchCase, needs_interpreter, needs_torch, numpy_of, torch

if torch is not None:
    import torch.nn.functional as F

    B, L = torch.export.Dim("B", min=1), torch.export.Dim("L", min=1)
    SIZES = ((3, 5), (1, 1), (2, 17))


def floats(*shape, low=-2.0, high=2.0):
    return torch.empty(shape).uniform_(low, high)


@needs_torch
@needs_interpreter
class Pointwise(TorchCase):
    def test_unary(self):
        functions = {
            "exp": torch.exp, "exp2": torch.exp2, "expm1": torch.expm1, "tanh": torch.tanh, "erf": torch.erf, "sin": torch.sin, "cos": torch.cos,
            "abs": torch.abs, "neg": torch.neg, "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "trunc": torch.trunc,
            "sigmoid": torch.sigmoid, "relu": F.relu, "silu": F.silu, "gelu": F.gelu, "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
            "leaky_relu": lambda x: F.leaky_relu(x, 0.1), "elu": F.elu, "softplus": F.softplus, "sign": torch.sign, "square": torch.square,
            "hardtanh": F.hardtanh, "isnan": lambda x: torch.isnan(x / (x - x)), "isinf": lambda x: torch.isinf(1 / (x - x)),
            "hardswish": F.hardswish, "mish": F.mish, "relu6": F.relu6, "glu": lambda x: F.glu(x, -1), "logsigmoid": F.logsigmoid,
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 4),), SIZES, ({0: B, 1: L},))

    def test_positive(self):
        functions = {
            "log": torch.log, "log2": torch.log2, "log1p": torch.log1p, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal,
            "pow 0.5": lambda x: x**0.5, "pow -0.5": lambda x: x**-0.5, "pow 3": lambda x: x**3, "pow -2": lambda x: x**-2, "pow 0": lambda x: x**0,
            "pow 1.7": lambda x: x**1.7, "pow tensor": lambda x: x**x, "pow of a number": lambda x: 2.0**x,
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, low=0.25),), SIZES, ({0: B, 1: L},))

    def test_binary(self):
        functions = {
            "add": lambda x, y: x + y, "add alpha": lambda x, y: torch.add(x, y, alpha=0.5), "add number": lambda x, y: x + 1.5,
            "sub": lambda x, y: x - y, "rsub": lambda x, y: 2 - x, "mul": lambda x, y: x * y, "div": lambda x, y: x / (y + 3),
            "maximum": torch.maximum, "minimum": torch.minimum, "floor_divide": lambda x, y: x // (y + 3),
            "div trunc": lambda x, y: torch.div(x, y + 3, rounding_mode="trunc"), "remainder": lambda x, y: x % (y + 3), "fmod": lambda x, y: torch.fmod(x, y + 3),
            "eq": lambda x, y: x == y, "ne": lambda x, y: x != y, "lt": lambda x, y: x < y, "le": lambda x, y: x <= y, "gt": lambda x, y: x > y,
            "ge number": lambda x, y: x >= 0.25, "and": lambda x, y: (x < y) & (x > 0), "or": lambda x, y: (x < y) | (x > 0),
            "xor": lambda x, y: (x < y) ^ (x > 0), "not": lambda x, y: ~(x < y), "logical_not": lambda x, y: torch.logical_not(x),
            "where": lambda x, y: torch.where(x < y, x, y), "where number": lambda x, y: torch.where(x < y, x, 0.0),
            "masked_fill": lambda x, y: x.masked_fill(y < 0, -1e9), "clamp": lambda x, y: x.clamp(-0.5, 0.5), "clamp_min": lambda x, y: x.clamp(min=0.1),
            "clamp_max tensor": lambda x, y: torch.clamp(x, max=y), "lerp": lambda x, y: torch.lerp(x, y + x, 0.3),
            "addcmul": lambda x, y: torch.addcmul(x, x, y + x, value=0.5),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 3), floats(n, 1)), SIZES, ({0: B, 1: L}, {0: L}))

    def test_integers(self):
        functions = {
            "add": lambda i, j: i + j, "sub": lambda i, j: i - 2, "mul": lambda i, j: i * j, "floor div": lambda i, j: i // j,
            "remainder": lambda i, j: i % j, "true div": lambda i, j: i / j, "compare": lambda i, j: i < j, "neg": lambda i, j: -i, "abs": lambda i, j: abs(i),
            "max": torch.maximum, "to f64": lambda i, j: i.double() * 0.5, "to i32": lambda i, j: (i + j).int(), "to bool": lambda i, j: (i - j).bool(),
            "of bool": lambda i, j: (i < j).long() + (i < j).double(), "clamp": lambda i, j: i.clamp(-1, 2), "and": lambda i, j: i & j,
            "mixed": lambda i, j: i * 0.5 + j, "square": lambda i, j: i**2, "sum": lambda i, j: i.sum(1), "amax": lambda i, j: i.amax(1),
        }  # fmt: skip

        def make(b, n):
            return torch.randint(-9, 9, (b, n)), torch.randint(1, 5, (b, n))

        self.check_functions(functions, make, SIZES, ({0: B, 1: L}, {0: B, 1: L}))


@needs_torch
@needs_interpreter
class Reductions(TorchCase):
    def test_reductions(self):
        functions = {
            "sum": torch.sum, "sum dim": lambda x: x.sum(1), "sum dims keep": lambda x: x.sum((0, 2), keepdim=True), "mean": torch.mean,
            "mean last": lambda x: x.mean(-1), "mean over L": lambda x: x.mean(1, keepdim=True), "mean over B, L": lambda x: x.mean((0, 1)),
            "amax": lambda x: x.amax(2), "amin": lambda x: x.amin((0, 1)), "max": torch.max, "min": torch.min, "prod": lambda x: x.prod(2),
            "any": lambda x: (x > 1.9).any(1), "all": lambda x: (x > -1.9).all(2), "var": lambda x: x.var(-1), "var 0": lambda x: x.var(-1, correction=0),
            "std": lambda x: x.std(-1, keepdim=True), "softmax": lambda x: x.softmax(-1), "softmax L": lambda x: x.softmax(1),
            "log_softmax": lambda x: x.log_softmax(-1), "logsumexp": lambda x: x.logsumexp(1), "norm": lambda x: x.norm(dim=-1),
            "norm 1": lambda x: torch.linalg.vector_norm(x, 1, dim=1), "normalize": lambda x: F.normalize(x, dim=-1),
            "masked softmax": lambda x: x.masked_fill(x < 0, float("-inf")).masked_fill(x == x.amax(-1, keepdim=True), 0.0).softmax(-1),
            "cosine_similarity": lambda x: F.cosine_similarity(x, x + 1, dim=-1), "nll": lambda x: -x.log_softmax(-1)[..., 2].mean(),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 6),), SIZES, ({0: B, 1: L},))

    def test_normalisation(self):
        class Norms(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer, self.plain = torch.nn.LayerNorm(8), torch.nn.LayerNorm((4, 8), elementwise_affine=False)
                self.no_bias, self.rms = torch.nn.LayerNorm(8, eps=1e-3, bias=False), torch.nn.RMSNorm(8, eps=1e-6)
                self.batch, self.group = torch.nn.BatchNorm1d(4), torch.nn.GroupNorm(2, 4)
                for p in self.parameters():
                    torch.nn.init.uniform_(p, 0.5, 1.5)
                self.batch.running_mean.uniform_(-1, 1)
                self.batch.running_var.uniform_(0.5, 2)

            def forward(self, x):
                return self.layer(x), self.plain(x), self.no_bias(x), self.rms(x), self.batch(x), self.group(x)

        module = Norms()
        path = self.export(module, (floats(5, 4, 8),), dynamic_shapes=({0: B},))
        for b in (5, 1, 7):
            self.check_at(path, module, (floats(b, 4, 8),), ["layer", "plain", "no_bias", "rms", "batch", "group"])


@needs_torch
@needs_interpreter
class Shapes(TorchCase):
    def test_views(self):
        functions = {
            "view": lambda x: x.view(x.shape[0], -1), "reshape": lambda x: x.reshape(-1, 6), "flatten": lambda x: x.flatten(0, 1), "flatten all": lambda x: x.reshape(-1),
            "unsqueeze": lambda x: x.unsqueeze(1), "unsqueeze end": lambda x: x.unsqueeze(-1), "squeeze": lambda x: x.unsqueeze(1).squeeze(1),
            "split heads": lambda x: x.view(x.shape[0], x.shape[1], 2, 3).transpose(1, 2), "heads back": lambda x: x.view(*x.shape[:2], 3, 2).transpose(1, 2).reshape(x.shape[0], -1),
            "permute": lambda x: x.permute(2, 0, 1), "transpose": lambda x: x.transpose(0, -1), "mT": lambda x: x.mT, "contiguous": lambda x: x.mT.contiguous(),
            "expand": lambda x: x.unsqueeze(2).expand(-1, -1, 4, -1), "repeat": lambda x: x.repeat(1, 2, 3), "repeat_interleave": lambda x: x.repeat_interleave(2, dim=2),
            "clone": lambda x: x.clone(), "detach": lambda x: x.detach(), "dropout": lambda x: F.dropout(x, 0.5, training=False),
            "unflatten": lambda x: x.unflatten(2, (2, 3)), "rank 0": lambda x: x.sum().view(1, 1) + x.amax().reshape(()), "movedim": lambda x: x.movedim(0, 2),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 6),), SIZES, ({0: B, 1: L},))

    def test_slices(self):
        functions = {
            "slice": lambda x: x[..., 1:4], "step": lambda x: x[..., ::2], "negative": lambda x: x[..., -2:], "from 1": lambda x: x[:, 1:],
            "but the last": lambda x: x[:, :-1], "select": lambda x: x[:, 0], "select last": lambda x: x[:, -1], "narrow": lambda x: x.narrow(2, 1, 3),
            "chunk": lambda x: torch.cat([p * (i + 1) for i, p in enumerate(x.chunk(3, -1))], -1), "split": lambda x: sum(p.sum() * (i + 1) for i, p in enumerate(x.split([1, 2, 3], -1))),
            "unbind": lambda x: x.unbind(-1)[1], "cat": lambda x: torch.cat([x, x[:, 1:]], 1), "stack": lambda x: torch.stack([x, -x], 1),
            "pad": lambda x: F.pad(x, (1, 2)), "pad L": lambda x: F.pad(x, (0, 0, 2, 0), value=1.5), "pad negative": lambda x: F.pad(x, (-1, 2)),
            "shift": lambda x: F.pad(x, (0, 0, 1, -1)), "rotate half": lambda x: torch.cat([-x[..., 3:], x[..., :3]], -1), "roll": lambda x: x.roll(1, 2),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 6),), ((3, 5), (1, 3), (2, 17)), ({0: B, 1: torch.export.Dim("L", min=3)},))

    def test_lookups(self):
        class Lookups(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.table = torch.nn.Embedding(11, 4)

            def forward(self, i, x):
                n = i.shape[1]
                return (
                    self.table(i), self.table.weight[i], x[:, i[0]], x.index_select(1, i[0]), x.gather(1, i.unsqueeze(-1).expand(-1, -1, 4)),
                    self.table.weight[:n], self.table.weight[-i - 1], x[torch.arange(i.shape[0]), i[:, 0]], self.table.weight.t()[:, i[0]],
                )  # fmt: skip

        module = Lookups()

        def make(b, n):
            return torch.randint(0, n, (b, n)), floats(b, n, 4)

        n = torch.export.Dim("L", min=1, max=11)
        path = self.export(module, make(3, 5), dynamic_shapes=({0: B, 1: n}, {0: B, 1: n}))
        for size in ((3, 5), (1, 1), (2, 11)):
            self.check_at(path, module, make(*size))
        self.assertIn('seq.assume = ["L <= 11"]', self.text(path))


@needs_torch
@needs_interpreter
class Creation(TorchCase):
    def test_creation(self):
        functions = {
            "arange": lambda x: torch.arange(x.shape[1]), "arange start": lambda x: torch.arange(2, x.shape[1] + 2), "arange step": lambda x: torch.arange(0, 20, 3),
            "arange down": lambda x: torch.arange(5, 0, -2), "arange float": lambda x: torch.arange(x.shape[1], dtype=torch.float64) * 0.5,
            "full": lambda x: torch.full((x.shape[0], 2), 1.5), "zeros": lambda x: torch.zeros(x.shape[1]), "ones_like": lambda x: torch.ones_like(x),
            "full_like": lambda x: torch.full_like(x, float("-inf")), "new_zeros": lambda x: x.new_zeros(x.shape[1], 3), "scalar": lambda x: x + torch.tensor(2.5),
            "constant": lambda x: x[..., :3] * torch.tensor([1.0, 2.0, 3.0]), "tril": lambda x: torch.tril(x), "triu 1": lambda x: torch.triu(x, 1),
            "causal mask": lambda x: torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril(), "bias mask": lambda x: torch.full((x.shape[1], x.shape[1]), float("-inf")).triu(1),
            "size as number": lambda x: x / x.shape[1], "root of a size": lambda x: x * x.shape[1] ** -0.5, "root by math": lambda x: x / torch._sym_sqrt(x.shape[1]), "size + 1": lambda x: x * (2 * x.shape[1] + x.shape[0]),
            "outer positions": lambda x: torch.arange(x.shape[1])[None, :] - torch.arange(x.shape[1])[:, None], "zero_": lambda x: x.clone().zero_() + 1,
            "in place": lambda x: (x + 1).mul_(2).add_(x), "masked_fill_": lambda x: x.clone().masked_fill_(x > 0, 0.0),
        }  # fmt: skip
        self.check_functions(functions, lambda b, n: (floats(b, n, 4),), SIZES, ({0: B, 1: L},))


@needs_torch
@needs_interpreter
class Products(TorchCase):
    def test_matmul(self):
        functions = {
            "2d": lambda a, b, m, v: m @ m.t(), "batched": lambda a, b, m, v: a @ b, "folded": lambda a, b, m, v: a @ m, "broadcast batch": lambda a, b, m, v: a @ b[:1],
            "vector": lambda a, b, m, v: a @ v, "vector matrix": lambda a, b, m, v: v @ m, "dot": lambda a, b, m, v: torch.dot(v, v), "mm": lambda a, b, m, v: torch.mm(m, m.t()),
            "bmm": lambda a, b, m, v: torch.bmm(a, b), "addmm": lambda a, b, m, v: torch.addmm(v[:1], m.t(), m, beta=0.5, alpha=2), "baddbmm": lambda a, b, m, v: torch.baddbmm(a[:, :, :1], a, b),
            "4d": lambda a, b, m, v: a.unsqueeze(1) @ b.unsqueeze(1).expand(-1, 2, -1, -1), "einsum": lambda a, b, m, v: torch.einsum("bik,bkj->bji", a, b),
            "einsum 3": lambda a, b, m, v: torch.einsum("bik,kj->bij", a, m), "matrix batch": lambda a, b, m, v: m.t() @ b, "outer": lambda a, b, m, v: torch.outer(v, v),
            "attention of rank 2": lambda a, b, m, v: F.scaled_dot_product_attention(m, m, m), "attention of rank 3": lambda a, b, m, v: F.scaled_dot_product_attention(a, a, a),
        }  # fmt: skip

        def make(b, n):
            return floats(b, n, 4), floats(b, 4, n), floats(4, 3), floats(4)

        self.check_functions(functions, make, SIZES, ({0: B, 1: L}, {0: B, 2: L}, None, None))

    def test_linear(self):
        module = torch.nn.Sequential(torch.nn.Linear(4, 7), torch.nn.Linear(7, 3, bias=False))
        path = self.export(module, (floats(3, 5, 4),), dynamic_shapes=({0: B, 1: L},))
        for b, n in SIZES:
            self.check_at(path, module, (floats(b, n, 4),))
        with self.subTest("one row"):
            self.check_at(self.export(module, (floats(4),)), module, (floats(4),))

    def test_half(self):
        """16-bit inputs accumulate in f32; composite operators compute in f32."""
        for dtype in (torch.float16, torch.bfloat16):
            functions = {"matmul": lambda a, b: a @ b, "softmax": lambda a, b: a.softmax(-1), "gelu": lambda a, b: F.gelu(a), "norm": lambda a, b: F.layer_norm(a, (4,)),
                         "sum": lambda a, b: a.sum(1), "cast": lambda a, b: a.float() * 2}  # fmt: skip
            module = Outputs(functions.values())
            args = (floats(2, 3, 4).to(dtype), floats(2, 4, 3).to(dtype))
            text = self.text(self.export(module, args))
            self.assertRegex(text, r"linalg.batch_matmul .*outs\(.* : tensor<2x3x3xf32>\)")
            self.assertRegex(text, r"arith.extf .*\n?")
            if dtype == torch.float16:
                for got, want in zip(self.run_graph(self.exported.path, [numpy_of(a) for a in args], len(functions)), module(*args)):
                    self.assertLess(abs(got.astype("f8") - numpy_of(want.double())).max(), 4e-3)


if __name__ == "__main__":
    unittest.main()
