// SPDX-License-Identifier: Apache-2.0
// seqc doctor: what this machine and this build can do.
#include "Commands.h"
#include "seqc/Emit/CpuObject.h"
#include "seqc/Emit/PtxasTool.h"
#include "seqc/Pipelines/TargetBackend.h"
#include "seqc_rt/seqc_rt.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include <thread>

using namespace llvm;

namespace seqc::driver {

cl::SubCommand &doctorCommand() {
  static cl::SubCommand command("doctor", "what this machine and this build can do");
  return command;
}

/// Of the features that --cpu=x86-64-v3 code needs, those that this machine lacks.
static std::string missingFeatures() {
  StringMap<bool> host = sys::getHostCPUFeatures();
  std::string missing;
  for (const char *f : {"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"})
    if (!host.lookup(f))
      missing += std::string(missing.empty() ? "" : ", ") + f;
  return missing;
}

static std::string ptxasText() {
  Expected<std::optional<PtxasTool>> tool = PtxasTool::find();
  if (!tool)
    return toString(tool.takeError());
  if (!*tool)
    return "not found; GPU packages need it: put it on PATH or name it in SEQC_PTXAS";
  std::string text = (*tool)->path + ", version " + ((*tool)->version.empty() ? "unknown" : (*tool)->version);
  StringRef bad = (*tool)->knownBad();
  return bad.empty() ? text : text + ": do not use it, " + bad.str();
}

/// What the runtime says of GPUs.
static std::string gpuText() {
  int32_t count = 0;
  if (seqc_rt_device_count(SEQC_RT_CUDA, &count) != SEQC_RT_OK)
    return std::string("none: ") + seqc_rt_last_error();
  std::string text;
  for (int32_t i = 0; i < count; ++i) {
    seqc_rt_device_info_t device = {};
    device.struct_size = sizeof device;
    text += text.empty() ? "" : "\ngpu: ";
    if (seqc_rt_device_info({SEQC_RT_CUDA, i}, &device) != SEQC_RT_OK) {
      text += "cuda:" + std::to_string(i) + ": " + seqc_rt_last_error();
      continue;
    }
    text += formatv("cuda:{0} {1}, compute capability {2}.{3}, driver for CUDA {4}.{5}, {6} multiprocessors, {7:f1} GiB", i, device.name,
                    device.compute_major, device.compute_minor, device.driver_major, device.driver_minor, device.multiprocessors,
                    device.memory_bytes / 1073741824.0)
                .str();
  }
  return text.empty() ? "none" : text;
}

Error runDoctor() {
  outs() << "seqc " << SEQC_VERSION << ", runtime " << seqc_rt_version() << ", LLVM " << LLVM_VERSION_STRING << '\n';
  outs() << "cpu: " << sys::getHostCPUName() << ", " << std::thread::hardware_concurrency() << " threads\n";
  std::string missing = missingFeatures();
  outs() << "default CPU target x86-64-v3: "
         << (missing.empty() ? "runs here" : "does not run here, this CPU lacks " + missing + "; compile with --cpu=native") << '\n';
  std::optional<std::string> linker = findLinker();
  outs() << "linker: " << (linker ? *linker : "ld.lld not found: install lld-22") << '\n';
  outs() << "ptxas: " << ptxasText() << '\n';
  outs() << "gpu: " << gpuText() << '\n';
  outs() << "targets: " << join(targetNames(), ", ") << '\n';
  if (!linker)
    return fail(ExitCode::Unsupported, "E3002", "CPU code cannot be linked without ld.lld");
  return Error::success();
}

} // namespace seqc::driver
