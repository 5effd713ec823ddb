// SPDX-License-Identifier: Apache-2.0
// The phases of a compilation in memory: passes, kernels to native code, package.
#include "seqc/Driver/Compile.h"
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Emit/CpuObject.h"
#include "seqc/Emit/Package.h"
#include "seqc/Pipelines/Pipelines.h"
#include "seqc/Support/Diagnostics.h"
#include "seqc_rt/package_format.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace seqc::driver {

namespace {
/// Which classes of errors were reported while it lives. The other handlers print them.
class DiagnosticWatch {
public:
  explicit DiagnosticWatch(mlir::MLIRContext *context)
      : handler(context, [this](mlir::Diagnostic &d) {
          if (d.getSeverity() == mlir::DiagnosticSeverity::Error)
            seen |= 1u << static_cast<unsigned>(classOf(d));
          return mlir::failure();
        }) {}

  /// The error that a failed pass stands for. Where a graph holds both, what is unsupported is said first: it decides whether seqc is of use.
  Error error() const {
    if (has(DiagnosticClass::Internal))
      return fail(ExitCode::Internal, "E7001", "a pass broke what the next one relies on; see the errors above");
    if (has(DiagnosticClass::Unsupported))
      return fail(ExitCode::Unsupported, "E3001", "the graph contains what seqc does not support; see the errors above");
    if (has(DiagnosticClass::NoEntryPoint))
      return fail(ExitCode::Rejected, "E1003", "the module has no entry point; mark a function with the attribute seq.export");
    if (has(DiagnosticClass::Rejected))
      return fail(ExitCode::Rejected, "E1002", "the graph is not valid; see the errors above");
    return fail(ExitCode::Internal, "E7001", "a pass failed without saying why");
  }

private:
  bool has(DiagnosticClass kind) const { return seen & (1u << static_cast<unsigned>(kind)); }
  unsigned seen = 0;
  mlir::ScopedDiagnosticHandler handler;
};
} // namespace

/// Runs one pipeline; the class of a failure follows from the classes of the diagnostics.
static Error runPipeline(mlir::ModuleOp module, void (*build)(mlir::OpPassManager &)) {
  DiagnosticWatch watch(module.getContext());
  mlir::PassManager pm(module.getContext());
  build(pm);
  return mlir::succeeded(pm.run(module)) ? Error::success() : watch.error();
}

Error lower(mlir::ModuleOp module, Phase from, Phase to) {
  if (from < Phase::SeqOpt && to >= Phase::SeqOpt)
    if (Error e = runPipeline(module, buildSeqOptPipeline))
      return e;
  if (from < Phase::Tile && to >= Phase::Tile)
    if (Error e = runPipeline(module, buildTilePipeline))
      return e;
  return Error::success();
}

Expected<Compiled> compileKernels(mlir::OwningOpRef<mlir::ModuleOp> module, StringRef cpu) {
  Compiled compiled;
  FailureOr<Manifest> manifest = buildManifest(*module);
  if (failed(manifest))
    return fail(ExitCode::Internal, "E7001", "the manifest cannot be read off the host functions");
  compiled.manifest = std::move(*manifest);
  Expected<CpuTarget> target = CpuTarget::get(cpu);
  if (!target)
    return fail(ExitCode::Usage, "E2001", toString(target.takeError()));
  loadCpuDialects(*module->getContext());
  mlir::OwningOpRef<mlir::ModuleOp> kernels = mlir::ModuleOp::create(module->getLoc());
  bool any = false;
  for (auto kernel : module->getOps<tile::KernelOp>()) {
    KernelRecord *record = compiled.manifest.findKernel(kernel.getSymName());
    if (!record) // no exported function launches it
      continue;
    FailureOr<int64_t> scratch = convertTileToCpu(kernel, *kernels, *target);
    if (failed(scratch))
      return fail(ExitCode::Unsupported, "E3001", "a kernel has no CPU form; see the errors above");
    record->cpu = CpuKernelInfo{kernel.getSymName().str(), *scratch};
    any = true;
  }
  if (any) {
    mlir::PassManager pm(module->getContext());
    buildCpuToLlvmPipeline(pm);
    if (mlir::failed(pm.run(*kernels)))
      return fail(ExitCode::Unsupported, "E3001", "a kernel has no CPU form; see the errors above");
    LLVMContext context;
    Expected<std::unique_ptr<Module>> llvmModule = emitLlvm(*kernels, *target, context);
    if (!llvmModule)
      return fail(ExitCode::Internal, "E7001", toString(llvmModule.takeError()));
    Expected<std::vector<char>> library = emitSharedObject(**llvmModule, *target);
    if (!library)
      return fail(ExitCode::Internal, "E7001", toString(library.takeError()));
    compiled.library = std::move(*library);
    compiled.manifest.cpuTriple = target->triple;
    compiled.manifest.cpuFeatures = enabledFeatures(*target);
  }
  compiled.host = std::move(module);
  return compiled;
}

