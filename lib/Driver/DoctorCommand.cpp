// SPDX-License-Identifier: Apache-2.0
// seqc doctor: what this machine and this build can do.
#include "Commands.h"
#include "seqc/Emit/CpuObject.h"
#include "seqc_rt/seqc_rt.h"
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

Error runDoctor() {
  outs() << "seqc " << SEQC_VERSION << ", runtime " << seqc_rt_version() << ", LLVM " << LLVM_VERSION_STRING << '\n';
  outs() << "cpu: " << sys::getHostCPUName() << ", " << std::thread::hardware_concurrency() << " threads\n";
  std::string missing = missingFeatures();
  outs() << "default CPU target x86-64-v3: " << (missing.empty() ? "runs here" : "does not run here, this CPU lacks " + missing + "; compile with --cpu=native") << '\n';
  std::optional<std::string> linker = findLinker();
  outs() << "linker: " << (linker ? *linker : "ld.lld not found: install lld-22") << '\n';
  outs() << "targets: cpu (GPU kernels are not built by this version)\n";
  if (!linker)
    return fail(ExitCode::Unsupported, "E3002", "CPU code cannot be linked without ld.lld");
  return Error::success();
}

} // namespace seqc::driver
