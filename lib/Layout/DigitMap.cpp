// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/DigitMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include <numeric>

using namespace seqc::layout;
using llvm::ArrayRef;
using llvm::Expected;
using llvm::Twine;

static llvm::Error failure(const Twine &message) { return llvm::createStringError(llvm::inconvertibleErrorCode(), message); }

static constexpr int64_t kMaxSize = int64_t(1) << 30;

/// One digit of a dim together with where it lives.
namespace {
struct Placed {
  Digit digit;
  Axis axis;
};
} // namespace

static int64_t product(ArrayRef<Digit> digits) {
  int64_t n = 1;
  for (const Digit &d : digits)
    n *= d.size;
  return n;
}

static void canonicalise(Digits &digits) {
  Digits out;
  for (Digit d : digits) {
    if (d.size == 1)
      continue;
    if (d.isReplica())
      d.stride = 0;
    if (!out.empty() && out.back().dim == d.dim && (d.isReplica() || int64_t(out.back().stride) * out.back().size == d.stride))
      out.back().size *= d.size;
    else
      out.push_back(d);
  }
  digits = std::move(out);
}

/// Digits of dim `d` on all axes, by stride.
static llvm::SmallVector<Placed, 8> chain(const DigitMap &m, int d) {
  llvm::SmallVector<Placed, 8> out;
  for (int a = 0; a < kNumAxes; ++a)
    for (const Digit &g : m.digits(Axis(a)))
      if (g.dim == d)
        out.push_back({g, Axis(a)});
  llvm::stable_sort(out, [](const Placed &x, const Placed &y) { return x.digit.stride < y.digit.stride; });
  return out;
}

static std::string checkDigits(const DigitMap &m) {
  for (int a = 0; a < kNumAxes; ++a) {
    int64_t total = 1;
    for (const Digit &g : m.digits(Axis(a))) {
      if (g.size < 1)
        return ("expects digit sizes >= 1, but got " + Twine(g.size)).str();
      if (g.dim < kReplica || g.dim >= m.rank())
        return ("expects dims below the rank " + Twine(m.rank()) + ", but got d" + Twine(int(g.dim))).str();
      if (g.isReplica() && Axis(a) == Axis::Reg)
        return ("expects register digits that are no replicas, but got " + Twine(g.size) + ":_").str();
      total *= g.size;
      if (total > kMaxSize)
        return ("expects " + axisName(Axis(a)) + " digits that multiply to 2^30 at most, but got more").str();
    }
  }
  return "";
}

static std::string checkAxes(const DigitMap &m) {
  bool dist = !m.digits(Axis::Reg).empty() || !m.digits(Axis::Lane).empty() || !m.digits(Axis::Warp).empty();
  if (dist && m.isMemory())
    return "expects either addr digits or reg, lane and warp digits, but got both";
  if (dist && m.size(Axis::Lane) != kWarpSize)
    return ("expects lane digits that multiply to 32, but got " + Twine(m.size(Axis::Lane))).str();
  return "";
}

static std::string checkExact(const DigitMap &m) {
  for (int d = 0; d < m.rank(); ++d) {
    int64_t next = 1;
    for (const Placed &p : chain(m, d)) {
      if (p.digit.stride != next)
        return ("expects the next digit of d" + Twine(d) + " to have stride " + Twine(next) + ", but got " + Twine(p.digit.stride)).str();
      next *= p.digit.size;
    }
    if (next != m.shape()[d])
      return ("expects the digits of d" + Twine(d) + " to cover extent " + Twine(m.shape()[d]) + ", but got " + Twine(next)).str();
  }
  return "";
}

std::string DigitMap::finish() {
  std::string message = checkDigits(*this);
  if (!message.empty())
    return message;
  for (Digits &digits : axes)
    canonicalise(digits);
  message = checkAxes(*this);
  return message.empty() ? checkExact(*this) : message;
}

MapBuilder &MapBuilder::add(Axis a, int64_t size, int64_t stride, int dim) {
  auto clamp = [](int64_t v) { return int32_t(std::min<int64_t>(v, INT32_MAX)); };
  if (size != 1)
    map.axes[int(a)].push_back({clamp(size), dim == kReplica ? 0 : clamp(stride), int8_t(dim)});
  return *this;
}

