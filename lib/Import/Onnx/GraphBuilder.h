// SPDX-License-Identifier: Apache-2.0
// Builds a function of the graph level from the closed list of forms. Emitters of ONNX operators use nothing else to make ops.
//
// A Tensor is an SSA value with symbolic sizes, or contents that are known while importing (constants, sizes of inputs, and what is computed
// from them); known contents become an op only when something asks for their value.
#ifndef SEQC_LIB_IMPORT_ONNX_GRAPHBUILDER_H
#define SEQC_LIB_IMPORT_ONNX_GRAPHBUILDER_H

#include "Model.h"
#include "Size.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/Twine.h"
#include <functional>
#include <map>

namespace seqc::onnx {

/// Contents are followed through the graph up to so many elements.
constexpr int64_t kMaxKnown = 4096;
/// Constants made here are kept as contents up to so many elements.
constexpr int64_t kMaxKnownConstant = 64;
/// x as the float type t keeps it.
double roundTo(mlir::Type t, double x);

/// Row-major contents: integers (also bools) as sizes, floats as doubles of the tensor's precision.
struct Known {
  std::vector<Size> ints;
  std::vector<double> floats;
};

struct Tensor {
  mlir::Value value; ///< null while only the contents are known
  mlir::Type element;
  Shape shape;
  std::shared_ptr<const Known> known;
  const TensorData *data = nullptr; ///< a constant of the file

  explicit operator bool() const { return static_cast<bool>(element); }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(element); }
  bool isBool() const { return element.isInteger(1); }
  /// Contents are known and hold no named dims.
  bool isConstant() const;
  /// The only element of a known tensor with one element.
  std::optional<Size> asSize() const;
  std::optional<double> asFloat() const;
};

/// "f32 [B, 64]"
std::string describe(const Tensor &t);

/// Thrown by builders and emitters, caught by the importer for every node; never leaves the library. Nothing else here throws.
struct Rejected {
  bool isInvalid; ///< the model is wrong, not merely beyond seqc
  std::string reason;
};
/// Thrown when the graph only makes sense if `name` has this size: the import starts again with the fact.
struct SizeFact {
  std::string name;
  Size size;
};
[[noreturn]] void unsupported(const llvm::Twine &reason);
/// `rule` in the form "expects <subject> <rule>, but got <value>".
[[noreturn]] void invalid(const llvm::Twine &rule);

class GraphBuilder {
public:
  /// `dims`: where a named dim is found.
  GraphBuilder(mlir::OpBuilder &b, llvm::StringMap<std::pair<mlir::Value, int64_t>> dims) : b(b), dims(std::move(dims)) {}

  mlir::OpBuilder &b;
  /// Names that were made up for dims without one: the first to be replaced by others.
  llvm::StringSet<> madeUpNames;
  mlir::Location loc = b.getUnknownLoc();
  /// Makes the value of a constant of the file.
  std::function<mlir::Value(const TensorData &)> load;

  //===-- Types and sizes ----------------------------------------------------------===//

  mlir::Type f32() { return b.getF32Type(); }
  mlir::Type i64() { return b.getI64Type(); }
  mlir::Type i32() { return b.getI32Type(); }
  mlir::Type i1() { return b.getI1Type(); }
  /// f32 for 16-bit floats, else the type itself: the type that sums are formed in.
  mlir::Type wide(mlir::Type t);
  mlir::RankedTensorType type(llvm::ArrayRef<Size> shape, mlir::Type element);
  mlir::Value index(const Size &s);
  mlir::OpFoldResult mixed(const Size &s);
  llvm::SmallVector<mlir::OpFoldResult> mixed(llvm::ArrayRef<Size> sizes);
  /// The graph makes sense only if a = b: returns if that is known, throws SizeFact if it can be agreed, else Rejected.
  void require(const Size &a, const Size &b, const llvm::Twine &what);

  //===-- Creation -----------------------------------------------------------------===//

  mlir::Value value(const Tensor &t);
  Tensor fromKnown(Known known, llvm::ArrayRef<Size> shape, mlir::Type element);
  Tensor sizes(llvm::ArrayRef<Size> sizes); ///< i64, rank 1
  Tensor constant(double x, llvm::ArrayRef<Size> shape, mlir::Type element);
  mlir::Value empty(llvm::ArrayRef<Size> shape, mlir::Type element);
  /// Coordinates along `dim`.
  Tensor iota(llvm::ArrayRef<Size> shape, int64_t dim, mlir::Type element);
  /// A size as a tensor of rank 0.
  Tensor scalar(const Size &s, mlir::Type element);

  //===-- Elementwise, equal shapes -----------------------------------------------===//

