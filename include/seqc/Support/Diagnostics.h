// SPDX-License-Identifier: Apache-2.0
// Classes of diagnostics. An error says by itself whether the program is wrong or seqc lacks something; the exit code of the driver follows from
// the class, never from the text. Errors without a class say that the program is wrong.
#ifndef SEQC_SUPPORT_DIAGNOSTICS_H
#define SEQC_SUPPORT_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

namespace seqc {

enum class DiagnosticClass {
  Rejected,     ///< the program breaks a rule
  Unsupported,  ///< the program may be right, but holds what seqc does not compile
  NoEntryPoint, ///< no function is marked with seq.export
  Internal      ///< what earlier passes promise does not hold: a bug in seqc, or a text that was not written by them
};

/// Marks an error: `return withClass(op->emitError(), DiagnosticClass::NoEntryPoint) << "expects ..";`
mlir::InFlightDiagnostic withClass(mlir::InFlightDiagnostic diagnostic, DiagnosticClass kind);
/// For every error of the kind "this op, in this form, has no lowering": `return unsupported(op->emitOpError()) << "..";`
inline mlir::InFlightDiagnostic unsupported(mlir::InFlightDiagnostic diagnostic) {
  return withClass(std::move(diagnostic), DiagnosticClass::Unsupported);
}

/// Class of an error as a handler sees it.
DiagnosticClass classOf(mlir::Diagnostic &diagnostic);

/// Which classes of errors were reported while it lives. The other handlers print them.
class DiagnosticWatch {
public:
  explicit DiagnosticWatch(mlir::MLIRContext *context);
  /// The error that a failure meanwhile stands for. `unmarked`: what errors without a class mean: Rejected where the user's program is checked,
  /// Internal behind those checks.
  llvm::Error error(DiagnosticClass unmarked = DiagnosticClass::Rejected) const;

private:
  bool has(DiagnosticClass kind) const { return seen & (1u << static_cast<unsigned>(kind)); }
  unsigned seen = 0;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace seqc

#endif // SEQC_SUPPORT_DIAGNOSTICS_H
