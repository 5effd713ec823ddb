// SPDX-License-Identifier: Apache-2.0
// seq.attention as its definition reads: scores of one row, softmax, weighted sum. No online softmax, no blocks.
#include "SeqEvaluator.h"
#include "TileScalar.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();

/// Rows and keys of one sequence: offsets into M and N and their lengths. Unpacked: the whole M, and N or kv_lengths[b].
struct Sequence {
  int64_t memoryBatch, batch, mStart, mCount, nStart, nCount;
};

class Attention {
public:
  Attention(SeqEvaluator &e, seq::AttentionOp op)
      : e(e), op(op), q(e.get(op.getQ())), k(e.get(op.getK())), v(e.get(op.getV())), heads(q.shape[1]), groups(k.shape[1] ? heads / k.shape[1] : 1),
        scale(op.getScaleValue()) {}

  Error run() {
    Expected<DType> lseType = op.hasLse() ? elementDType(op.getLse().getType()) : Expected<DType>(DType::F32);
    if (!lseType)
      return lseType.takeError();
    Tensor o(q.dtype, {q.shape[0], heads, q.shape[2], v.shape[3]}), lse(*lseType, {q.shape[0], heads, q.shape[2]}, -kInf);
    for (const Sequence &s : sequences())
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t m = 0; m < s.mCount; ++m)
          if (Error error = row(s, h, m, o, lse))
            return error;
    e.bind(op.getO(), o);
    if (op.hasLse())
      e.bind(op.getLse(), lse);
    return Error::success();
  }

private:
  std::vector<Sequence> sequences() const {
    std::vector<Sequence> all;
    if (!op.getCuSeqlensQ()) {
      for (int64_t b = 0; b < q.shape[0]; ++b) {
        int64_t n = op.getKvLengths() ? std::clamp<int64_t>(e.get(op.getKvLengths()).data[b], 0, k.shape[2]) : k.shape[2];
        all.push_back({b, b, 0, q.shape[2], 0, n});
      }
      return all;
    }
    const std::vector<double> &cq = e.get(op.getCuSeqlensQ()).data, &ck = e.get(op.getCuSeqlensK()).data;
    for (size_t s = 0; s + 1 < cq.size(); ++s)
      all.push_back({0, static_cast<int64_t>(s), static_cast<int64_t>(cq[s]), static_cast<int64_t>(cq[s + 1] - cq[s]), static_cast<int64_t>(ck[s]),
                     static_cast<int64_t>(ck[s + 1] - ck[s])});
    return all;
  }

  Expected<bool> isVisible(const Sequence &s, int64_t h, int64_t m, int64_t n) {
    int64_t position = m + (op.getCausal() == "bottom_right" ? s.nCount - s.mCount : 0);
    if (op.getCausal() != "none" && n > position)
      return false;
    if (std::optional<uint64_t> left = op.getWindowLeft(); left && n < position - static_cast<int64_t>(*left))
      return false;
    if (std::optional<uint64_t> right = op.getWindowRight(); right && n > position + static_cast<int64_t>(*right))
      return false;
    if (op.getMask().empty())
      return true;
    Expected<std::vector<double>> r = e.scalars(op.getMask().front(), {double(s.batch), double(h), double(m), double(n)});
    if (!r)
      return r.takeError();
    return (*r)[0] != 0.0;
  }

  double bias(int64_t b, int64_t h, int64_t m, int64_t n) const {
    const Tensor &t = e.get(op.getBias());
    int64_t index[] = {b, h, m, n};
    for (int d = 0; d < 4; ++d)
      if (t.shape[d] == 1)
        index[d] = 0;
    return t.at(index);
  }

  Expected<double> score(const Sequence &s, int64_t h, int64_t m, int64_t n) {
    double x = 0;
    for (int64_t d = 0; d < q.shape[3]; ++d)
      x += q.at({s.memoryBatch, h, s.mStart + m, d}) * k.at({s.memoryBatch, h / groups, s.nStart + n, d});
    x *= scale;
    if (std::optional<llvm::APFloat> cap = op.getSoftcap())
      x = cap->convertToDouble() * std::tanh(x / cap->convertToDouble());
    if (op.getBias())
      x += bias(s.memoryBatch, h, s.mStart + m, s.nStart + n);
    if (op.getScoreMod().empty())
      return x;
    Expected<std::vector<double>> r = e.scalars(op.getScoreMod().front(), {x, double(s.batch), double(h), double(m), double(n)});
    if (!r)
      return r.takeError();
    return (*r)[0];
  }

  Error row(const Sequence &s, int64_t h, int64_t m, Tensor &o, Tensor &lse) {
    std::vector<double> scores(s.nCount, -kInf);
    double max = op.getSinks() ? e.get(op.getSinks()).data[h] : -kInf;
    for (int64_t n = 0; n < s.nCount; ++n) {
      Expected<bool> visible = isVisible(s, h, m, n);
      if (!visible)
        return visible.takeError();
      if (!*visible)
        continue;
      Expected<double> x = score(s, h, m, n);
      if (!x)
        return x.takeError();
      scores[n] = *x;
      max = std::isnan(*x) ? *x : std::max(max, *x);
    }
    int64_t mAt = s.mStart + m;
    if (max == -kInf) // no visible key: o = 0, lse = -inf
      return Error::success();
    double sum = op.getSinks() ? std::exp(e.get(op.getSinks()).data[h] - max) : 0;
    std::vector<double> acc(v.shape[3], 0.0);
    for (int64_t n = 0; n < s.nCount; ++n) {
      if (scores[n] == -kInf) // weight 0, whatever the value row holds
        continue;
      double p = std::exp(scores[n] - max);
      sum += p;
      for (int64_t d = 0; d < v.shape[3]; ++d)
        acc[d] += p * v.at({s.memoryBatch, h / groups, s.nStart + n, d});
    }
    for (int64_t d = 0; d < v.shape[3]; ++d)
      o.at({s.memoryBatch, h, mAt, d}) = e.round(o.dtype, acc[d] / sum);
    lse.at({s.memoryBatch, h, mAt}) = e.round(lse.dtype, max + std::log(sum));
    return Error::success();
  }

  SeqEvaluator &e;
  mutable seq::AttentionOp op;
  const Tensor q, k, v;
  int64_t heads, groups;
  double scale;
};
} // namespace

Error evaluateAttention(SeqEvaluator &e, seq::AttentionOp op) { return Attention(e, op).run(); }

} // namespace seqc::interp
