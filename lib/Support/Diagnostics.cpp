// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Diagnostics.h"
#include "seqc/Support/Errors.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace seqc {

static constexpr std::pair<DiagnosticClass, llvm::StringLiteral> kNames[] = {{DiagnosticClass::Unsupported, "seqc.unsupported"},
                                                                             {DiagnosticClass::NoEntryPoint, "seqc.no-entry-point"},
                                                                             {DiagnosticClass::Internal, "seqc.internal"}};

InFlightDiagnostic withClass(InFlightDiagnostic diagnostic, DiagnosticClass kind) {
  Diagnostic *d = diagnostic.getUnderlyingDiagnostic();
  for (const auto &[k, name] : kNames)
    if (d && k == kind)
      d->getMetadata().push_back(DiagnosticArgument(StringAttr::get(d->getLocation()->getContext(), name)));
  return diagnostic;
}

DiagnosticClass classOf(Diagnostic &diagnostic) {
  for (DiagnosticArgument &entry : diagnostic.getMetadata())
    if (entry.getKind() == DiagnosticArgument::DiagnosticArgumentKind::Attribute)
      if (auto text = dyn_cast_or_null<StringAttr>(entry.getAsAttribute()))
        for (const auto &[kind, name] : kNames)
          if (text.getValue() == name)
            return kind;
  return DiagnosticClass::Rejected;
}

DiagnosticWatch::DiagnosticWatch(MLIRContext *context)
    : handler(context, [this](Diagnostic &d) {
        if (d.getSeverity() == DiagnosticSeverity::Error)
          seen |= 1u << static_cast<unsigned>(classOf(d));
        return failure();
      }) {}

llvm::Error DiagnosticWatch::error(DiagnosticClass unmarked) const {
  bool internal = has(DiagnosticClass::Internal) || (unmarked == DiagnosticClass::Internal && has(DiagnosticClass::Rejected));
  if (internal && !has(DiagnosticClass::Unsupported))
    return fail(ExitCode::Internal, "E7001", "a pass broke what the next one relies on; see the errors above");
  // Where a program holds both, what is unsupported is said first: it decides whether seqc is of use.
  if (has(DiagnosticClass::Unsupported))
    return fail(ExitCode::Unsupported, "E3001", "the graph contains what seqc does not support; see the errors above");
  if (has(DiagnosticClass::NoEntryPoint))
    return fail(ExitCode::Rejected, "E1003", "the module has no entry point; mark a function with the attribute seq.export");
  if (has(DiagnosticClass::Rejected))
    return fail(ExitCode::Rejected, "E1002", "the graph is not valid; see the errors above");
  return fail(ExitCode::Internal, "E7001", "a pass failed without saying why");
}

} // namespace seqc
