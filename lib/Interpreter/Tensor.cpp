// SPDX-License-Identifier: Apache-2.0
#include "seqc/Interpreter/Tensor.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include <array>
#include <cmath>
#include <cstring>

using namespace llvm;

namespace seqc::interp {

namespace {
struct DTypeInfo {
  DType type;
  const char *name;
  int64_t bytes;
  bool isFloat;
  DType component;
};
constexpr std::array<DTypeInfo, 10> kDTypes{{{DType::F32, "f32", 4, true, DType::F32},
                                             {DType::F16, "f16", 2, true, DType::F16},
                                             {DType::BF16, "bf16", 2, true, DType::BF16},
                                             {DType::F64, "f64", 8, true, DType::F64},
                                             {DType::I1, "i1", 1, false, DType::I1},
                                             {DType::I8, "i8", 1, false, DType::I8},
                                             {DType::I32, "i32", 4, false, DType::I32},
                                             {DType::I64, "i64", 8, false, DType::I64},
                                             {DType::C64, "c64", 8, false, DType::F32},
                                             {DType::C128, "c128", 16, false, DType::F64}}};
const DTypeInfo &info(DType t) { return kDTypes[static_cast<size_t>(t)]; }

const fltSemantics &semantics(DType t) {
  switch (t) {
  case DType::F16:
    return APFloat::IEEEhalf();
  case DType::BF16:
    return APFloat::BFloat();
  case DType::F32:
    return APFloat::IEEEsingle();
  default:
    return APFloat::IEEEdouble();
  }
}

APFloat converted(DType t, double x) {
  APFloat f(x);
  bool losesInfo;
  f.convert(semantics(t), APFloat::rmNearestTiesToEven, &losesInfo);
  return f;
}

double integerRounded(DType t, double x) {
  if (t == DType::I1)
    return x != 0.0;
  // Wrap through 64 bits, as arith's integer types do.
  auto wide = static_cast<int64_t>(x);
  if (t == DType::I8)
    return static_cast<int8_t>(wide);
  return t == DType::I32 ? static_cast<double>(static_cast<int32_t>(wide)) : static_cast<double>(wide);
}
} // namespace

StringRef name(DType t) { return info(t).name; }
int64_t byteSize(DType t) { return info(t).bytes; }
bool isFloat(DType t) { return info(t).isFloat; }
bool isComplex(DType t) { return info(t).component != t; }
DType componentType(DType t) { return info(t).component; }

Expected<DType> parseDType(StringRef text) {
  const auto *it = llvm::find_if(kDTypes, [&](const DTypeInfo &i) { return text == i.name; });
  if (it == kDTypes.end())
    return createStringError("unknown dtype '" + text + "'");
  return it->type;
}

double roundTo(DType t, double x) {
  t = componentType(t);
  if (t == DType::F64)
    return x;
  if (t == DType::F32)
    return static_cast<float>(x);
  if (!isFloat(t))
    return integerRounded(t, x);
  APFloat f = converted(t, x);
  bool losesInfo;
  f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return f.convertToDouble();
}

Tensor::Tensor(DType dtype, std::vector<int64_t> shapeIn, double fill) : dtype(dtype), shape(std::move(shapeIn)) {
  if (!isComplex(dtype)) {
    data.assign(size(), fill);
    return;
  }
  data.assign(2 * size(), 0.0);
  for (size_t i = 0; i < data.size(); i += 2)
    data[i] = fill;
}

int64_t Tensor::size() const {
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  return n;
}

int64_t Tensor::offset(ArrayRef<int64_t> index) const {
  int64_t o = 0;
  for (size_t i = 0; i < shape.size(); ++i)
    o = o * shape[i] + index[i];
  return o;
}

std::complex<double> Tensor::complexAt(int64_t i) const { return isComplex(dtype) ? std::complex<double>(data[2 * i], data[2 * i + 1]) : data[i]; }

void Tensor::setComplex(int64_t i, std::complex<double> z) {
  assert(isComplex(dtype) && "a real tensor has no place for the imaginary part");
  data[2 * i] = z.real();
  data[2 * i + 1] = z.imag();
}

void Tensor::copyElement(ArrayRef<int64_t> index, const Tensor &from, ArrayRef<int64_t> at) {
  int64_t parts = isComplex(dtype) ? 2 : 1, to = offset(index) * parts, source = from.offset(at) * parts;
  for (int64_t i = 0; i < parts; ++i)
    data[to + i] = from.data[source + i];
}

std::vector<char> Tensor::toBytes() const {
  const DType dtype = componentType(this->dtype);
  int64_t width = byteSize(dtype);
  std::vector<char> bytes(data.size() * width);
  for (size_t i = 0; i < data.size(); ++i) {
    // Little-endian: the low bytes of the bit pattern are the image.
    uint64_t bits = isFloat(dtype) ? converted(dtype, data[i]).bitcastToAPInt().getZExtValue() : static_cast<uint64_t>(static_cast<int64_t>(data[i]));
    std::memcpy(bytes.data() + i * width, &bits, width);
  }
  return bytes;
}

Tensor Tensor::fromBytes(DType stored, std::vector<int64_t> shape, const void *bytes) {
  Tensor t(stored, std::move(shape));
  const DType dtype = componentType(stored);
  int64_t width = byteSize(dtype);
  for (size_t i = 0; i < t.data.size(); ++i) {
    uint64_t bits = 0;
    std::memcpy(&bits, static_cast<const char *>(bytes) + i * width, width);
    if (isFloat(dtype)) {
      APFloat f(semantics(dtype), APInt(width * 8, bits));
      bool losesInfo;
      f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
      t.data[i] = f.convertToDouble();
    } else {
      t.data[i] = dtype == DType::I1 ? static_cast<double>(bits & 1) : static_cast<double>(APInt(width * 8, bits).getSExtValue());
    }
  }
  return t;
}

bool next(std::vector<int64_t> &index, ArrayRef<int64_t> shape) {
  for (size_t i = shape.size(); i-- > 0;) {
    if (++index[i] < shape[i])
      return true;
    index[i] = 0;
  }
  return false;
}

} // namespace seqc::interp
