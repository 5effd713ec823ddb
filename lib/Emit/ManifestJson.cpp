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
  if (k.cpu)
    o["cpu"] = json::Object{{"symbol", k.cpu->symbol}, {"scratch_bytes", k.cpu->scratchBytes}};
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

json::Object toJson(const FunctionRecord &f) {
  json::Array launches;
  for (const auto &alternatives : f.launches) {
    json::Array list;
    for (const LaunchAlternative &a : alternatives) {
      json::Array args;
      for (const LaunchArg &arg : a.args)
        args.push_back(toJson(arg));
      list.push_back(json::Object{{"guard", a.guard.toJson()}, {"kernel", a.kernel}, {"args", std::move(args)}});
    }
    launches.push_back(std::move(list));
  }
  json::Object o{{"name", f.name},
                 {"dims", json::Array(f.dims)},
                 {"inputs", toJson(f.inputs)},
                 {"outputs", toJson(f.outputs)},
                 {"workspace_bytes", f.workspaceBytes.toJson()},
                 {"launches", std::move(launches)}};
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
                 {"producer", json::Object{{"name", "seqc"}, {"version", "0.1.0"}, {"llvm", LLVM_VERSION_STRING}}},
                 {"kernels", std::move(kernelList)},
                 {"functions", std::move(functionList)}};
  if (!weightList.empty())
    o["weights"] = std::move(weightList);
  if (!cpuTriple.empty())
    o["cpu"] = json::Object{{"library", "cpu/kernels.so"}, {"triple", cpuTriple}, {"features", json::Array(cpuFeatures)}};
  return o;
}

} // namespace seqc
