// SPDX-License-Identifier: Apache-2.0
// The table of operators: domain, name, opset versions -> the function that writes a node in the forms of the graph level.
#ifndef SEQC_LIB_IMPORT_ONNX_REGISTRY_H
#define SEQC_LIB_IMPORT_ONNX_REGISTRY_H

#include "GraphBuilder.h"
#include "seqc/Import/Onnx.h"

namespace seqc::onnx {

/// One node that is being translated. Accessors throw Rejected for what the node must have and has not.
struct NodeContext {
  GraphBuilder &g;
  const Node &node;
  int64_t opset; ///< version of the node's domain
  llvm::SmallVector<Tensor> inputs;
  llvm::SmallVector<Tensor> outputs; ///< one per output of the node
  /// Translates a graph that is an attribute, with these inputs, in place.
  std::function<llvm::SmallVector<Tensor>(const Graph &, llvm::ArrayRef<Tensor>)> inlineGraph;

  bool has(size_t i) const { return i < inputs.size() && inputs[i]; }
  const Tensor &in(size_t i) const;
  /// Whether output i has a name, so that somebody may read it.
  bool wants(size_t i) const { return i < node.outputs.size() && !node.outputs[i].empty(); }
  void out(size_t i, Tensor t) {
    if (i < outputs.size())
      outputs[i] = std::move(t);
  }
  void out(Tensor t) { out(0, std::move(t)); }

  int64_t attrInt(llvm::StringRef name, int64_t fallback) const;
  double attrFloat(llvm::StringRef name, double fallback) const;
  std::string attrString(llvm::StringRef name, llvm::StringRef fallback) const;
  std::optional<std::vector<int64_t>> attrInts(llvm::StringRef name) const;
  bool hasAttr(llvm::StringRef name) const { return node.find(name); }
  /// Fails for an attribute with a value other than `only`.
  void onlyInt(llvm::StringRef name, int64_t only) const;

  /// Elements of an integer input whose contents are known.
  std::vector<Size> contents(size_t i, llvm::StringRef what) const;
  std::vector<int64_t> constants(size_t i, llvm::StringRef what) const;
  /// Attribute before opset `since`, input from then on.
  std::optional<std::vector<int64_t>> attrOrInput(llvm::StringRef name, int64_t since, size_t input) const;
  /// A possibly negative dim as one of 0 .. rank - 1.
  int64_t axis(int64_t dim, int64_t rank) const;
  std::vector<int64_t> axes(const std::vector<int64_t> &dims, int64_t rank) const;
  /// Inputs i and j (and all others of the list) broadcast to one shape.
  llvm::SmallVector<Tensor> broadcastInputs(llvm::ArrayRef<size_t> which) const;
  /// Element type for a number of TensorProto.DataType.
  mlir::Type elementType(int64_t number) const;
};

/// seq's type for an element type of ONNX, or null.
mlir::Type elementTypeOf(mlir::MLIRContext *context, int32_t type);

/// A constant of the file as a tensor; without an element type if seq has none for it.
Tensor constantOf(mlir::MLIRContext *context, const TensorData &data);

using Emit = void (*)(NodeContext &);

struct Operator {
  const char *domain, *name;
  int64_t first, last; ///< opset versions of the domain
  Emit emit;
};

/// The lists of the Ops*.cpp files.
llvm::ArrayRef<Operator> elementwiseOperators();
llvm::ArrayRef<Operator> shapeOperators();
llvm::ArrayRef<Operator> lookupOperators();
llvm::ArrayRef<Operator> reductionOperators();
llvm::ArrayRef<Operator> spectralOperators();
llvm::ArrayRef<Operator> normalizationOperators();
llvm::ArrayRef<Operator> productOperators();
llvm::ArrayRef<Operator> attentionOperators();
llvm::ArrayRef<Operator> convolutionOperators();
llvm::ArrayRef<Operator> contribOperators();

/// Null if there is none; `isOtherVersion` then says whether the operator exists for other versions.
const Operator *findOperator(llvm::StringRef domain, llvm::StringRef name, int64_t opset, bool &isOtherVersion);

} // namespace seqc::onnx

#endif // SEQC_LIB_IMPORT_ONNX_REGISTRY_H