Expected<DigitMap> MapBuilder::build() const {
  DigitMap m = map;
  std::string message = m.finish();
  if (!message.empty())
    return failure(message);
  return m;
}

DigitMap MapBuilder::buildExact() const {
  DigitMap m = map;
  [[maybe_unused]] std::string message = m.finish();
  assert(message.empty() && "digits are not exact");
  return m;
}

Expected<DigitMap> DigitMap::get(ArrayRef<int64_t> shape, ArrayRef<AxisDigits> axes) {
  MapBuilder b(shape);
  for (const auto &[axis, digits] : axes)
    for (const Digit &d : digits)
      b.add(axis, d);
  return b.build();
}

Shape DigitMap::impliedShape(ArrayRef<AxisDigits> axes, int minRank) {
  Shape shape(minRank, 1);
  for (const auto &[axis, digits] : axes)
    for (const Digit &d : digits) {
      if (d.dim < 0 || d.size < 1)
        continue;
      if (d.dim >= int(shape.size()))
        shape.resize(d.dim + 1, 1);
      shape[d.dim] *= d.size;
    }
  return shape;
}

int64_t DigitMap::numElements() const { return std::accumulate(extents.begin(), extents.end(), int64_t(1), std::multiplies<int64_t>()); }
int32_t DigitMap::size(Axis a) const { return product(axes[int(a)]); }

int32_t DigitMap::replicas(Axis a) const {
  int32_t n = 1;
  for (const Digit &d : axes[int(a)])
    n *= d.isReplica() ? d.size : 1;
  return n;
}

int64_t DigitMap::replicas() const {
  int64_t n = 1;
  for (int a = 0; a < kNumAxes; ++a)
    n *= replicas(Axis(a));
  return n;
}

Coord DigitMap::apply(Loc l) const {
  Coord c(extents.size(), 0);
  for (int a = 0; a < kNumAxes; ++a) {
    uint32_t rest = l.get(Axis(a));
    for (const Digit &d : axes[a]) {
      uint32_t size = d.size;
      if (!d.isReplica())
        c[d.dim] += (rest % size) * d.stride;
      rest /= size;
    }
  }
  return c;
}

Loc DigitMap::locate(ArrayRef<int32_t> coord) const {
  assert(coord.size() == extents.size() && "coordinate of another rank");
  std::array<int32_t, kNumAxes> at{};
  for (int a = 0; a < kNumAxes; ++a) {
    uint32_t weight = 1;
    for (const Digit &d : axes[a]) {
      if (!d.isReplica())
        at[a] += uint32_t(coord[d.dim]) / uint32_t(d.stride) % uint32_t(d.size) * weight;
      weight *= d.size;
    }
  }
  return {at[0], at[1], at[2], at[3]};
}

/// Splits a digit with linear (row-major) stride `stride` over the dims of `shape`; strides of the result are per dim.
static bool spreadOverDims(Axis a, int64_t size, int64_t stride, ArrayRef<int64_t> shape, MapBuilder &out) {
  int64_t dimStride = 1;
  for (int d = int(shape.size()) - 1; d >= 0 && size > 1; dimStride *= shape[d], --d) {
    int64_t end = dimStride * shape[d];
    if (stride >= end)
      continue;
    int64_t here = std::min(size, end / stride);
    if (stride % dimStride || end % (stride * here) || size % here)
      return false;
    out.add(a, here, stride / dimStride, d);
    size /= here;
    stride *= here;
  }
  return size == 1;
}

Expected<DigitMap> DigitMap::reshape(ArrayRef<int64_t> newShape) const {
  int64_t count = std::accumulate(newShape.begin(), newShape.end(), int64_t(1), std::multiplies<int64_t>());
  if (count != numElements())
    return failure("expects a shape of " + Twine(numElements()) + " elements, but got " + Twine(count));
  Shape strides = rowMajorStrides(extents);
  MapBuilder b(newShape);
  for (int a = 0; a < kNumAxes; ++a)
    for (const Digit &d : axes[a]) {
      if (d.isReplica())
        b.addReplica(Axis(a), d.size);
      else if (!spreadOverDims(Axis(a), d.size, d.stride * strides[d.dim], newShape, b))
        return failure("expects digits that fall into single dims of the new shape, but got " + Twine(d.size) + ":" + Twine(d.stride) + "@d" +
                       Twine(int(d.dim)));
    }
  return b.build();
}

