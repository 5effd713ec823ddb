// SPDX-License-Identifier: Apache-2.0
// Runs a block kernel as native code and in the tile interpreter on the same memory, and compares. The native run has
// fenced buffers (an access beyond one faults), poisoned scratch with a fence behind it, and its range of programs cut in two.
#ifndef SEQC_UNITTESTS_CONVERSION_TILETOCPU_TILETOCPUTESTING_H
#define SEQC_UNITTESTS_CONVERSION_TILETOCPU_TILETOCPUTESTING_H

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include <functional>
#include <map>

namespace seqc::test {

/// Memory of a pointer argument: its number of elements, and the values it starts with.
struct Memory {
  int64_t elements = 0;
  std::function<double(int64_t)> value = nullptr; ///< null: random in [-1, 1), small integers for integers
};

struct Run {
  std::string text;                          ///< module; $NAME is replaced by substitutions["NAME"]
  std::map<std::string, std::string> substitutions = {};
  std::string kernel = {};                   ///< empty: the first one
  std::map<std::string, Memory> memories;    ///< by name of the pointer argument
  std::map<std::string, double> numbers = {}; ///< index and scalar arguments
  int64_t programs = 1;
  double tolerance = 2e-5;                   ///< relative to 1 + |expected|; 16-bit results are given their own rounding besides
};

/// Compiles and runs; failures are reported to GoogleTest.
void expectSame(const Run &run);

/// Native code of the kernels of a module.
class Native {
public:
  Native(mlir::ModuleOp module, llvm::StringRef cpu = "native");
  ~Native();
  using Function = void (*)(const void *const *, int64_t, int64_t, void *);
  Function function(llvm::StringRef name) const;
  int64_t scratchBytes(llvm::StringRef name) const { return scratch.lookup(name); }
  bool isGood() const { return handle != nullptr; }
  double seconds = 0;
  std::vector<char> image;

private:
  void *handle = nullptr;
  llvm::StringMap<int64_t> scratch;
};

mlir::OwningOpRef<mlir::ModuleOp> parse(mlir::MLIRContext &context, const Run &run);
void loadDialects(mlir::MLIRContext &context);
std::string readInput(llvm::StringRef name); ///< test/Dialect/Tile/Inputs/<name>

} // namespace seqc::test

#endif // SEQC_UNITTESTS_CONVERSION_TILETOCPU_TILETOCPUTESTING_H
