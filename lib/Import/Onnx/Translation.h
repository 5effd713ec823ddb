// SPDX-License-Identifier: Apache-2.0
// One pass over a model: its graph as a function.
#ifndef SEQC_LIB_IMPORT_ONNX_TRANSLATION_H
#define SEQC_LIB_IMPORT_ONNX_TRANSLATION_H

#include "GraphBuilder.h"
#include "Registry.h"
#include "seqc/Import/Onnx.h"
#include "llvm/ADT/StringSet.h"

namespace seqc::onnx {

/// Facts on sizes: a named dim is this expression over other named dims.
using SizeFacts = std::map<std::string, Size>;

class Translation {
public:
  Translation(const Model &model, mlir::MLIRContext &context, const ImportOptions &options, const SizeFacts &facts);
  /// Throws SizeFact if the pass has to be made again with one more fact, Rejected for what is wrong outside of nodes.
  void run();

  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<Weight> weights;
  std::vector<UnsupportedNodes> unsupportedNodes;

private:
  struct Scope {
    Scope *parent = nullptr;
    const OpsetVersions *opsets;
    llvm::StringMap<Tensor> values;
    llvm::StringSet<> missing; ///< outputs of nodes that could not be translated
    std::string prefix;        ///< of node names
  };

  void checkOpsets(const OpsetVersions &opsets);
  void declareInputs(Scope &scope);
  Size dimOf(const ValueInfo &input, size_t d, std::string &name);
  void addInitializers(const Graph &graph, Scope &scope);
  void runNodes(llvm::ArrayRef<Node> nodes, Scope &scope);
  void runNode(const Node &node, Scope &scope, size_t index);
  void emit(const Node &node, Scope &scope, const std::string &name, const Operator &op, int64_t opset);
  bool runFunction(const Node &node, Scope &scope, const std::string &name);
  bool runBranch(const Node &node, Scope &scope, const std::string &name);
  llvm::SmallVector<std::optional<Tensor>> runGraph(const Graph &graph, llvm::ArrayRef<Tensor> inputs, Scope &scope, const std::string &name);
  void results(const Graph &graph, Scope &scope);

  const Tensor *find(llvm::StringRef name, const Scope &scope, bool &isMissing);
  /// Inputs of a node; false if one comes from a node that could not be translated.
  bool collect(const Node &node, Scope &scope, llvm::SmallVectorImpl<Tensor> &inputs);
  void define(const std::string &name, Tensor t, Scope &scope);
  void giveUp(const Node &node, Scope &scope);
  void report(const Node &node, int64_t opset, const std::string &name, const std::string &reason);

  mlir::Value load(const TensorData &data);
  std::string uniqueName(llvm::StringRef wanted, llvm::StringSet<> &taken);

  const Model &model;
  mlir::MLIRContext &context;
  const ImportOptions &options;
  const SizeFacts &facts;
  mlir::OpBuilder b;
  mlir::func::FuncOp function;
  std::unique_ptr<GraphBuilder> builder;
  llvm::StringSet<> globals;
  llvm::DenseMap<const TensorData *, mlir::Value> loaded;
  int depth = 0;
  int64_t nodesRun = 0;
};

/// Text with everything but letters, digits and _ replaced, not starting with a digit.
std::string identifierOf(llvm::StringRef text);

} // namespace seqc::onnx

#endif // SEQC_LIB_IMPORT_ONNX_TRANSLATION_H
