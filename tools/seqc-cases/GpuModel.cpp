// SPDX-License-Identifier: Apache-2.0
// Kernels of target sm_90a on the functional model, launch by launch as the host function says. A hazard that the model reports fails the case.
#include "Levels.h"
#include "ModelLaunch.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include "seqc/Pipelines/GpuKernels.h"
#include "seqc/Sim/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc::cases {

using interp::KernelArg;
using interp::Tensor;

struct GpuModel::State {
  struct Kernel {
    sim::Program program;
    GpuLaunch launch;
  };
  std::map<std::string, Kernel> kernels;
};

GpuModel::~GpuModel() = default;

Expected<std::unique_ptr<GpuModel>> GpuModel::build(mlir::ModuleOp tileModule) {
  std::unique_ptr<GpuModel> model(new GpuModel());
  model->module = tileModule;
  model->state = std::make_unique<State>();
  for (auto kernel : tileModule.getOps<tile::KernelOp>()) {
    mlir::FailureOr<GpuModule> lowered = lowerGpuKernels(kernel);
    if (mlir::failed(lowered))
      return createStringError("no GPU code for " + kernel.getSymName());
    LLVMContext context;
    Expected<std::unique_ptr<Module>> code = emitGpuLlvm(*lowered->code, {}, context);
    if (!code)
      return code.takeError();
    Expected<sim::Program> program = sim::Program::compile(**code, kernel.getSymName());
    if (!program)
      return program.takeError();
    model->state->kernels.emplace(kernel.getSymName().str(), State::Kernel{std::move(*program), lowered->launches.at(kernel.getSymName().str())});
  }
  return model;
}

Expected<Tensors> GpuModel::call(const std::string &function, const Tensors &inputs, uint64_t seed) const {
  interp::TileOptions options;
  options.launcher = [&](tile::KernelOp kernel, ArrayRef<KernelArg> args) {
    const State::Kernel &k = state->kernels.at(kernel.getSymName().str());
    return launchOnModel(k.program, k.launch, kernel, args, seed);
  };
  return interp::evaluateHost(mlir::ModuleOp(module).lookupSymbol<mlir::func::FuncOp>(function), inputs, options);
}

} // namespace seqc::cases
