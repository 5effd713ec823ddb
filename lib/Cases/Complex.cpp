// SPDX-License-Identifier: Apache-2.0
// Complex numbers: arithmetic and functions in bodies of linalg.map, sums, and ops that move elements.
#include "Lists.h"

namespace seqc::cases {

using interp::DType;

namespace {
/// A Graph in f32 or f64 and the words of its complex type.
struct ComplexGraph : Graph {
  explicit ComplexGraph(DType t) : Graph(t), real(interp::name(t).str()), type("complex<" + real + ">") {}
  Value numbers(const std::string &name, Shape shape, Fill fill, double parameter) { return input(name, std::move(shape), fill, parameter, type); }
  Value apply(const std::string &op, llvm::ArrayRef<Value> operands, double flops) { return map("complex." + op, operands, type, flops); }
  std::string number(const char *re, const char *im) const { return "complex.constant [" + std::string(re) + " : " + real + ", " + im + " : " + real + "] : " + type; }
  std::string real, type;
};

/// Errors of the parts of a product or quotient are relative to its magnitude: a part may be an order of magnitude smaller.
constexpr double kParts = 8;

Case arithmetic(DType t, int64_t n) {
  ComplexGraph g(t);
  Value z = g.numbers("z", {{"N", n}}, Fill::Normal, 2), w = g.numbers("w", {{"N", n}}, Fill::Positive, 3);
  for (const char *op : {"add", "sub", "mul", "div"})
    g.result(g.apply(op, {z, w}, 6));
  g.result(g.apply("neg", {z}, 2));
  g.result(g.apply("conj", {w}, 1));
  return g.finish("complex", "arithmetic", {1, 0, 8, 1, kParts});
}

Case functions(DType t, int64_t n) {
  ComplexGraph g(t);
  Value z = g.numbers("z", {{"N", n}}, Fill::Normal, 1.5);
  g.result(g.apply("exp", {z}, 4));
  g.result(g.map("complex.abs", {z}, g.real, 4));
  return g.finish("complex", "functions", {1, 2, 4, 1, kParts});
}

/// Parts, real arithmetic between them, constants, a selection.
Case mixed(DType t, int64_t n) {
  ComplexGraph g(t);
  Value z = g.numbers("z", {{"N", n}}, Fill::Normal, 1), x = g.input("x", {{"N", n}}, Fill::Normal, 1);
  std::string body = "    %half = arith.constant 0.5 : " + g.real + "\n    %k = " + g.number("1.5", "-0.25") + "\n    %re = complex.re %a : " + g.type + "\n    %im = complex.im %a : " +
                     g.type + "\n    %s = arith.mulf %im, %half : " + g.real + "\n    %u = arith.addf %s, %b : " + g.real + "\n    %w = complex.create %u, %re : " + g.type +
                     "\n    %p = complex.mul %w, %k : " + g.type + "\n    %c = arith.cmpf olt, %re, %b : " + g.real + "\n    %r = arith.select %c, %p, %a : " + g.type + "\n";
  g.result(g.map(body, {z, x}, g.type, 8));
  Value twice = g.apply("mul", {z, g.splat("(0.0, 2.0)", z.shape, g.type)}, 6);
  g.result(g.map("complex.im", {g.apply("add", {twice, z}, 2)}, g.real, 0));
  return g.finish("complex", "mixed", {1, 0, 8, 1, kParts});
}

/// Sums over the last and over the first dim, one from a start value; inside, a product with a row that all share.
Case sums(DType t, BatchLength s) {
  ComplexGraph g(t);
  Extent b("B", s.b), l("L", s.l);
  Value z = g.numbers("z", {b, l, 12}, Fill::Normal, 1), w = g.numbers("w", {12}, Fill::Normal, 1);
  Value p = g.apply("mul", {z, g.broadcast(w, {b, l, 12}, {0, 1})}, 6);
  g.result(g.reduce("complex.add", p, {2}, "(0.0, 0.0)"));
  g.result(g.reduce("complex.add", z, {1}, "(1.0, -2.0)"));
  return g.finish("complex", "sums", {std::max<int64_t>(s.l, 12), 0, 6, 1, kParts});
}

/// k[d, l] = sum_n c[n] exp(a[n] t[d, l]): what kernels of state space models are.
Case exponentials(DType type, BatchLength s) {
  ComplexGraph g(type);
  Extent b("B", s.b), l("L", s.l);
  Value c = g.numbers("weight", {6}, Fill::Normal, 1), a = g.numbers("rate", {6}, Fill::Normal, 1), t = g.input("time", {b, l}, Fill::Normal, 1);
  Shape all{b, l, 6};
  std::string body = "    %zero = arith.constant 0.0 : " + g.real + "\n    %t = complex.create %c, %zero : " + g.type + "\n    %e = complex.mul %b, %t : " + g.type +
                     "\n    %x = complex.exp %e : " + g.type + "\n    %r = complex.mul %a, %x : " + g.type + "\n";
  Value terms = g.map(body, {g.broadcast(c, all, {0, 1}), g.broadcast(a, all, {0, 1}), g.broadcast(t, all, {2})}, g.type, 16);
  g.result(g.map("complex.re", {g.reduce("complex.add", terms, {2}, "(0.0, 0.0)")}, g.real, 0));
  return g.finish("complex", "exponentials", {6, 2, 10, 1, 2 * kParts});
}

Case movement(DType t, BatchLength s) {
  ComplexGraph g(t);
  Extent b("B", s.b), l("L", s.l);
  Value x = g.numbers("x", {b, l, 6}, Fill::Specials, 1), y = g.numbers("y", {b, l, 3}, Fill::Specials, 1);
  g.result(g.transpose(x, {2, 0, 1}));
  g.result(g.slice(x, {0, 0, 1}, {b, l, 3}, {1, 1, 2}));
  g.result(g.pad(x, {0, 2, 0}, {0, 0, 1}, "[0.0 : " + g.real + ", 0.0 : " + g.real + "]", {b, l + 2, 7}));
  g.result(g.pad(y, {0, 0, 1}, {0, 1, 0}, "[0.5 : " + g.real + ", -1.0 : " + g.real + "]", {b, l + 1, 4}));
  g.result(g.concat(2, {y, x}));
  g.result(g.apply("conj", {g.collapse(x, "[[0, 1], [2]]", {b * l, 6})}, 1));
  g.result(g.broadcast(y, {b, 2, l, 3}, {1}));
  return g.finishExact("complex", "movement");
}

/// Rows of a table, and single numbers.
Case gathers(DType t, BatchLength s) {
  ComplexGraph g(t);
  Extent b("B", s.b), l("L", s.l);
  Value table = g.numbers("table", {11, 5}, Fill::Normal, 1), list = g.numbers("list", {11}, Fill::Normal, 1), ids = g.input("ids", {b, l}, Fill::Indices, 11, "i32");
  Value at = g.expand(ids, "[[0], [1, 2]]", {b, l, 1});
  g.result(g.gather(table, at, 0));
  g.result(g.gather(list, at, 0));
  return g.finishExact("complex", "gathers");
}
} // namespace

Cases complexCases(Grid grid) {
  Cases cases;
  for (DType t : {DType::F32, DType::F64}) {
    for (int64_t n : lengths(grid)) {
      cases.push_back(arithmetic(t, n));
      cases.push_back(mixed(t, n));
      cases.push_back(functions(t, n));
    }
    for (BatchLength s : batchLengths(grid)) {
      cases.push_back(sums(t, s));
      cases.push_back(movement(t, s));
      cases.push_back(gathers(t, s));
      cases.push_back(exponentials(t, s));
    }
  }
  return cases;
}

} // namespace seqc::cases
