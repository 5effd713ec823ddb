// SPDX-License-Identifier: Apache-2.0
// ptxas as a program: PTX in, cubin and report out.
#include "seqc/Emit/GpuCode.h"
#include "seqc/Support/Process.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc {

/// Lines of `ptxas -v`: "Compiling entry function 'k' for ..", "n bytes stack frame, n bytes spill stores, ..", "Used n registers, ..".
static void readReport(StringRef report, Cubin &cubin) {
  Regex entry("Compiling entry function '([^']+)'"), stack("([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads"),
      used("Used ([0-9]+) registers"), smem("([0-9]+) bytes smem"), advisory("\\(C75[0-9]+\\)|C75[0-9][0-9]");
  SmallVector<StringRef> lines, m;
  report.split(lines, '\n');
  auto number = [&](unsigned i) {
    unsigned n = 0;
    m[i].getAsInteger(10, n);
    return n;
  };
  for (StringRef line : lines) {
    if (entry.match(line, &m)) {
      cubin.kernels.emplace_back();
      cubin.kernels.back().kernel = m[1].str();
    }
    if (advisory.match(line))
      cubin.advisories.push_back(line.trim().str());
    if (cubin.kernels.empty())
      continue;
    KernelResources &k = cubin.kernels.back();
    if (stack.match(line, &m))
      k.stackBytes = number(1), k.spillBytes = number(2) + number(3);
    if (used.match(line, &m))
      k.registers = number(1);
    if (smem.match(line, &m))
      k.staticSharedBytes = number(1);
  }
}

Expected<Cubin> assemble(StringRef ptx, const GpuTarget &target, const PtxasTool &ptxas) {
  Expected<TemporaryFile> in = TemporaryFile::create("seqc", "ptx");
  if (!in)
    return in.takeError();
  Expected<TemporaryFile> out = TemporaryFile::create("seqc", "cubin");
  if (!out)
    return out.takeError();
  std::error_code ec;
  raw_fd_ostream os(in->path(), ec);
  os << ptx;
  os.close();
  if (ec || os.has_error()) {
    os.clear_error();
    return createStringError("cannot write " + in->path());
  }
  std::string arch = "-arch=" + target.arch;
  Expected<ProgramResult> run = runProgram(ptxas.path, {arch, "-v", in->path(), "-o", out->path()});
  if (!run)
    return run.takeError();
  if (run->exitCode)
    return createStringError("ptxas failed (" + Twine(run->exitCode) + "): " + run->output);
  Cubin cubin;
  readReport(run->output, cubin);
  ErrorOr<std::unique_ptr<MemoryBuffer>> bytes = MemoryBuffer::getFile(out->path(), false, false);
  if (!bytes)
    return createStringError("ptxas wrote no cubin");
  cubin.bytes.assign((*bytes)->getBufferStart(), (*bytes)->getBufferEnd());
  return cubin;
}

} // namespace seqc