DigitMap DigitMap::transpose(ArrayRef<int> perm) const {
  assert(perm.size() == extents.size() && "permutation of another rank");
  Shape shape(extents.size());
  llvm::SmallVector<int, 6> inverse(perm.size());
  for (auto [i, p] : llvm::enumerate(perm)) {
    shape[i] = extents[p];
    inverse[p] = i;
  }
  MapBuilder b(shape);
  for (int a = 0; a < kNumAxes; ++a)
    for (const Digit &d : axes[a])
      b.add(Axis(a), d.size, d.stride, d.isReplica() ? kReplica : inverse[d.dim]);
  return b.buildExact();
}

DigitMap DigitMap::dropDim(int dim) const {
  Shape shape = extents;
  shape.erase(shape.begin() + dim);
  MapBuilder b(shape);
  for (int a = 0; a < kNumAxes; ++a)
    for (const Digit &d : axes[a]) {
      if (d.dim != dim)
        b.add(Axis(a), d.size, d.stride, d.dim > dim ? d.dim - 1 : d.dim);
      else if (Axis(a) != Axis::Reg)
        b.addReplica(Axis(a), d.size);
    }
  return b.buildExact();
}

/// Shape with a new dim, and the number an old dim has in it.
static Shape insertDim(ArrayRef<int64_t> shape, int d, int64_t n) {
  Shape out(shape.begin(), shape.end());
  out.insert(out.begin() + d, n);
  return out;
}
static int shifted(int dim, int inserted) { return dim >= inserted ? dim + 1 : dim; }

DigitMap DigitMap::stack(int dim, int64_t n, Axis axis) const {
  assert((axis == Axis::Reg || axis == Axis::Addr) && "only registers and memory grow");
  MapBuilder b(insertDim(extents, dim, n));
  for (int a = 0; a < kNumAxes; ++a)
    for (const Digit &d : axes[a])
      b.add(Axis(a), d.size, d.stride, shifted(d.dim, dim));
  return b.add(axis, n, 1, dim).buildExact();
}

DigitMap DigitMap::spread(int dim, int64_t n) const {
  MapBuilder b(insertDim(extents, dim, n));
  int64_t stride = 1;
  for (int a = 0; a < kNumAxes; ++a)
    for (const Digit &d : axes[a]) {
      int64_t use = d.isReplica() && Axis(a) != Axis::Addr ? std::gcd<int64_t>(d.size, n / stride) : 1;
      b.add(Axis(a), use, stride, dim);
      stride *= use;
      b.add(Axis(a), d.size / use, d.stride, shifted(d.dim, dim));
    }
  return b.add(isMemory() ? Axis::Addr : Axis::Reg, n / stride, stride, dim).buildExact();
}

namespace {
/// What is left of one digit: `keep` consecutive values of it.
struct Cut {
  Digit digit;
  int64_t keep;
};
} // namespace

/// The digits of dim `d` that a slice cuts, or a message.
static std::string cutDigits(const DigitMap &m, int d, int64_t off, int64_t n, llvm::SmallVectorImpl<Cut> &cuts) {
  llvm::SmallVector<Placed, 8> digits = chain(m, d);
  for (const Placed &p : llvm::reverse(digits)) {
    int64_t stride = p.digit.stride, keep = 1;
    if (n >= stride) {
      if (off % stride || n % stride)
        return ("expects a slice of whole digits of " + Twine(stride) + ", but got offset " + Twine(off) + " and extent " + Twine(n)).str();
      keep = n / stride;
    } else if (off / stride != (off + n - 1) / stride) {
      return ("expects a slice inside one digit of " + Twine(stride) + ", but got offset " + Twine(off) + " and extent " + Twine(n)).str();
    }
    if (keep != p.digit.size) {
      if (p.axis != Axis::Reg && p.axis != Axis::Addr)
        return ("expects a slice that cuts register or addr digits, but got one that cuts " + axisName(p.axis) + " digits").str();
      cuts.push_back({p.digit, keep});
    }
    if (n >= stride)
      return "";
    off %= stride;
  }
  return "";
}

