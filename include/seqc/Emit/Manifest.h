// SPDX-License-Identifier: Apache-2.0
// The manifest of a package (docs/spec/package.md), read off a planned module: kernels at level block and host functions with buffer
// places. What code generation adds (CPU symbol and scratch) is filled in by the caller.
#ifndef SEQC_EMIT_MANIFEST_H
#define SEQC_EMIT_MANIFEST_H

#include "seqc/Support/Expr.h"
#include "mlir/IR/BuiltinOps.h"
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

struct CpuKernelInfo {
  std::string symbol;
  int64_t scratchBytes = 0;
};

struct KernelRecord {
  std::string name, scheme;
  std::vector<std::pair<std::string, int64_t>> config;
  std::string determinism = "bitwise";
  std::vector<KernelParam> params;
  std::vector<Expr> grid; ///< x first, over names of index params and "sms"
  std::optional<CpuKernelInfo> cpu;
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
};
/// A pointer, an index expression over the function's dims, or a scalar.
using LaunchArg = std::variant<PointerArg, Expr, double>;

struct LaunchAlternative {
  Expr guard = Expr(1);
  unsigned kernel = 0; ///< index into Manifest::kernels
  std::vector<LaunchArg> args;
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
  Expr workspaceBytes;
  std::vector<std::vector<LaunchAlternative>> launches;
};

struct Manifest {
  std::vector<KernelRecord> kernels;
  std::vector<WeightRecord> weights;
  std::vector<ConstantData> constants; ///< members of weights/constants.safetensors, in `weights` too
  std::vector<FunctionRecord> functions;
  std::string cpuTriple;                ///< empty: no CPU code
  std::vector<std::string> cpuFeatures; ///< names that the runtime checks

  KernelRecord *findKernel(llvm::StringRef name);
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
