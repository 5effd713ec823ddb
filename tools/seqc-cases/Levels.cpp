// SPDX-License-Identifier: Apache-2.0
#include "Levels.h"
#include "seqc/Driver/Compile.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include "seqc/Pipelines/Pipelines.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

using namespace llvm;

namespace seqc::cases {

GraphUnderTest::GraphUnderTest(const Case &c, std::string cpu, int threads)
    : text(c.module), function(c.function), cpu(std::move(cpu)), threads(threads), context(mlir::MLIRContext::Threading::DISABLED) {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  context.appendDialectRegistry(registry);
  context.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) {
    if (d.getSeverity() == mlir::DiagnosticSeverity::Error)
      messages += "\n    " + d.str();
  });
}

/// The error with the diagnostics behind it.
Error GraphUnderTest::withMessages(Error error) {
  std::string what = toString(std::move(error)) + messages;
  messages.clear();
  return createStringError(what);
}

Error GraphUnderTest::parse() {
  if (!graph)
    graph = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  return graph ? Error::success() : withMessages(createStringError("the module of the case does not parse"));
}

Expected<Tensors> GraphUnderTest::truth(const Tensors &inputs) {
  if (Error e = parse())
    return std::move(e);
  return interp::evaluate(graph->lookupSymbol<mlir::func::FuncOp>(function), inputs, interp::SeqOptions{});
}

/// Schemes choose configs by target, so the GPU has a tile module of its own.
Error GraphUnderTest::lowerToTile(StringRef configs) {
  bool isGpu = configs == "gpu";
  mlir::OwningOpRef<mlir::ModuleOp> &made = isGpu ? gpuTileModule : tileModule;
  std::string &failure = isGpu ? gpuTileFailure : tileFailure;
  if (Error e = parse())
    return e;
  if (!failure.empty())
    return createStringError(failure);
  if (made)
    return Error::success();
  mlir::OwningOpRef<mlir::ModuleOp> lowered = graph->clone();
  if (Error e = driver::lower(*lowered, Phase::Seq, Phase::Tile, configs)) {
    failure = toString(withMessages(std::move(e)));
    return createStringError(failure);
  }
  made = std::move(lowered);
  return Error::success();
}

Expected<Tensors> GraphUnderTest::tile(const Tensors &inputs, interp::Precision precision) {
  if (Error e = lowerToTile())
    return std::move(e);
  interp::TileOptions options;
  options.precision = precision;
  return interp::evaluateHost(tileModule->lookupSymbol<mlir::func::FuncOp>(function), inputs, options);
}

Expected<Tensors> GraphUnderTest::native(const Tensors &inputs) {
  if (Error e = lowerToTile())
    return std::move(e);
  if (!package && packageFailure.empty()) {
    Expected<std::unique_ptr<CpuPackage>> built = CpuPackage::build(*tileModule, cpu, threads);
    if (built)
      package = std::move(*built);
    else
      packageFailure = toString(withMessages(built.takeError()));
  }
  if (!package)
    return createStringError(packageFailure);
  return package->call(function, inputs);
}

Expected<Tensors> GraphUnderTest::gpu(const Tensors &inputs, uint64_t seed) {
  if (Error e = lowerToTile("gpu"))
    return std::move(e);
  if (!gpuModel && gpuFailure.empty()) {
    Expected<std::unique_ptr<GpuModel>> built = GpuModel::build(*gpuTileModule);
    if (built)
      gpuModel = std::move(*built);
    else
      gpuFailure = toString(withMessages(built.takeError()));
  }
  if (!gpuModel)
    return createStringError(gpuFailure);
  return gpuModel->call(function, inputs, seed);
}

Error GraphUnderTest::assemble(Assembler &assembler) {
  if (Error e = lowerToTile("gpu"))
    return e;
  Error e = assembler.check(*gpuTileModule);
  return e ? withMessages(std::move(e)) : Error::success();
}

} // namespace seqc::cases
