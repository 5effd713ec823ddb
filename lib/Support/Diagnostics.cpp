// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Diagnostics.h"
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

} // namespace seqc
