// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/Sass.h"
#include "seqc/Support/Process.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace llvm;

namespace seqc {

//===-- Text of nvdisasm -----------------------------------------------------------------===//

/// "@!P0 LDG.E R1, desc[UR4][R2.64]" without its predicate, or the like in braces of a dual issue.
static SassInstruction parseInstruction(StringRef text) {
  text = text.trim(" \t{}");
  if (text.starts_with("@"))
    text = text.drop_until(isSpace).ltrim();
  StringRef opcode = text.take_until(isSpace);
  return {opcode.str(), text.drop_front(opcode.size()).trim().str()};
}

std::vector<SassFunction> parseSass(StringRef text) {
  std::vector<SassFunction> functions;
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (StringRef line : lines) {
    if (line.consume_front(".text.") && line.trim().consume_back(":")) {
      functions.push_back({line.trim().drop_back().str(), {}});
      continue;
    }
    // "        /*0010*/                   S2R R2, SR_CTAID.X ;"
    StringRef code = line.trim();
    if (functions.empty() || !code.consume_front("/*"))
      continue;
    size_t end = code.find("*/");
    if (end == StringRef::npos || !all_of(code.take_front(end), isHexDigit))
      continue;
    code = code.drop_front(end + 2).split(';').first;
    if (!code.trim().empty() && !code.ltrim().starts_with("/*"))
      functions.back().code.push_back(parseInstruction(code));
  }
  return functions;
}

std::optional<std::string> findDisassembler() {
  if (const char *given = std::getenv("SEQC_NVDISASM"); given && *given)
    return given;
  for (ErrorOr<std::string> found : {sys::findProgramByName("nvdisasm"), sys::findProgramByName("nvdisasm", {"/usr/local/cuda/bin"})})
    if (found)
      return *found;
  return std::nullopt;
}

Expected<std::vector<SassFunction>> disassemble(ArrayRef<char> cubin, StringRef nvdisasm) {
  Expected<TemporaryFile> file = TemporaryFile::create("seqc", "cubin");
  if (!file)
    return file.takeError();
  std::error_code ec;
  raw_fd_ostream os(file->path(), ec);
  os.write(cubin.data(), cubin.size());
  os.close();
  if (ec || os.has_error()) {
    os.clear_error();
    return createStringError("cannot write " + file->path());
  }
  Expected<ProgramResult> run = runProgram(nvdisasm, {"-c", file->path()});
  if (!run)
    return run.takeError();
  if (run->exitCode)
    return createStringError("nvdisasm failed (" + Twine(run->exitCode) + "): " + run->output);
  return parseSass(run->output);
}

//===-- What the PTX promises --------------------------------------------------------------===//

/// Bytes of one access: "ld.global.v4.b32" is 16.
static int64_t accessBytes(StringRef mnemonic) {
  SmallVector<StringRef> parts;
  mnemonic.split(parts, '.');
  int64_t count = 1, bits = 0;
  for (StringRef p : parts)
    if (unsigned n; p.size() > 1 && !p.drop_front().getAsInteger(10, n))
      (p[0] == 'v' ? count : bits) = n;
  return count * bits / 8;
}

SassExpectations expectationsOf(StringRef ptx, StringRef kernel) {
  SassExpectations e;
  size_t start = ptx.find((".entry " + kernel + "(").str());
  if (start == StringRef::npos)
    return e;
  StringRef body = ptx.drop_front(start);
  body = body.take_front(body.find("\n}"));
  Regex wide("^(div|rem)\\.(rn\\.f64|[su]64)|^(sqrt|rcp)\\.rn\\.(f32|f64)");
  SmallVector<StringRef> lines;
  body.split(lines, '\n');
  for (StringRef line : lines) {
    line = line.trim();
    if (line.starts_with("@"))
      line = line.drop_until(isSpace).ltrim();
    StringRef mnemonic = line.take_until(isSpace);
    e.usesTensorCores |= mnemonic.starts_with("mma.sync");
    e.hasWideDivision |= wide.match(mnemonic);
    if (mnemonic.starts_with("ld.global"))
      e.widestGlobalLoad = std::max(e.widestGlobalLoad, accessBytes(mnemonic));
    if (mnemonic.starts_with("st.global"))
      e.widestGlobalStore = std::max(e.widestGlobalStore, accessBytes(mnemonic));
  }
  return e;
}

//===-- Rules ------------------------------------------------------------------------------===//

/// Narrower loads may shrink rightly: of an integer that is truncated only the low half is read.
constexpr int64_t kWidest = 16;

/// Bytes of a load or store: a modifier 64 or 128, else 4 (or less).
static int64_t sassBytes(StringRef opcode) {
  SmallVector<StringRef> parts;
  opcode.split(parts, '.');
  return is_contained(parts, "128") ? 16 : is_contained(parts, "64") ? 8 : 4;
}

std::vector<std::string> checkSass(const SassFunction &function, const SassExpectations &expected) {
  std::vector<std::string> broken;
  auto countOf = [&](ArrayRef<StringRef> names) {
    return count_if(function.code, [&](const SassInstruction &i) { return is_contained(names, StringRef(i.opcode).split('.').first); });
  };
  auto widest = [&](StringRef name) {
    int64_t bytes = 0;
    for (const SassInstruction &i : function.code)
      if (StringRef(i.opcode).split('.').first == name)
        bytes = std::max(bytes, sassBytes(i.opcode));
    return bytes;
  };
  if (function.code.empty())
    return {"expects instructions, but got none"};
  if (int64_t n = countOf({"LDL", "STL"}))
    broken.push_back("expects no local memory, but got " + std::to_string(n) + " LDL and STL");
  if (int64_t n = countOf({"CALL"}); n && !expected.hasWideDivision)
    broken.push_back("expects no call, but got " + std::to_string(n));
  if (expected.usesTensorCores && !countOf({"HMMA", "IMMA", "DMMA"}))
    broken.push_back("expects tensor instructions for mma.sync, but got none");
  auto checkWidth = [&](StringRef name, int64_t wanted) {
    if (int64_t got = widest(name); wanted == kWidest && got < wanted)
      broken.push_back(("expects " + name + " of " + Twine(wanted) + " bytes, but got at most " + Twine(got)).str());
  };
  checkWidth("LDG", expected.widestGlobalLoad);
  checkWidth("STG", expected.widestGlobalStore);
  return broken;
}

} // namespace seqc
