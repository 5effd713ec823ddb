// SPDX-License-Identifier: Apache-2.0
// Writes the MLIR text of a case from a few words per op, and keeps count of inputs, sizes, flops and bytes on the way.
// The text holds names of dynamic dims, never their sizes, so cases that differ in sizes only share one module.
#ifndef SEQC_LIB_CASES_GRAPH_H
#define SEQC_LIB_CASES_GRAPH_H

#include "seqc/Cases/Case.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

namespace seqc::cases {

/// One dim: static, or named with the size of this case. "B*L" and "N+M" are products and sums of named dims.
struct Extent {
  int64_t size;
  std::string name;
  Extent(int64_t size) : size(size) {}
  Extent(std::string name, int64_t size) : size(size), name(std::move(name)) {}
  bool isStatic() const { return name.empty(); }
  std::string text() const { return isStatic() ? std::to_string(size) : "?"; }
};
Extent operator*(const Extent &a, const Extent &b);
Extent operator+(const Extent &a, const Extent &b);
using Shape = std::vector<Extent>;

/// An SSA value.
struct Value {
  std::string id;
  Shape shape;
  std::string type; ///< element: "f32", "i1", "complex<f32>"
  std::string tensor() const;
};

/// Element type of MLIR text.
interp::DType dtypeOf(llvm::StringRef type);

class Graph {
public:
  /// Activations have type `dtype`.
  explicit Graph(interp::DType dtype) : dtype(dtype) {}

  Value input(const std::string &name, Shape shape, Fill fill, double parameter = 1.0, std::string type = "");
  Value literal(const std::string &name, Shape shape, std::vector<double> values, std::string type);

  /// Elementwise: operands of one shape and type.
  Value op(const std::string &name, llvm::ArrayRef<Value> operands);
  /// linalg.map with this body: one op ("complex.mul") or, over arguments %a, %b, .., lines that define %r of the result's type.
  Value map(const std::string &body, llvm::ArrayRef<Value> operands, const std::string &resultType, double flopsPerElement);
  Value compare(const std::string &nameAndPredicate, const Value &a, const Value &b);
  Value select(const Value &c, const Value &a, const Value &b);
  Value convert(const std::string &name, const Value &a, const std::string &type);
  /// To f32 from a 16-bit type and back to the type of activations; nothing for f32.
  Value widen(const Value &a);
  Value narrow(const Value &a);

  /// Every element is `value`: "1.0", "0xFF800000".
  Value splat(const std::string &value, const Shape &shape, const std::string &type);
  Value broadcast(const Value &a, const Shape &shape, llvm::ArrayRef<int64_t> added);
  /// `init` is a splat text.
  Value reduce(const std::string &combiner, const Value &a, llvm::ArrayRef<int64_t> dims, const std::string &init);
  Value iota(const Shape &shape, int64_t dim, const std::string &type);
  Value transpose(const Value &a, llvm::ArrayRef<int64_t> permutation);
  /// Row-major reinterpretation; `groups` is the reassociation text.
  Value collapse(const Value &a, const std::string &groups, const Shape &shape);
  Value expand(const Value &a, const std::string &groups, const Shape &shape);
  Value slice(const Value &a, llvm::ArrayRef<int64_t> offsets, const Shape &shape, llvm::ArrayRef<int64_t> strides);
  Value concat(int64_t dim, llvm::ArrayRef<Value> parts);
  Value pad(const Value &a, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, const std::string &value, const Shape &shape);
  Value gather(const Value &table, const Value &indices, int64_t dim);
  /// [M, K] x [K, N] or with a batch dim; accumulates in f32 and stays there.
  Value matmul(const Value &a, const Value &b);
  /// Any op: `text` follows "%id = ".
  Value raw(const std::string &text, Shape shape, std::string type, double flops);
  /// Two results.
  std::pair<Value, Value> raw2(const std::string &text, Shape first, std::string firstType, Shape second, std::string secondType, double flops);

  /// The size of a named dim, an index value.
  std::string size(const Extent &e) { return sizeOf(e.name); }

  void result(const Value &v) { results.push_back(v); }
  /// Name: op / dtype / variant / sizes.
  Case finish(const std::string &op, const std::string &variant, const Steps &steps);
  /// The result is exact.
  Case finishExact(const std::string &op, const std::string &variant);

  std::string type() const { return interp::name(dtype).str(); }

private:
  Value define(const std::string &text, Shape shape, std::string type);
  std::string fresh() { return "%" + std::to_string(counter++); }
  std::string sizeOf(const std::string &name);
  std::string empty(const Shape &shape, const std::string &type);
  std::string sizes(const Shape &shape, bool withStatic);
  std::string once(const std::string &key, const std::string &text);
  double bytesOf(const Shape &shape, const std::string &type) const;

  interp::DType dtype;
  std::string header, body;
  unsigned counter = 0;
  llvm::StringMap<std::string> known;                        ///< text of a constant, size or empty -> its id
  llvm::StringMap<std::pair<std::string, int64_t>> firstUse; ///< named dim -> argument type and id, position
  Case partial; ///< inputs and dims so far
  std::vector<Value> results;
  double flops = 0, bytes = 0;
};

} // namespace seqc::cases

#endif // SEQC_LIB_CASES_GRAPH_H
