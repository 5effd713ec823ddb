// SPDX-License-Identifier: Apache-2.0
#include "SimTest.h"
#include "llvm/Support/raw_ostream.h"

namespace seqc::sim::test {

static constexpr unsigned seeds = 5;

std::string gpuModule(llvm::StringRef text) {
  return "target datalayout = \"e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64\"\n"
         "target triple = \"nvptx64-nvidia-cuda\"\n"
         "@seqc_shared = external addrspace(3) global [0 x i8], align 1024\n" +
         text.str();
}

std::string replaced(std::string text, llvm::StringRef from, llvm::StringRef to) {
  size_t at = text.find(from.str());
  EXPECT_NE(at, std::string::npos) << from.str();
  return at == std::string::npos ? text : text.replace(at, from.size(), to.str());
}

Program compiled(llvm::StringRef text) {
  llvm::Expected<Program> program = Program::compileText(gpuModule(text), "k");
  if (!program)
    llvm::report_fatal_error(program.takeError());
  return std::move(*program);
}

std::string compileError(llvm::StringRef text) {
  llvm::Expected<Program> program = Program::compileText(gpuModule(text), "k");
  return program ? "compiled" : llvm::toString(program.takeError());
}

Report runOnce(const Program &program, const Launch &launch) {
  llvm::Expected<Report> report = program.run(launch);
  if (!report)
    llvm::report_fatal_error(report.takeError());
  return std::move(*report);
}

static std::string text(const Report &report) {
  std::string out;
  llvm::raw_string_ostream(out) << report;
  return out;
}

void expectClean(const Program &program, Launch launch, std::function<void()> prepare, std::function<void()> check) {
  for (launch.seed = 0; launch.seed < seeds; ++launch.seed) {
    if (prepare)
      prepare();
    Report report = runOnce(program, launch);
    EXPECT_TRUE(report.clean()) << "seed " << launch.seed << "\n" << text(report);
    if (check)
      check();
  }
}

Hazard expectHazard(const Program &program, Launch launch, HazardKind kind) {
  Hazard found{};
  for (launch.seed = 0; launch.seed < seeds; ++launch.seed) {
    Report report = runOnce(program, launch);
    EXPECT_TRUE(report.has(kind)) << "seed " << launch.seed << " wants " << name(kind).str() << "\n" << text(report);
    for (const Hazard &hazard : report.hazards)
      if (hazard.kind == kind)
        found = hazard;
  }
  return found;
}

} // namespace seqc::sim::test
