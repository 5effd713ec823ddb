// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace seqc;

namespace {

/// Classes of the errors that `emit` reports.
std::vector<DiagnosticClass> classesOf(llvm::function_ref<void(mlir::Location)> emit) {
  mlir::MLIRContext context;
  std::vector<DiagnosticClass> classes;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { classes.push_back(classOf(d)); });
  emit(mlir::UnknownLoc::get(&context));
  return classes;
}

TEST(DiagnosticsTest, TheClassDoesNotDependOnTheText) {
  auto classes = classesOf([](mlir::Location loc) {
    mlir::emitError(loc, "is not supported");
    unsupported(mlir::emitError(loc, "expects ")) << "something else";
    withClass(mlir::emitError(loc), DiagnosticClass::NoEntryPoint) << "a";
    withClass(mlir::emitError(loc), DiagnosticClass::Internal) << "a";
    withClass(mlir::emitError(loc), DiagnosticClass::Rejected) << "a";
  });
  EXPECT_EQ(classes, (std::vector{DiagnosticClass::Rejected, DiagnosticClass::Unsupported, DiagnosticClass::NoEntryPoint, DiagnosticClass::Internal,
                                  DiagnosticClass::Rejected}));
}

TEST(DiagnosticsTest, OtherMetadataAndNotesAreIgnored) {
  auto classes = classesOf([](mlir::Location loc) {
    mlir::InFlightDiagnostic d = mlir::emitError(loc, "a");
    d.getUnderlyingDiagnostic()->getMetadata().push_back(mlir::DiagnosticArgument(mlir::StringAttr::get(loc.getContext(), "seqc.other")));
    d.attachNote() << "seqc.unsupported";
  });
  EXPECT_EQ(classes, std::vector{DiagnosticClass::Rejected});
}

TEST(DiagnosticsTest, TextIsKept) {
  mlir::MLIRContext context;
  std::string text;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { text = d.str(); });
  mlir::LogicalResult result = unsupported(mlir::emitError(mlir::UnknownLoc::get(&context), "expects ")) << 1 << " thing";
  EXPECT_TRUE(failed(result));
  EXPECT_EQ(text, "expects 1 thing");
}

} // namespace
