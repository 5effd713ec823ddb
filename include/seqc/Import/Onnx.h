// SPDX-License-Identifier: Apache-2.0
// ONNX models to graphs of the `seq` level (docs/import-onnx.md). Nothing in a model is ever executed; a damaged or hostile file gives an error.
#ifndef SEQC_IMPORT_ONNX_H
#define SEQC_IMPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace seqc::onnx {

/// Opset versions of the domain ai.onnx that are read.
constexpr int64_t kMinOpset = 13, kMaxOpset = 27;

struct ImportOptions {
  std::string function = "main";                 ///< name of the entry point
  std::string weightsFile = "model.safetensors"; ///< what `seq.weights` says
  size_t inlineBytes = 64;                       ///< constants of at most so many bytes are written into the module
  std::map<std::string, int64_t> dims;           ///< sizes of named dims that are to be static
};

/// A constant that is not written into the module; dtype as in the manifest ("f32"), data row-major and little endian.
struct Weight {
  std::string name, dtype;
  std::vector<int64_t> shape;
  llvm::StringRef data;
};

struct Imported {
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< verified
  std::vector<Weight> weights;              ///< one per `ml_program.global`, sorted by name
  std::shared_ptr<void> storage;            ///< owns the weights' data
};

/// Nodes that cannot be expressed: one entry per operator and reason.
struct UnsupportedNodes {
  std::string op; ///< with its domain, unless that is ai.onnx
  int64_t opset = 0, count = 0;
  std::string firstNode, reason;
};

class ImportError : public llvm::ErrorInfo<ImportError> {
public:
  enum class Kind {
    Unreadable,  ///< the operating system refused
    Damaged,     ///< not a model, or weights that are not there
    Invalid,     ///< a model that breaks the rules of ONNX
    Unsupported, ///< a model that seqc cannot express; `unsupported` lists all nodes if nodes are the reason
  };
  static char ID;
  ImportError(Kind kind, std::string message, std::vector<UnsupportedNodes> nodes = {})
      : kind(kind), message(std::move(message)), nodes(std::move(nodes)) {}
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  const Kind kind;
  const std::string message;
  const std::vector<UnsupportedNodes> nodes;
};

/// Text table of unsupported nodes with a heading, columns aligned.
std::string tableOf(const std::vector<UnsupportedNodes> &nodes);

/// Registers the dialects of graphs.
void loadDialects(mlir::MLIRContext &context);
/// External data is read from the folder of `path` and below.
llvm::Expected<Imported> importFile(llvm::StringRef path, mlir::MLIRContext &context, const ImportOptions &options);
/// The same of bytes in memory, without external data.
llvm::Expected<Imported> importBytes(llvm::StringRef bytes, mlir::MLIRContext &context, const ImportOptions &options);

} // namespace seqc::onnx

#endif // SEQC_IMPORT_ONNX_H