/// Tensors of the weights file that the manifest names, checked against it.
static Expected<std::vector<SafetensorsTensor>> collectWeights(const Manifest &manifest, const SafetensorsFile &file, StringRef path) {
  std::vector<SafetensorsTensor> tensors;
  for (const WeightRecord &w : manifest.weights) {
    if (w.file == kConstantsMember)
      continue;
    const SafetensorsTensor *t = file.find(w.name);
    if (!t)
      return fail(ExitCode::Damaged, "E4002", (path + ": no tensor '" + w.name + "', which the graph needs").str());
    if (t->dtype != safetensorsDtype(w.dtype) || !equal(t->shape, w.shape)) {
      std::string text;
      raw_string_ostream os(text);
      os << path << ": tensor '" << w.name << "' is " << t->dtype << " [";
      interleaveComma(t->shape, os);
      os << "], but the graph expects " << w.dtype << " [";
      interleaveComma(w.shape, os);
      os << "]";
      return fail(ExitCode::Damaged, "E4002", text);
    }
    tensors.push_back(*t);
  }
  return tensors;
}

Error writePackage(const Compiled &compiled, StringRef weightsPath, StringRef path) {
  const Manifest &manifest = compiled.manifest;
  PackageWriter writer;
  if (!compiled.library.empty())
    writer.add(SEQC_PACKAGE_CPU_LIBRARY, StringRef(compiled.library.data(), compiled.library.size()));
  std::vector<SafetensorsTensor> constants;
  for (const ConstantData &c : manifest.constants)
    constants.push_back({c.name, safetensorsDtype(c.dtype).str(), SmallVector<int64_t, 4>(c.shape.begin(), c.shape.end()), c.bytes});
  if (!constants.empty())
    if (Error e = writer.addSafetensors(kConstantsMember, constants))
      return e;
  std::optional<SafetensorsFile> weights;
  std::string member;
  for (const WeightRecord &w : manifest.weights)
    if (w.file != kConstantsMember)
      member = w.file;
  if (!member.empty()) {
    if (weightsPath.empty())
      return fail(ExitCode::Damaged, "E4002", "the graph has weights, but names no file for them; give --weights");
    if (!sys::fs::exists(weightsPath))
      return fail(ExitCode::Damaged, "E4002", (weightsPath + ": no such file; the weights are read from the file that seq.weights or --weights names").str());
    Expected<SafetensorsFile> file = SafetensorsFile::open(weightsPath);
    if (!file)
      return fail(ExitCode::Damaged, "E4002", toString(file.takeError()));
    weights = std::move(*file);
    Expected<std::vector<SafetensorsTensor>> tensors = collectWeights(manifest, *weights, weightsPath);
    if (!tensors)
      return tensors.takeError();
    if (Error e = writer.addSafetensors(member, *tensors))
      return fail(ExitCode::Damaged, "E4002", toString(std::move(e)));
  }
  if (Error e = writer.write(path, manifest.toJson()))
    return fail(ExitCode::Damaged, "E4001", toString(std::move(e)));
  return Error::success();
}

} // namespace seqc::driver
