// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Npy.h"
#include "seqc/Support/Files.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <array>

using namespace llvm;

namespace seqc {

namespace {
struct Descr {
  const char *descr, *dtype;
  int64_t bytes;
};
// Reading takes the first match of descr, writing the first match of dtype.
constexpr std::array<Descr, 12> kDescrs{{{"<f4", "f32", 4},
                                         {"<f2", "f16", 2},
                                         {"<f8", "f64", 8},
                                         {"|b1", "i1", 1},
                                         {"|i1", "i8", 1},
                                         {"<i4", "i32", 4},
                                         {"<i8", "i64", 8},
                                         {"<u2", "u16", 2},
                                         {"<u2", "bf16", 2},
                                         {"<c8", "c64", 8},
                                         {"<c16", "c128", 16},
                                         {"|u1", "u8", 1}}};
constexpr StringLiteral kMagic = "\x93NUMPY";

/// Value of 'key' in the header, a Python dict literal written by NumPy: the text up to the next top-level comma or brace.
StringRef headerValue(StringRef header, StringRef key) {
  size_t at = header.find(("'" + key + "':").str());
  if (at == StringRef::npos)
    return {};
  StringRef rest = header.drop_front(at + key.size() + 3).ltrim();
  if (rest.starts_with("("))
    return rest.take_front(rest.find(')') + 1);
  return rest.take_until([](char c) { return c == ',' || c == '}'; }).trim();
}

Expected<std::vector<int64_t>> parseShape(StringRef text) {
  std::vector<int64_t> shape;
  if (!text.consume_front("(") || !text.consume_back(")"))
    return createStringError("the shape is not a tuple");
  SmallVector<StringRef> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    int64_t d;
    if (part.trim().empty())
      continue;
    if (part.trim().getAsInteger(10, d) || d < 0)
      return createStringError("the shape holds '" + part + "'");
    shape.push_back(d);
  }
  return shape;
}
} // namespace

Expected<NpyArray> parseNpy(StringRef bytes) {
  if (!bytes.consume_front(kMagic) || bytes.size() < 4)
    return createStringError("not a .npy file");
  unsigned major = static_cast<unsigned char>(bytes[0]);
  bytes = bytes.drop_front(2);
  if (major < 1 || major > 3)
    return createStringError("unknown .npy version " + Twine(major));
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (bytes.size() < lengthBytes)
    return createStringError("the header is truncated");
  size_t length = major == 1 ? support::endian::read16le(bytes.data()) : support::endian::read32le(bytes.data());
  bytes = bytes.drop_front(lengthBytes);
  if (bytes.size() < length)
    return createStringError("the header is truncated");
  StringRef header = bytes.take_front(length);
  bytes = bytes.drop_front(length);
  StringRef descr = headerValue(header, "descr").trim('\'');
  const auto *entry = llvm::find_if(kDescrs, [&](const Descr &d) { return descr == d.descr; });
  if (entry == kDescrs.end())
    return createStringError("unsupported element type '" + descr + "'");
  if (headerValue(header, "fortran_order") != "False")
    return createStringError("expects C order");
  Expected<std::vector<int64_t>> shape = parseShape(headerValue(header, "shape"));
  if (!shape)
    return shape.takeError();
  int64_t size = entry->bytes;
  for (int64_t d : *shape)
    if (MulOverflow(size, d, size))
      return createStringError("the shape is too large");
  if (static_cast<size_t>(size) != bytes.size())
    return createStringError("expects " + Twine(size) + " bytes of data, but got " + Twine(bytes.size()));
  return NpyArray{entry->dtype, std::move(*shape), std::vector<char>(bytes.begin(), bytes.end())};
}

Expected<NpyArray> readNpy(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  Expected<NpyArray> array = parseNpy((*buffer)->getBuffer());
  if (!array)
    return createStringError(path + ": " + toString(array.takeError()));
  return array;
}

Error writeNpy(StringRef path, StringRef dtype, ArrayRef<int64_t> shape, StringRef data) {
  const auto *entry = llvm::find_if(kDescrs, [&](const Descr &d) { return dtype == d.dtype; });
  if (entry == kDescrs.end())
    return createStringError(path + ": element type '" + dtype + "' cannot be stored");
  std::string dims;
  for (int64_t d : shape)
    dims += std::to_string(d) + ", ";
  std::string header = std::string("{'descr': '") + entry->descr + "', 'fortran_order': False, 'shape': (" + dims + "), }";
  // Magic, version, length and header together are a multiple of 64 bytes.
  header.append(alignTo(header.size() + 11, 64) - header.size() - 11, ' ');
  header += '\n';
  return writeAtomically(path, [&](raw_ostream &os) {
    os << kMagic << '\x01' << '\0' << static_cast<char>(header.size() & 0xff) << static_cast<char>(header.size() >> 8) << header << data;
  });
}

} // namespace seqc
