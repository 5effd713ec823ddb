// SPDX-License-Identifier: Apache-2.0
#include "Targets.h"
#include "seqc/Support/Errors.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace seqc {

namespace {
struct TargetEntry {
  StringLiteral name;
  Expected<std::unique_ptr<TargetBackend>> (*create)(const TargetOptions &);
};
constexpr TargetEntry kTargets[] = {{"cpu", createCpuTarget}, {"sm_90a", createGpuTarget}};
} // namespace

std::vector<StringRef> targetNames() {
  std::vector<StringRef> names;
  for (const TargetEntry &t : kTargets)
    names.push_back(t.name);
  return names;
}

Expected<std::unique_ptr<TargetBackend>> createTarget(StringRef name, const TargetOptions &options) {
  for (const TargetEntry &t : kTargets)
    if (t.name == name)
      return t.create(options);
  return fail(ExitCode::Unsupported, "E3002", "target '" + name.str() + "' is not supported by this build; supported: " + join(targetNames(), ", "));
}

} // namespace seqc
