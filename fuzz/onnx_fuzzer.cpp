// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: the ONNX importer on bytes. Anything but a module or an error is a finding.
#include "seqc/Import/Onnx.h"
#include <cstdint>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Types and attributes are kept as long as the context: a new one now and then.
  constexpr int kRunsOfContext = 500;
  static std::unique_ptr<mlir::MLIRContext> context;
  static int runs = 0;
  if (runs++ % kRunsOfContext == 0) {
    context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
    seqc::onnx::loadDialects(*context);
  }
  bool isBug = false;
  mlir::ScopedDiagnosticHandler quiet(context.get(), [&](mlir::Diagnostic &) { return mlir::success(); });
  llvm::Expected<seqc::onnx::Imported> model = seqc::onnx::importBytes(llvm::StringRef(reinterpret_cast<const char *>(data), size), *context, {});
  if (!model)
    llvm::handleAllErrors(model.takeError(), [](const seqc::onnx::ImportError &) {}, [&](const llvm::ErrorInfoBase &) { isBug = true; });
  if (isBug)
    __builtin_trap(); // a module that does not verify
  return 0;
}
