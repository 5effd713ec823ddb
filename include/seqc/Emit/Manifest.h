// SPDX-License-Identifier: Apache-2.0
// The manifest of a package (docs/spec/package.md), read off a planned module: kernels at level block and host functions with buffer
// places. What code generation adds (CPU symbol and scratch) is filled in by the caller.
#ifndef SEQC_EMIT_MANIFEST_H
#define SEQC_EMIT_MANIFEST_H

#include "seqc/Support/Expr.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace seqc {

struct KernelParam {
  enum Kind { Pointer, Index, Scalar } kind = Pointer;
  std::string name;
  std::string dtype;  ///< of pointers and scalars
  bool write = false; ///< of pointers
};

struct KernelRecord {
  std::string name, scheme;
  std::vector<std::pair<std::string, int64_t>> config;
  std::string determinism = "bitwise";
  std::vector<KernelParam> params;
  std::vector<Expr> grid; ///< x first, over names of index params and "sms"
  std::optional<Expr> flops, bytes; ///< over names of index params; absent if they are not known
  std::map<std::string, llvm::json::Object> code; ///< by target: how to call what was compiled for it
};

struct WeightRecord {
  std::string name, file, dtype;
  std::vector<int64_t> shape;
};

/// A dense constant of the graph: a tensor of weights/constants.safetensors.
struct ConstantData {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::string bytes; ///< row-major, little endian
};

struct PointerArg {
  enum Kind { Input, Output, Weight, Workspace } kind = Input;
  unsigned index = 0; ///< input, output, or weight of the manifest
  Expr offset;        ///< of workspace, bytes
  bool operator==(const PointerArg &o) const { return kind == o.kind && index == o.index && offset == o.offset; }
};
/// A pointer, an index expression over the function's dims, or a scalar.
using LaunchArg = std::variant<PointerArg, Expr, double>;

struct LaunchAlternative {
  Expr guard = Expr(1);
  unsigned kernel = 0; ///< index into Manifest::kernels
  std::vector<LaunchArg> args;
  bool operator==(const LaunchAlternative &o) const { return guard == o.guard && kernel == o.kernel && args == o.args; }
};

/// What a call does on a target.
struct LaunchPlan {
  Expr workspaceBytes;
  std::vector<std::vector<LaunchAlternative>> launches;
  bool operator==(const LaunchPlan &o) const { return workspaceBytes == o.workspaceBytes && launches == o.launches; }
};

struct TensorRecord {
  std::string name, dtype;
  std::vector<Expr> shape;
};

struct FunctionRecord {
  std::string name;
  std::vector<std::string> dims;
  std::vector<Expr> assume;
  std::vector<TensorRecord> inputs, outputs;
  std::vector<std::pair<unsigned, unsigned>> states; ///< input, output
  LaunchPlan plan;                         ///< of every target that `plans` does not name
  std::map<std::string, LaunchPlan> plans; ///< of targets whose kernels differ
};

struct Manifest {
  std::vector<KernelRecord> kernels;
  std::vector<WeightRecord> weights;
  std::vector<ConstantData> constants; ///< members of weights/constants.safetensors, in `weights` too
  std::vector<FunctionRecord> functions;
  std::map<std::string, llvm::json::Object> targets; ///< by target: entry of the manifest, absent if it has no code

  KernelRecord *findKernel(llvm::StringRef name);
  /// Adds what `other`, of the same graph, has for `target`: its kernels, and plans where they differ from those that are there.
  void merge(const Manifest &other, llvm::StringRef target);
  /// Everything of seqc.json but "files", which the package writer adds.
  llvm::json::Object toJson() const;
};

/// Member name of the graph's constants.
inline constexpr llvm::StringLiteral kConstantsMember = "weights/constants.safetensors";

/// Reads the manifest off a module after `plan-buffers`. Exported functions only (`seq.export`), all of them if none is marked. Diagnostics name
/// the op.
llvm::FailureOr<Manifest> buildManifest(mlir::ModuleOp module);

} // namespace seqc

#endif // SEQC_EMIT_MANIFEST_H
