// SPDX-License-Identifier: Apache-2.0
#include "FunctionCost.h"
#include "seqc/Support/Expr.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace seqc::driver {

static std::optional<int64_t> evaluate(const json::Value *v, const StringMap<int64_t> &dims) {
  if (!v)
    return std::nullopt;
  Expected<Expr> e = Expr::fromJson(*v);
  if (!e) {
    consumeError(e.takeError());
    return std::nullopt;
  }
  Expected<int64_t> n = e->evaluate(dims);
  if (!n) {
    consumeError(n.takeError());
    return std::nullopt;
  }
  return *n;
}

static std::optional<int64_t> launchCost(const json::Object &alternative, const json::Array &kernels, const StringMap<int64_t> &dims, StringRef key) {
  std::optional<int64_t> index = alternative.getInteger("kernel");
  const json::Object *kernel = index && *index >= 0 && *index < static_cast<int64_t>(kernels.size()) ? kernels[*index].getAsObject() : nullptr;
  const json::Array *params = kernel ? kernel->getArray("params") : nullptr, *args = alternative.getArray("args");
  if (!params || !args || params->size() != args->size())
    return std::nullopt;
  StringMap<int64_t> own;
  for (auto [param, arg] : zip_equal(*params, *args)) {
    const json::Object *p = param.getAsObject(), *a = arg.getAsObject();
    if (!p || !a || p->getString("kind") != StringRef("index"))
      continue;
    std::optional<int64_t> value = evaluate(a->get("expr"), dims);
    if (!value)
      return std::nullopt;
    own[p->getString("name").value_or("")] = *value;
  }
  return evaluate(kernel->get(key), own);
}

std::optional<int64_t> functionCost(const json::Object &manifest, StringRef name, const StringMap<int64_t> &dims, StringRef key, bool gpu) {
  const json::Array *functions = manifest.getArray("functions"), *kernels = manifest.getArray("kernels");
  if (!functions || !kernels)
    return std::nullopt;
  int64_t sum = 0;
  for (const json::Value &v : *functions) {
    const json::Object *f = v.getAsObject();
    if (!f || f->getString("name") != name)
      continue;
    const json::Object *plan = f, *plans = gpu ? f->getObject("plans") : nullptr;
    if (plans && plans->size() > 1) // the runtime's choice is not known here
      return std::nullopt;
    if (plans && !plans->empty() && plans->begin()->second.getAsObject())
      plan = plans->begin()->second.getAsObject();
    for (const json::Value &step : plan->getArray("launches") ? *plan->getArray("launches") : json::Array()) {
      std::optional<int64_t> cost;
      for (const json::Value &alternative : step.getAsArray() ? *step.getAsArray() : json::Array()) {
        const json::Object *a = alternative.getAsObject();
        std::optional<int64_t> guard = a ? evaluate(a->get("guard"), dims) : std::nullopt;
        if (!guard)
          return std::nullopt;
        if (*guard == 0)
          continue;
        cost = launchCost(*a, *kernels, dims, key);
        break;
      }
      if (!cost || AddOverflow(sum, *cost, sum))
        return std::nullopt;
    }
    return sum;
  }
  return std::nullopt;
}

} // namespace seqc::driver
