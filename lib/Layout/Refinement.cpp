// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/Refinement.h"
#include "llvm/ADT/STLExtras.h"

using namespace seqc::layout;

namespace {
struct Segment {
  int32_t size, stride, weight;
  Axis axis;
};
} // namespace

static llvm::SmallVector<Segment, 8> segments(const DigitMap &m, int dim) {
  llvm::SmallVector<Segment, 8> out;
  for (int a = 0; a < kNumAxes; ++a) {
    int32_t weight = 1;
    for (const Digit &g : m.digits(Axis(a))) {
      if (g.dim == dim)
        out.push_back({g.size, g.stride, weight, Axis(a)});
      weight *= g.size;
    }
  }
  llvm::sort(out, [](const Segment &x, const Segment &y) { return x.stride < y.stride; });
  return out;
}

static void advance(Segment &s, int32_t n) {
  s.size /= n;
  s.stride *= n;
  s.weight *= n;
}

std::optional<Pieces> seqc::layout::refine(const DigitMap &from, const DigitMap &to) {
  assert(from.shape() == to.shape() && "maps of one shape");
  Pieces pieces;
  for (int d = 0; d < from.rank(); ++d) {
    llvm::SmallVector<Segment, 8> a = segments(from, d), b = segments(to, d);
    for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
      int32_t n = std::min(a[i].size, b[j].size);
      if (a[i].size % n || b[j].size % n)
        return std::nullopt;
      pieces.push_back({n, a[i].stride, d, a[i].axis, b[j].axis, a[i].weight, b[j].weight});
      advance(a[i], n);
      advance(b[j], n);
      i += a[i].size == 1;
      j += b[j].size == 1;
    }
  }
  return pieces;
}
