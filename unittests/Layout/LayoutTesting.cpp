// SPDX-License-Identifier: Apache-2.0
#include "LayoutTesting.h"
#include "seqc/Layout/Factories.h"
#include "gtest/gtest.h"

using namespace seqc::layout;
using namespace seqc::layout::test;

DigitMap test::parsed(llvm::StringRef text, std::optional<llvm::ArrayRef<int64_t>> shape) {
  llvm::Expected<DigitMap> m = DigitMap::parse(text, shape);
  if (!m) {
    ADD_FAILURE() << text.str() << ": " << toString(m.takeError());
    return {};
  }
  return *m;
}

int64_t test::linear(llvm::ArrayRef<int32_t> coord, llvm::ArrayRef<int64_t> shape) {
  int64_t out = 0;
  for (size_t d = 0; d < shape.size(); ++d)
    out = out * shape[d] + coord[d];
  return out;
}

static int pick(std::mt19937 &rng, int n) { return int(rng() % unsigned(n)); }

Shape test::randomShape(std::mt19937 &rng, int64_t most) {
  static constexpr int kFactors[] = {2, 2, 2, 2, 2, 3, 5, 11};
  Shape shape(1 + pick(rng, 4), 1);
  int64_t count = 1;
  for (int i = pick(rng, 14); i >= 0; --i) {
    int f = kFactors[pick(rng, std::size(kFactors))];
    if (count * f > most)
      break;
    shape[pick(rng, shape.size())] *= f;
    count *= f;
  }
  return shape;
}

namespace {
/// Deals the prime factors of a shape in random dim order.
struct Factors {
  Shape left, stride;
  explicit Factors(llvm::ArrayRef<int64_t> shape) : left(shape.begin(), shape.end()), stride(shape.size(), 1) {}

  /// The next factor of dim `d`.
  Digit take(int d) {
    int f = 2;
    while (left[d] % f)
      ++f;
    Digit g = {f, int32_t(stride[d]), int8_t(d)};
    left[d] /= f;
    stride[d] *= f;
    return g;
  }
  int pickDim(std::mt19937 &rng) const {
    llvm::SmallVector<int, 6> dims;
    for (size_t d = 0; d < left.size(); ++d)
      if (left[d] > 1)
        dims.push_back(d);
    return dims.empty() ? -1 : dims[pick(rng, dims.size())];
  }
};
} // namespace

DigitMap test::randomDist(std::mt19937 &rng, llvm::ArrayRef<int64_t> shape, int warps) {
  Factors factors(shape);
  std::array<std::vector<Digit>, 3> axes;
  std::array<int, 3> room = {1 << 20, kWarpSize, warps};
  for (int d = factors.pickDim(rng); d >= 0; d = factors.pickDim(rng)) {
    Digit g = factors.take(d);
    int axis = pick(rng, 3);
    if (room[axis] % g.size)
      axis = 0;
    if (axis)
      room[axis] /= g.size;
    axes[axis].push_back(g);
  }
  axes[1].push_back(replica(room[1]));
  axes[2].push_back(replica(room[2]));
  MapBuilder b(shape);
  for (int a = 0; a < 3; ++a) {
    std::shuffle(axes[a].begin(), axes[a].end(), rng);
    for (const Digit &g : axes[a])
      b.add(Axis(a), g);
  }
  return b.buildExact();
}

DigitMap test::randomMem(std::mt19937 &rng, llvm::ArrayRef<int64_t> shape) {
  Factors factors(shape);
  std::vector<Digit> digits;
  for (int d = factors.pickDim(rng); d >= 0; d = factors.pickDim(rng))
    digits.push_back(factors.take(d));
  if (pick(rng, 4) == 0)
    digits.push_back(replica(2));
  std::shuffle(digits.begin(), digits.end(), rng);
  MapBuilder b(shape);
  for (const Digit &g : digits)
    b.add(Axis::Addr, g);
  return b.buildExact();
}

static void addFactories(std::vector<DigitMap> &out) {
  for (auto [rows, cols] :
       {std::pair<int64_t, int64_t>{1, 768}, {4, 768}, {64, 64}, {64, 80}, {16, 176}, {96, 192}, {7, 13}, {1, 1}, {16, 8}, {3, 1024}})
    for (int warps : {1, 8})
      for (int bits : {16, 32}) {
        out.push_back(blocked({rows, cols}, bits, warps));
        out.push_back(rowPerWarp({rows, cols}, bits, warps));
      }
  out.push_back(blocked({}, 32, 4));
  out.push_back(blocked({100}, 32, 4));
  out.push_back(blocked({4, 2, 33, 24}, 16, 2, 8));
  for (int warps : {1, 4, 12})
    for (Shape shape : {Shape{16, 8}, Shape{64, 80}, Shape{16, 176}, Shape{64, 64}, Shape{4, 32, 32}, Shape{2, 3, 16, 64}}) {
      DigitMap acc = llvm::cantFail(mmaAcc(shape, warps));
      out.push_back(acc);
      for (int bits : {8, 16, 32}) {
        out.push_back(llvm::cantFail(mmaA(acc, 96, bits)));
        out.push_back(llvm::cantFail(mmaB(acc, 64, bits)));
        out.push_back(llvm::cantFail(mmaB(acc, 32, bits, /*batched=*/false)));
      }
    }
}

const std::vector<DigitMap> &test::distMaps() {
  static const std::vector<DigitMap> maps = [] {
    std::vector<DigitMap> out;
    for (llvm::StringRef text : {
             "reg [2:1@d1, 2:8@d0, 22:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]",
             "reg [2:1@d1, 2:8@d0, 2:8@d1, 8:16@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]",
             "reg [4:1@d1, 2:8@d0, 2:16@d1, 4:32@d1], lane [4:4@d1, 8:1@d0], warp [4:16@d0]",
             "reg [2:1@d0, 2:8@d0, 8:16@d0, 4:8@d1], lane [4:2@d0, 8:1@d1], warp [4:_]",
             "reg [8:1@d1, 3:256@d1], lane [32:8@d1], warp [4:1@d0]",
             "reg [2:8@d0], lane [4:_, 8:1@d0], warp [4:16@d0]",
         })
      out.push_back(parsed(text));
    addFactories(out);
    std::mt19937 rng(7);
    for (int i = 0; i < 60; ++i)
      out.push_back(randomDist(rng, randomShape(rng, 4096), 1 << pick(rng, 4)));
    return out;
  }();
  return maps;
}

const std::vector<DigitMap> &test::memMaps() {
  static const std::vector<DigitMap> maps = [] {
    std::vector<DigitMap> out = {parsed("addr [64:1@d1, 176:1@d0, 2:64@d1]"), parsed("addr [32:1@d2, 32:1@d1, 4:1@d0]")};
    std::mt19937 rng(11);
    for (int i = 0; i < 40; ++i)
      out.push_back(randomMem(rng, randomShape(rng, 4096)));
    return out;
  }();
  return maps;
}
