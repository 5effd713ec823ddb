// SPDX-License-Identifier: Apache-2.0
// The phases of a compilation in memory: passes, kernels to native code, package.
#include "seqc/Driver/Compile.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Emit/Package.h"
#include "seqc/Pipelines/Pipelines.h"
#include "seqc/Support/Diagnostics.h"
#include "seqc/Support/Files.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace seqc::driver {

/// Runs one pipeline; the class of a failure follows from the classes of the diagnostics.
static Error runPipeline(mlir::ModuleOp module, DiagnosticClass unmarked, function_ref<void(mlir::OpPassManager &)> build) {
  DiagnosticWatch watch(module.getContext());
  mlir::PassManager pm(module.getContext());
  build(pm);
  return mlir::succeeded(pm.run(module)) ? Error::success() : watch.error(unmarked);
}

Error lower(mlir::ModuleOp module, Phase from, Phase to, StringRef configs) {
  if (from < Phase::SeqOpt && to >= Phase::SeqOpt)
    if (Error e = runPipeline(module, DiagnosticClass::Rejected, buildSeqOptPipeline))
      return e;
  if (from < Phase::Tile && to >= Phase::Tile)
    if (Error e = runPipeline(module, DiagnosticClass::Internal, [&](mlir::OpPassManager &pm) { buildTilePipeline(pm, configs); }))
      return e;
  return Error::success();
}

Expected<Compiled> compileKernels(mlir::ModuleOp module, TargetBackend &target, Phase last, PhaseSink sink) {
  Compiled compiled;
  FailureOr<Manifest> manifest = buildManifest(module);
  if (failed(manifest))
    return fail(ExitCode::Internal, "E7001", "the manifest cannot be read off the host functions");
  compiled.manifest = std::move(*manifest);
  SmallVector<tile::KernelOp> kernels(module.getOps<tile::KernelOp>());
  Expected<TargetCode> code = target.compile(kernels, last, sink);
  if (!code)
    return code.takeError();
  for (auto &[name, record] : code->kernels)
    compiled.manifest.findKernel(name)->code.insert_or_assign(target.name().str(), std::move(record));
  if (code->entry)
    compiled.manifest.targets.insert_or_assign(target.name().str(), std::move(*code->entry));
  compiled.members = std::move(code->members);
  return compiled;
}

Expected<Compiled> compileKernels(mlir::ModuleOp module, TargetBackend &target) {
  return compileKernels(module, target, Phase::Package, [](Phase, function_ref<void(raw_ostream &)>) { return Error::success(); });
}

void merge(Compiled &into, Compiled other, StringRef target) {
  into.manifest.merge(other.manifest, target);
  for (auto &[name, bytes] : other.members)
    if (none_of(into.members, [&, &n = name](const auto &m) { return m.first == n; }))
      into.members.emplace_back(name, std::move(bytes));
}

/// The tensors that the manifest names, checked against it.
static Expected<std::vector<SafetensorsTensor>> collectWeights(const Manifest &manifest, function_ref<const SafetensorsTensor *(StringRef)> find, StringRef path) {
  std::vector<SafetensorsTensor> tensors;
  for (const WeightRecord &w : manifest.weights) {
    if (w.file == kConstantsMember)
      continue;
    const SafetensorsTensor *t = find(w.name);
    if (!t)
      return fail(ExitCode::Damaged, "E4002", (path + ": no tensor '" + w.name + "', which the graph needs").str());
    if (!holds(*t, w.dtype, w.shape)) {
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

/// The member of the package that holds the weights; empty if there are none.
static std::string weightsMember(const Manifest &manifest) {
  for (const WeightRecord &w : manifest.weights)
    if (w.file != kConstantsMember)
      return w.file;
  return "";
}

static Error write(const Compiled &compiled, function_ref<const SafetensorsTensor *(StringRef)> find, StringRef source, StringRef path) {
  const Manifest &manifest = compiled.manifest;
  PackageWriter writer;
  for (const auto &[name, bytes] : compiled.members)
    writer.addPieces(name, {bytes});
  std::vector<SafetensorsTensor> constants;
  for (const ConstantData &c : manifest.constants)
    constants.push_back(storedTensor(c.name, c.dtype, c.shape, c.bytes));
  if (!constants.empty())
    if (Error e = writer.addSafetensors(kConstantsMember, constants))
      return e;
  Expected<std::vector<SafetensorsTensor>> tensors = collectWeights(manifest, find, source);
  if (!tensors)
    return tensors.takeError();
  std::string member = weightsMember(manifest);
  if (!member.empty())
    if (Error e = writer.addSafetensors(member, *tensors))
      return fail(ExitCode::Damaged, "E4002", toString(std::move(e)));
  if (Error e = writer.write(path, manifest.toJson()))
    return fail(ExitCode::Damaged, "E4001", toString(std::move(e)));
  return Error::success();
}

Error writePackage(const Compiled &compiled, StringRef weightsPath, StringRef path) {
  if (weightsMember(compiled.manifest).empty())
    return write(compiled, [](StringRef) { return nullptr; }, weightsPath, path);
  if (weightsPath.empty())
    return fail(ExitCode::Damaged, "E4002", "the graph has weights, but names no file for them; give --weights");
  if (Error e = expectRegularFile(weightsPath))
    return fail(ExitCode::Damaged, "E4002", toString(std::move(e)) + "; the weights are read from the file that seq.weights or --weights names");
  Expected<SafetensorsFile> file = SafetensorsFile::open(weightsPath);
  if (!file)
    return fail(ExitCode::Damaged, "E4002", toString(file.takeError()));
  return write(compiled, [&](StringRef name) { return file->find(name); }, weightsPath, path);
}

Error writePackage(const Compiled &compiled, ArrayRef<SafetensorsTensor> weights, StringRef source, StringRef path) {
  StringMap<const SafetensorsTensor *> table;
  for (const SafetensorsTensor &t : weights)
    table[t.name] = &t;
  return write(compiled, [&](StringRef name) { return table.lookup(name); }, source, path);
}

} // namespace seqc::driver