Expected<DigitMap> DigitMap::slice(int dim, int64_t off, int64_t n) const {
  if (off < 0 || n < 1 || off + n > extents[dim])
    return failure("expects a slice inside extent " + Twine(extents[dim]) + ", but got offset " + Twine(off) + " and extent " + Twine(n));
  llvm::SmallVector<Cut, 4> cuts;
  std::string message = cutDigits(*this, dim, off, n, cuts);
  if (!message.empty())
    return failure(message);
  Shape shape = extents;
  shape[dim] = n;
  MapBuilder b(shape);
  for (int a = 0; a < kNumAxes; ++a)
    for (auto [i, d] : llvm::enumerate(axes[a])) {
      const Digit &digit = d;
      const Cut *cut = llvm::find_if(cuts, [&](const Cut &c) { return c.digit == digit; });
      int64_t keep = cut == cuts.end() ? digit.size : cut->keep;
      b.add(Axis(a), keep, digit.stride, digit.dim);
      bool slowest = i + 1 == axes[a].size();
      if (Axis(a) != Axis::Addr || slowest || keep == digit.size)
        continue;
      if (digit.size % keep)
        return failure("expects a slice that keeps a divisor of addr digit " + Twine(digit.size) + ", but got " + Twine(keep));
      b.addReplica(Axis::Addr, digit.size / keep);
    }
  return b.build();
}

std::vector<int64_t> DigitMap::contributions(Axis a, ArrayRef<int64_t> dimStrides) const {
  std::vector<int64_t> out{0};
  out.reserve(size(a));
  for (const Digit &d : axes[int(a)]) {
    int64_t step = d.isReplica() ? 0 : d.stride * dimStrides[d.dim];
    size_t below = out.size();
    for (int32_t v = 1; v < d.size; ++v)
      for (size_t i = 0; i < below; ++i)
        out.push_back(out[i] + v * step);
  }
  return out;
}

std::vector<int32_t> DigitMap::coordinates(Axis a, int dim) const {
  Shape strides(extents.size(), 0);
  strides[dim] = 1;
  std::vector<int64_t> wide = contributions(a, strides);
  return std::vector<int32_t>(wide.begin(), wide.end());
}

bool DigitMap::operator==(const DigitMap &o) const { return extents == o.extents && axes == o.axes; }

llvm::hash_code seqc::layout::hash_value(const DigitMap &m) {
  llvm::hash_code h = llvm::hash_combine_range(m.extents.begin(), m.extents.end());
  for (const Digits &digits : m.axes) {
    h = llvm::hash_combine(h, digits.size());
    for (const Digit &d : digits)
      h = llvm::hash_combine(h, d.size, d.stride, d.dim);
  }
  return h;
}

Shape seqc::layout::rowMajorStrides(ArrayRef<int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (int d = int(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

std::optional<std::pair<Digits, Digits>> seqc::layout::splitDigits(ArrayRef<Digit> digits, int64_t n) {
  Digits low, high;
  for (const Digit &d : digits) {
    int64_t take = std::min<int64_t>(d.size, n);
    if (n % take || d.size % take)
      return std::nullopt;
    if (take > 1)
      low.push_back({int32_t(take), d.stride, d.dim});
    if (take < d.size)
      high.push_back({int32_t(d.size / take), int32_t(d.stride * take), d.dim});
    n /= take;
  }
  if (n != 1)
    return std::nullopt;
  return std::make_pair(low, high);
}

std::vector<int32_t> seqc::layout::sliceRegisters(const DigitMap &source, const DigitMap &part, int d, int64_t off) {
  std::vector<int32_t> out(part.size(Axis::Reg));
  for (size_t r = 0; r < out.size(); ++r) {
    Coord c = part.apply({int32_t(r)});
    c[d] += off;
    out[r] = source.locate(c).reg;
  }
  return out;
}
