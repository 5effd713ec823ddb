// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/Manifest.h"
#include "seqc/Emit/Package.h"
#include "llvm/Config/llvm-config.h"

using namespace llvm;

namespace seqc {
namespace {

json::Array exprs(ArrayRef<Expr> list) {
  json::Array out;
  for (const Expr &e : list)
    out.push_back(e.toJson());
  return out;
}

json::Object toJson(const KernelParam &p) {
  json::Object o{{"name", p.name}};
  if (p.kind == KernelParam::Index) {
    o["kind"] = "index";
    return o;
  }
  o["kind"] = p.kind == KernelParam::Pointer ? "ptr" : "scalar";
  o["dtype"] = p.dtype;
  if (p.kind == KernelParam::Pointer)
    o["access"] = p.write ? "write" : "read";
  return o;
}

json::Object toJson(const KernelRecord &k) {
  json::Object config;
  for (const auto &[name, value] : k.config)
    config[name] = value;
  json::Array params;
  for (const KernelParam &p : k.params)
    params.push_back(toJson(p));
  json::Object o{{"name", k.name},           {"scheme", k.scheme}, {"config", std::move(config)}, {"determinism", k.determinism},
                 {"params", std::move(params)}, {"grid", exprs(k.grid)}};
  if (k.flops)
    o["flops"] = k.flops->toJson();
  if (k.bytes)
    o["bytes"] = k.bytes->toJson();
  for (const auto &[target, record] : k.code)
    o[target] = json::Object(record);
  return o;
}

json::Value toJson(const LaunchArg &arg) {
  if (const Expr *e = std::get_if<Expr>(&arg))
    return json::Object{{"expr", e->toJson()}};
  if (const double *x = std::get_if<double>(&arg))
    return json::Object{{"value", packageScalar(*x)}};
  const PointerArg &p = std::get<PointerArg>(arg);
  if (p.kind == PointerArg::Workspace)
    return json::Object{{"workspace", p.offset.toJson()}};
  const char *key = p.kind == PointerArg::Input ? "input" : p.kind == PointerArg::Output ? "output" : "weight";
  return json::Object{{key, p.index}};
}

json::Array toJson(ArrayRef<TensorRecord> tensors) {
  json::Array out;
  for (const TensorRecord &t : tensors)
    out.push_back(json::Object{{"name", t.name}, {"dtype", t.dtype}, {"shape", exprs(t.shape)}});
  return out;
}

json::Object toJson(const LaunchPlan &plan) {
  json::Array launches;
  for (const auto &alternatives : plan.launches) {
    json::Array list;
    for (const LaunchAlternative &a : alternatives) {
      json::Array args;
      for (const LaunchArg &arg : a.args)
        args.push_back(toJson(arg));
      list.push_back(json::Object{{"guard", a.guard.toJson()}, {"kernel", a.kernel}, {"args", std::move(args)}});
    }
    launches.push_back(std::move(list));
  }
  return json::Object{{"workspace_bytes", plan.workspaceBytes.toJson()}, {"launches", std::move(launches)}};
}

json::Object toJson(const FunctionRecord &f) {
  json::Object o = toJson(f.plan);
  o["name"] = f.name;
  o["dims"] = json::Array(f.dims);
  o["inputs"] = toJson(f.inputs);
  o["outputs"] = toJson(f.outputs);
  json::Object plans;
  for (const auto &[target, plan] : f.plans)
    plans[target] = toJson(plan);
  if (!plans.empty())
    o["plans"] = std::move(plans);
  if (!f.assume.empty())
    o["assume"] = exprs(f.assume);
  json::Array states;
  for (auto [input, output] : f.states)
    states.push_back(json::Object{{"input", input}, {"output", output}});
  if (!states.empty())
    o["states"] = std::move(states);
  return o;
}
} // namespace

json::Object Manifest::toJson() const {
  json::Array kernelList, weightList, functionList;
  for (const KernelRecord &k : kernels)
    kernelList.push_back(seqc::toJson(k));
  for (const WeightRecord &w : weights)
    weightList.push_back(json::Object{{"name", w.name}, {"file", w.file}, {"dtype", w.dtype}, {"shape", json::Array(w.shape)}});
  for (const FunctionRecord &f : functions)
    functionList.push_back(seqc::toJson(f));
  json::Object o{{"schema", 1},
                 {"producer", json::Object{{"name", "seqc"}, {"version", SEQC_VERSION}, {"llvm", LLVM_VERSION_STRING}}},
                 {"kernels", std::move(kernelList)},
                 {"functions", std::move(functionList)}};
  if (!weightList.empty())
    o["weights"] = std::move(weightList);
  for (const auto &[target, entry] : targets)
    o[target] = json::Object(entry);
  return o;
}

} // namespace seqc
