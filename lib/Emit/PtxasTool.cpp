// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/PtxasTool.h"
#include "seqc/Support/Process.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include <cstdlib>
#include <utility>

using namespace llvm;

namespace seqc {

namespace {
/// Versions below `major.minor` have the fault.
struct KnownFault {
  int major, minor;
  StringLiteral reason;
};
constexpr KnownFault kFaults[] = {
    {13, 3, "before 13.3 the registers of operand A of wgmma may be used again before the instruction has read them"},
};
} // namespace

PtxasTool PtxasTool::parse(StringRef path, StringRef versionText) {
  PtxasTool tool;
  tool.path = path.str();
  SmallVector<StringRef> parts;
  if (Regex("V([0-9]+)\\.([0-9]+)\\.[0-9]+").match(versionText, &parts) && !parts[1].getAsInteger(10, tool.major) &&
      !parts[2].getAsInteger(10, tool.minor))
    tool.version = parts[0].drop_front().str();
  return tool;
}

Expected<std::optional<PtxasTool>> PtxasTool::find() {
  std::string path;
  if (const char *given = std::getenv("SEQC_PTXAS"); given && *given)
    path = given;
  else if (ErrorOr<std::string> found = sys::findProgramByName("ptxas"))
    path = *found;
  else if (ErrorOr<std::string> toolkit = sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"}))
    path = *toolkit;
  else
    return std::nullopt;
  Expected<PtxasTool> tool = at(path);
  if (!tool)
    return createStringError(toString(tool.takeError()) + " (SEQC_PTXAS)");
  return std::move(*tool);
}

Expected<PtxasTool> PtxasTool::at(StringRef path) {
  if (!sys::fs::can_execute(path))
    return createStringError(path + " is not a program");
  Expected<ProgramResult> run = runProgram(path, {"--version"});
  if (!run)
    return run.takeError();
  return parse(path, run->output);
}

StringRef PtxasTool::knownBad() const {
  if (version.empty())
    return "its version is not known";
  for (const KnownFault &f : kFaults)
    if (std::pair(major, minor) < std::pair(f.major, f.minor))
      return f.reason;
  return "";
}

} // namespace seqc
