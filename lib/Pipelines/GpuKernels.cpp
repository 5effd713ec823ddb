// SPDX-License-Identifier: Apache-2.0
#include "seqc/Pipelines/GpuKernels.h"
#include "seqc/Conversion/TileToNvvm.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace seqc {

/// The kernels and the constant tiles beside them.
static OwningOpRef<ModuleOp> copyOf(ArrayRef<tile::KernelOp> kernels) {
  tile::KernelOp first = kernels.front();
  OwningOpRef<ModuleOp> module = ModuleOp::create(first.getLoc());
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  for (tile::ConstantOp constant : first->getParentOfType<ModuleOp>().getOps<tile::ConstantOp>())
    b.clone(*constant);
  for (tile::KernelOp kernel : kernels)
    b.clone(*kernel);
  return module;
}

FailureOr<GpuModule> lowerGpuKernels(ArrayRef<tile::KernelOp> kernels, bool onlyLayouts) {
  GpuModule result;
  MLIRContext *context = tile::KernelOp(kernels.front()).getContext();
  loadGpuDialects(*context);
  result.layouts = copyOf(kernels);
  bool haveLayouts = llvm::all_of(kernels, [](tile::KernelOp kernel) { return kernel.getLevel() == tile::Level::Layout; });
  PassManager layouts(context);
  buildTileLayoutPipeline(layouts);
  if (!haveLayouts && failed(layouts.run(*result.layouts)))
    return failure();
  if (onlyLayouts)
    return std::move(result);
  result.code = ModuleOp::create(result.layouts->getLoc());
  for (auto kernel : result.layouts->getOps<tile::KernelOp>()) {
    FailureOr<func::FuncOp> function = convertTileToNvvm(kernel, *result.code);
    if (failed(function))
      return failure();
    auto number = [&](StringRef name) { return (*function)->getAttrOfType<IntegerAttr>(name).getInt(); };
    result.launches[kernel.getSymName().str()] = {number(kThreadsAttr), number(kSharedBytesAttr)};
  }
  PassManager code(context);
  buildGpuToLlvmPipeline(code);
  if (failed(code.run(*result.code)))
    return failure();
  return std::move(result);
}

} // namespace seqc
