// SPDX-License-Identifier: Apache-2.0
// What the driver knows about a target: from block kernels to code, phase by phase. A new target is one implementation and one row of the table in
// TargetBackend.cpp, plus its rows in Phases.cpp.
#ifndef SEQC_PIPELINES_TARGETBACKEND_H
#define SEQC_PIPELINES_TARGETBACKEND_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Pipelines/Phases.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace seqc {

/// Choices of the user that the targets read.
struct TargetOptions {
  std::string cpu = "x86-64-v3"; ///< target cpu: an LLVM processor name or `native`
  std::string ptxas;              ///< GPU targets: path of ptxas; empty: $SEQC_PTXAS, then PATH
};

/// Receives the text or the bytes of every phase that a backend passes, in order. An error ends the compilation.
using PhaseSink = llvm::function_ref<llvm::Error(Phase, llvm::function_ref<void(llvm::raw_ostream &)> print)>;

/// The code of all kernels for one target. Manifest objects are as docs/spec/package.md says.
struct TargetCode {
  std::map<std::string, llvm::json::Object> kernels;        ///< by name of the kernel: its record under the target's key
  std::optional<llvm::json::Object> entry;                  ///< of the manifest, under the target's key
  std::vector<std::pair<std::string, std::string>> members; ///< of the package: path, bytes
};

class TargetBackend {
public:
  virtual ~TargetBackend() = default;
  /// Of --target, and the key of the target in manifests.
  virtual llvm::StringRef name() const = 0;
  /// Which configs the schemes choose: option `target` of convert-seq-to-tile.
  virtual llvm::StringRef configs() const = 0;
  /// Compiles kernels of level block up to phase `last` (one of this target, or Package for all). The kernels are left as they are. Every phase goes
  /// to `sink`. Diagnostics name the op of a kernel; errors are coded (Support/Errors.h) or follow from the classes of the diagnostics.
  virtual llvm::Expected<TargetCode> compile(llvm::ArrayRef<tile::KernelOp> kernels, Phase last, PhaseSink sink) = 0;
};

/// Names of all targets of this build.
std::vector<llvm::StringRef> targetNames();
/// Error: the name is unknown (E3002), or an option does not fit the target (E2001).
llvm::Expected<std::unique_ptr<TargetBackend>> createTarget(llvm::StringRef name, const TargetOptions &options);

} // namespace seqc

#endif // SEQC_PIPELINES_TARGETBACKEND_H
