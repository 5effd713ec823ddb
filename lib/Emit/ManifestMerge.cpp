// SPDX-License-Identifier: Apache-2.0
// One manifest for several targets. Targets choose configs of their own, so their kernels, launches and workspaces may differ; signatures do not.
#include "seqc/Emit/Manifest.h"

using namespace llvm;

namespace seqc {
namespace {

class Merge {
public:
  Merge(Manifest &into, const Manifest &from, StringRef target) : into(into), from(from), target(target.str()) {}

  void run() {
    for (const KernelRecord &k : from.kernels)
      kernels.push_back(kernel(k));
    for (const WeightRecord &w : from.weights)
      weights.push_back(weight(w));
    for (const auto &[name, entry] : from.targets)
      into.targets.insert_or_assign(name, json::Object(entry));
    assert(into.functions.size() == from.functions.size() && "expects manifests of one graph");
    for (auto [f, g] : zip_equal(into.functions, from.functions)) {
      LaunchPlan plan = renumbered(g.plan);
      if (!(f.plan == plan))
        f.plans.insert_or_assign(target, std::move(plan));
    }
  }

private:
  unsigned kernel(const KernelRecord &k) {
    if (KernelRecord *same = into.findKernel(k.name)) {
      for (const auto &[name, record] : k.code)
        same->code.insert_or_assign(name, json::Object(record));
      return same - into.kernels.data();
    }
    into.kernels.push_back(k);
    return into.kernels.size() - 1;
  }

  const ConstantData *constant(const Manifest &m, const WeightRecord &w) const {
    auto it = find_if(m.constants, [&](const ConstantData &c) { return w.file == kConstantsMember && c.name == w.name; });
    return it == m.constants.end() ? nullptr : &*it;
  }

  unsigned weight(const WeightRecord &w) {
    const ConstantData *data = constant(from, w);
    for (auto [i, other] : enumerate(into.weights)) {
      const ConstantData *otherData = constant(into, other);
      bool same = data ? otherData && otherData->dtype == data->dtype && otherData->shape == data->shape && otherData->bytes == data->bytes
                       : !otherData && other.file == w.file && other.name == w.name;
      if (same)
        return i;
    }
    into.weights.push_back(w);
    if (data) {
      into.weights.back().name = "constant" + std::to_string(into.constants.size());
      into.constants.push_back(*data);
      into.constants.back().name = into.weights.back().name;
    }
    return into.weights.size() - 1;
  }

  LaunchPlan renumbered(LaunchPlan plan) const {
    for (auto &alternatives : plan.launches)
      for (LaunchAlternative &a : alternatives) {
        a.kernel = kernels[a.kernel];
        for (LaunchArg &arg : a.args)
          if (auto *pointer = std::get_if<PointerArg>(&arg); pointer && pointer->kind == PointerArg::Weight)
            pointer->index = weights[pointer->index];
      }
    return plan;
  }

  Manifest &into;
  const Manifest &from;
  std::string target;
  std::vector<unsigned> kernels, weights; ///< index in `from` -> index in `into`
};
} // namespace

void Manifest::merge(const Manifest &other, StringRef target) { Merge(*this, other, target).run(); }

} // namespace seqc