  /// Ops of the math dialect on floats; on other types the node is unsupported.
  template <typename Op> Tensor unary(const Tensor &x) {
    requireFloat(x);
    return wrap(Op::create(b, loc, value(x)), x.shape);
  }
  template <typename Op> Tensor binary(const Tensor &x, const Tensor &y) {
    requireOneType(x, y);
    return wrap(Op::create(b, loc, value(x), value(y)), x.shape);
  }
  static void requireOneType(const Tensor &x, const Tensor &y);
  static void requireFloat(const Tensor &x);
  Tensor absolute(const Tensor &x);
  Tensor sqrt(const Tensor &x);
  Tensor negate(const Tensor &x);
  Tensor add(const Tensor &x, const Tensor &y);
  Tensor sub(const Tensor &x, const Tensor &y);
  Tensor mul(const Tensor &x, const Tensor &y);
  Tensor div(const Tensor &x, const Tensor &y); ///< integers: towards zero
  Tensor maximum(const Tensor &x, const Tensor &y);
  Tensor minimum(const Tensor &x, const Tensor &y);
  Tensor scale(const Tensor &x, double factor);
  Tensor addScalar(const Tensor &x, double term);
  enum class Compare { Eq, Ne, Lt, Le, Gt, Ge };
  Tensor compare(Compare predicate, const Tensor &x, const Tensor &y);
  Tensor select(const Tensor &condition, const Tensor &x, const Tensor &y);
  Tensor cast(const Tensor &x, mlir::Type element);
  Tensor widen(const Tensor &x) { return cast(x, wide(x.element)); }

  //===-- Structure ------------------------------------------------------------------===//

  Tensor reshape(const Tensor &x, llvm::ArrayRef<Size> shape);
  Tensor unsqueeze(const Tensor &x, llvm::ArrayRef<int64_t> dims); ///< positions in the result
  Tensor squeeze(const Tensor &x, llvm::ArrayRef<int64_t> dims);
  Tensor transpose(const Tensor &x, llvm::ArrayRef<int64_t> permutation);
  /// Result extents of numpy's broadcasting.
  Shape commonShape(llvm::ArrayRef<Size> a, llvm::ArrayRef<Size> b);
  Tensor broadcastTo(const Tensor &x, llvm::ArrayRef<Size> shape);
  /// `x` repeated along new dims `dims` of the result.
  Tensor repeat(const Tensor &x, llvm::ArrayRef<Size> shape, llvm::ArrayRef<int64_t> dims);
  Tensor slice(const Tensor &x, llvm::ArrayRef<Size> offsets, llvm::ArrayRef<Size> shape, llvm::ArrayRef<int64_t> steps = {});
  /// Along one dim.
  Tensor slice(const Tensor &x, int64_t dim, const Size &offset, const Size &size, int64_t step = 1);
  Tensor concat(llvm::ArrayRef<Tensor> parts, int64_t dim);
  Tensor pad(const Tensor &x, llvm::ArrayRef<Size> low, llvm::ArrayRef<Size> high, double value);
  /// Rows of `x` along `dim`, at indices that are in range: result dims are those of x with `dim` replaced by those of `indices`.
  Tensor take(const Tensor &x, const Tensor &indices, int64_t dim);
  /// Backwards along `dim`.
  Tensor reverse(const Tensor &x, int64_t dim);

  //===-- Reductions and products -----------------------------------------------------===//

  enum class Reduce { Add, Mul, Max, Min };
  /// Without `dims` in the result.
  Tensor reduce(Reduce kind, const Tensor &x, llvm::ArrayRef<int64_t> dims);
  /// Sum over `dims` divided by their size, without `dims` in the result.
  Tensor mean(const Tensor &x, llvm::ArrayRef<int64_t> dims);
  /// Reduction that is repeated to the shape of x again.
  Tensor spread(const Tensor &reduced, const Tensor &like, llvm::ArrayRef<int64_t> dims);
  /// [M, K] x [K, N] or [B, M, K] x [B, K, N]; 16-bit operands give f32.
  Tensor dot(const Tensor &x, const Tensor &y);
  /// numpy's matmul, in the type that sums are formed in.
  Tensor matmul(const Tensor &x, const Tensor &y);
  Tensor softmax(const Tensor &x, int64_t dim); ///< of a widened x

  Tensor wrap(mlir::Value v, llvm::ArrayRef<Size> shape);

private:
  using IntRule = llvm::function_ref<std::optional<Size>(const Size &, const Size &)>;
  using FloatRule = llvm::function_ref<double(double, double)>;
  /// Elementwise on known contents; no tensor if they are not known or a rule has no answer.
  Tensor fold(const Tensor &x, const Tensor &y, mlir::Type result, IntRule ints, FloatRule floats);
  /// Contents of x rearranged: element i of the result is element source(i) of x. No tensor if x is not known or the result is too large.
  Tensor foldMove(const Tensor &x, llvm::ArrayRef<Size> shape, llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source);
  Tensor foldReduce(Reduce kind, const Tensor &x, llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<Size> shape);
  Tensor foldConcat(llvm::ArrayRef<Tensor> parts, int64_t dim, llvm::ArrayRef<Size> shape);
  Tensor foldCast(const Tensor &x, mlir::Type element);

  llvm::StringMap<std::pair<mlir::Value, int64_t>> dims;
  std::map<std::string, mlir::Value> sizeValues;
  std::map<std::string, Tensor> constants;
};

} // namespace seqc::onnx

#endif // SEQC_LIB_IMPORT_ONNX_GRAPHBUILDER_H
