// SPDX-License-Identifier: Apache-2.0
// Matrix products. 16-bit operands are summed in f32 and rounded once, after what is added to the product.
#include "Registry.h"

using namespace mlir;

namespace seqc::onnx {

namespace {
constexpr int64_t kFirst = kMinOpset, kLast = kMaxOpset;

void matMul(NodeContext &c) { c.out(c.g.cast(c.g.matmul(c.in(0), c.in(1)), c.in(0).element)); }

void gemm(NodeContext &c) {
  GraphBuilder &g = c.g;
  if (c.in(0).rank() != 2 || c.in(1).rank() != 2)
    invalid("expects matrices, but got " + describe(c.in(0)) + " and " + describe(c.in(1)));
  Tensor x = c.attrInt("transA", 0) ? g.transpose(c.in(0), {1, 0}) : c.in(0);
  Tensor y = c.attrInt("transB", 0) ? g.transpose(c.in(1), {1, 0}) : c.in(1);
  Tensor out = g.matmul(x, y);
  double alpha = c.attrFloat("alpha", 1), beta = c.attrFloat("beta", 1);
  if (alpha != 1)
    out = g.scale(out, alpha);
  if (c.has(2) && beta != 0) {
    Tensor added = g.broadcastTo(g.cast(c.in(2), out.element), out.shape);
    out = g.add(out, beta == 1 ? added : g.scale(added, beta));
  }
  c.out(g.cast(out, c.in(0).element));
}

/// Letters of one operand of an equation.
std::string letters(llvm::StringRef text, int64_t rank) {
  std::string word;
  for (char ch : text)
    if (llvm::isAlpha(ch))
      word += ch;
    else if (ch != ' ')
      unsupported("an equation with '" + llvm::Twine(llvm::StringRef(&ch, 1)) + "'");
  if (static_cast<int64_t>(word.size()) != rank)
    invalid("expects an equation with " + llvm::Twine(rank) + " letters for an operand, but got '" + word + "'");
  for (char ch : word)
    if (llvm::count(word, ch) > 1)
      unsupported("an equation with a letter twice in one operand");
  return word;
}

/// Dims of x by letters, in the order of `wanted`; letters that x does not have become dims of size 1.
Tensor arranged(GraphBuilder &g, const Tensor &x, llvm::StringRef have, llvm::StringRef wanted) {
  llvm::SmallVector<int64_t> order, added;
  for (auto [i, ch] : llvm::enumerate(wanted)) {
    size_t at = have.find(ch);
    if (at == llvm::StringRef::npos)
      added.push_back(static_cast<int64_t>(i));
    else
      order.push_back(static_cast<int64_t>(at));
  }
  return g.unsqueeze(g.transpose(x, order), added);
}

/// Sums over letters that neither the result nor the other operand has.
Tensor summed(GraphBuilder &g, const Tensor &x, std::string &have, llvm::StringRef needed) {
  llvm::SmallVector<int64_t> dims;
  std::string rest;
  for (auto [i, ch] : llvm::enumerate(have)) {
    if (needed.contains(ch))
      rest += ch;
    else
      dims.push_back(static_cast<int64_t>(i));
  }
  have = rest;
  return g.reduce(GraphBuilder::Reduce::Add, x, dims);
}

/// Einsum of one or two operands: sums, and a product with batch letters first.
void einsum(NodeContext &c) {
  GraphBuilder &g = c.g;
  std::string equation = c.attrString("equation", "");
  auto [left, right] = llvm::StringRef(equation).split("->");
  llvm::SmallVector<llvm::StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != c.inputs.size())
    invalid("expects an equation of " + llvm::Twine(c.inputs.size()) + " operands, but got '" + equation + "'");
  if (terms.size() > 2)
    unsupported("an equation of more than two operands, " + equation);
  std::string result;
  if (!llvm::StringRef(equation).contains("->")) // letters that occur once, in order of the alphabet
    for (char ch = 'A'; ch <= 'z'; ++ch)
      if (llvm::isAlpha(ch) && left.count(ch) == 1)
        result += ch;
  for (char ch : right)
    if (ch != ' ')
      result += ch;
  std::string a = letters(terms[0], c.in(0).rank());
  Tensor x = c.in(0);
  if (!x.isFloat())
    unsupported("a product of integers");
  if (terms.size() == 1) {
    x = summed(g, g.widen(x), a, result);
    if (a.size() != result.size())
      invalid("expects an equation whose result has letters of the operands, but got '" + equation + "'");
    return c.out(g.cast(arranged(g, x, a, result), c.in(0).element));
  }
  std::string b = letters(terms[1], c.in(1).rank());
  Tensor y = c.in(1);
  std::string before = a;
  x = g.cast(summed(g, g.widen(x), a, b + result), c.in(0).element);
  y = g.cast(summed(g, g.widen(y), b, before + result), c.in(1).element);
  std::string batch, inner, rows, columns;
  for (char ch : a)
    (llvm::StringRef(b).contains(ch) ? (llvm::StringRef(result).contains(ch) ? batch : inner) : rows) += ch;
  for (char ch : b)
    if (!llvm::StringRef(a).contains(ch))
      columns += ch;
  if (llvm::StringRef(result).find_first_not_of(batch + rows + columns) != llvm::StringRef::npos ||
      result.size() != batch.size() + rows.size() + columns.size())
    invalid("expects an equation whose result has letters of the operands, but got '" + equation + "'");
  Tensor left3 = arranged(g, x, a, batch + rows + inner), right3 = arranged(g, y, b, batch + inner + columns);
  auto extents = [](const Tensor &t, size_t from, size_t count) { return Shape(t.shape.begin() + from, t.shape.begin() + from + count); };
  Shape batches = extents(left3, 0, batch.size()), rowShape = extents(left3, batch.size(), rows.size());
  Shape columnShape = extents(right3, batch.size() + inner.size(), columns.size());
  Size depth = product(extents(left3, batch.size() + rows.size(), inner.size()));
  for (size_t i = 0; i < batch.size(); ++i)
    g.require(left3.shape[i], right3.shape[i], "batch dims of " + equation);
  for (size_t i = 0; i < inner.size(); ++i)
    g.require(left3.shape[batch.size() + rows.size() + i], right3.shape[batch.size() + i], "inner dims of " + equation);
  Tensor out =
      g.dot(g.reshape(left3, {product(batches), product(rowShape), depth}), g.reshape(right3, {product(batches), depth, product(columnShape)}));
  Shape full = batches;
  full.append(rowShape);
  full.append(columnShape);
  c.out(g.cast(arranged(g, g.reshape(out, full), batch + rows + columns, result), c.in(0).element));
}
} // namespace

llvm::ArrayRef<Operator> productOperators() {
  static const Operator table[] = {
      {"", "MatMul", kFirst, kLast, matMul},
      {"", "Gemm", kFirst, kLast, gemm},
      {"", "Einsum", kFirst, kLast, einsum},
  };
  return table;
}

} // namespace seqc::onnx
