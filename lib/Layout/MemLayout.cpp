// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/MemLayout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace seqc::layout;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static llvm::Error failure(const Twine &message) { return llvm::createStringError(llvm::inconvertibleErrorCode(), message); }

Transform Transform::sw(int width) {
  assert((width == 32 || width == 64 || width == 128) && "no such swizzle");
  return {Kind::Sw, int(llvm::Log2_32(width)) - 4, 4, 3, 0, 0};
}

int64_t Transform::apply(int64_t byte) const {
  if (isXor())
    return byte ^ ((byte >> shift) & mask());
  return kind == Kind::Pad ? byte + byte / every * bytes : byte;
}

std::string Transform::str() const {
  switch (kind) {
  case Kind::None:
    return "";
  case Kind::Sw:
    return ("sw" + Twine(16 << bits)).str();
  case Kind::Xor:
    return ("xor<" + Twine(bits) + ", " + Twine(base) + ", " + Twine(shift) + ">").str();
  case Kind::Pad:
    return ("pad<" + Twine(every) + ", " + Twine(bytes) + ">").str();
  }
  return "";
}

Expected<Transform> Transform::parse(StringRef text) {
  StringRef whole = text = text.trim();
  if (text.empty())
    return none();
  unsigned width = 0;
  if (text.consume_front("sw")) {
    if (!text.getAsInteger(10, width) && (width == 32 || width == 64 || width == 128))
      return sw(width);
    return failure("expects sw32, sw64 or sw128, but got `" + whole + "`");
  }
  bool isXor = text.consume_front("xor"), isPad = !isXor && text.consume_front("pad");
  llvm::SmallVector<StringRef, 3> parts;
  if ((isXor || isPad) && text.consume_front("<") && text.consume_back(">"))
    text.split(parts, ',');
  llvm::SmallVector<int32_t, 3> values;
  for (StringRef part : parts)
    if (int32_t value; !part.trim().getAsInteger(10, value) && value >= 0)
      values.push_back(value);
  if (values.size() != parts.size() || values.size() != (isXor ? 3u : 2u))
    return failure("expects sw32, sw64, sw128, xor<bits, base, shift> or pad<every, bytes>, but got `" + whole + "`");
  return isXor ? xorBits(values[0], values[1], values[2]) : pad(values[0], values[1]);
}

/// True when `bytes` is a boundary between (parts of) addr digits, and with `powers` everything below it consists of powers of two.
static bool isBoundary(const DigitMap &map, int64_t bytes, int elemBits, bool powers) {
  int64_t weight = elemBits / 8;
  if (bytes < weight)
    return false;
  for (const Digit &d : map.digits(Axis::Addr)) {
    int64_t end = weight * d.size;
    if (end >= bytes)
      return bytes % weight == 0 && end % bytes == 0 && (!powers || llvm::isPowerOf2_64(weight));
    weight = end;
  }
  return !powers || llvm::isPowerOf2_64(weight);
}

static std::string checkXor(const DigitMap &map, const Transform &t, int elemBits) {
  if (t.bits < 1 || t.shift < t.bits || t.base + t.shift + t.bits > 30)
    return ("expects an XOR of 1 or more bits from as many or more bits above, but got " + t.str());
  if ((int64_t(8) << t.base) < elemBits)
    return ("expects an XOR of whole elements of " + Twine(elemBits) + " bits, but got " + t.str()).str();
  if (!isBoundary(map, t.period(), elemBits, /*powers=*/true))
    return ("expects digits of powers of two below byte " + Twine(t.period()) + " for " + t.str() + ", but got " + map.str()).str();
  return "";
}

static std::string checkPad(const DigitMap &map, const Transform &t, int elemBits) {
  if (t.every < 1 || t.bytes < 1 || t.bytes * 8 % elemBits)
    return ("expects a pad of whole elements, but got " + t.str());
  if (!isBoundary(map, t.every, elemBits, /*powers=*/false))
    return ("expects a pad at a digit boundary, but got " + t.str() + " for " + map.str());
  return "";
}

Expected<MemLayout> MemLayout::get(DigitMap map, Transform transform, int elemBits) {
  assert(elemBits >= 8 && elemBits % 8 == 0 && "elements of whole bytes");
  std::string message;
  if (transform.isXor())
    message = checkXor(map, transform, elemBits);
  else if (transform.kind == Transform::Kind::Pad)
    message = checkPad(map, transform, elemBits);
  if (!message.empty())
    return failure(message);
  return MemLayout{std::move(map), transform};
}

MemLayout MemLayout::dense(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int> order) {
  MapBuilder b(shape);
  for (size_t i = 0; i < shape.size(); ++i) {
    int d = order.empty() ? int(shape.size() - 1 - i) : order[i];
    b.add(Axis::Addr, shape[d], 1, d);
  }
  return {b.buildExact(), Transform::none()};
}

int64_t MemLayout::bytes(int elemBits) const {
  int64_t elements = map.size(Axis::Addr), size = elements * elemBits / 8;
  return transform.isXor() ? llvm::alignTo(size, transform.period()) : physical(elements - 1, elemBits) + elemBits / 8;
}

std::string MemLayout::str() const { return transform.kind == Transform::Kind::None ? map.str() : map.str() + ", " + transform.str(); }
