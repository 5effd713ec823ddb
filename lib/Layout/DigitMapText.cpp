// SPDX-License-Identifier: Apache-2.0
// Text form of digit maps: `reg [2:1@d1, 22:8@d1], lane [4:2@d1, 8:1@d0], warp [4:_]`.
#include "seqc/Layout/DigitMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace seqc::layout;
using llvm::Expected;
using llvm::StringRef;

static constexpr StringRef kAxisNames[kNumAxes] = {"reg", "lane", "warp", "addr"};

StringRef seqc::layout::axisName(Axis a) { return kAxisNames[int(a)]; }

static void printDigit(llvm::raw_ostream &os, const Digit &d) {
  os << d.size << ':';
  if (d.isReplica())
    os << '_';
  else
    os << d.stride << "@d" << int(d.dim);
}

void DigitMap::print(llvm::raw_ostream &os) const {
  StringRef separator = "";
  for (int a = 0; a < kNumAxes; ++a) {
    if (axes[a].empty())
      continue;
    os << separator << kAxisNames[a] << " [";
    llvm::interleaveComma(axes[a], os, [&](const Digit &d) { printDigit(os, d); });
    os << ']';
    separator = ", ";
  }
}

std::string DigitMap::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os);
  return text;
}

llvm::raw_ostream &seqc::layout::operator<<(llvm::raw_ostream &os, const DigitMap &m) {
  m.print(os);
  return os;
}

namespace {
/// Recursive descent over the text form; the first error wins.
class TextParser {
public:
  explicit TextParser(StringRef text) : rest(text) {}

  bool axes(llvm::SmallVectorImpl<AxisDigits> &out) {
    skip();
    while (!rest.empty()) {
      if (!out.empty() && !punct(","))
        return false;
      if (!axis(out))
        return false;
      skip();
    }
    return true;
  }
  std::string error;

private:
  void skip() { rest = rest.ltrim(" \t\n"); }
  bool expected(StringRef what) {
    error = ("expects " + what + ", but got `" + rest.take_front(16) + "`").str();
    return false;
  }
  bool punct(StringRef token) {
    skip();
    return rest.consume_front(token) || expected(("`" + token + "`").str());
  }
  bool integer(int32_t &value) {
    skip();
    StringRef start = rest;
    if (!rest.consumeInteger(10, value))
      return true;
    rest = start;
    return expected("an integer of 32 bits");
  }
  bool axis(llvm::SmallVectorImpl<AxisDigits> &out) {
    skip();
    const StringRef *name = llvm::find_if(kAxisNames, [&](StringRef n) { return rest.starts_with(n); });
    if (name == std::end(kAxisNames))
      return expected("one of reg, lane, warp, addr");
    Axis a = Axis(name - kAxisNames);
    if (llvm::any_of(out, [&](const AxisDigits &x) { return x.first == a; }))
      return expected("every axis once");
    rest = rest.drop_front(name->size());
    out.push_back({a, {}});
    if (!punct("["))
      return false;
    do {
      if (!digit(out.back().second))
        return false;
      skip();
    } while (rest.consume_front(","));
    return punct("]");
  }
  bool digit(Digits &out) {
    Digit d;
    if (!integer(d.size) || !punct(":"))
      return false;
    skip();
    if (!rest.consume_front("_")) {
      int32_t dim = 0;
      if (!integer(d.stride) || !punct("@d") || !integer(dim))
        return false;
      if (dim < 0 || dim > INT8_MAX)
        return expected("a dim of 0 to 127 before this");
      d.dim = int8_t(dim);
    }
    out.push_back(d);
    return true;
  }

  StringRef rest;
};
} // namespace

Expected<DigitMap> DigitMap::parse(StringRef text, std::optional<llvm::ArrayRef<int64_t>> shape) {
  TextParser parser(text);
  llvm::SmallVector<AxisDigits, 4> axes;
  if (!parser.axes(axes))
    return llvm::createStringError(llvm::inconvertibleErrorCode(), parser.error);
  return get(shape ? *shape : llvm::ArrayRef<int64_t>(impliedShape(axes)), axes);
}
