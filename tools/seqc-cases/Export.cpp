// SPDX-License-Identifier: Apache-2.0
#include "Export.h"
#include "Levels.h"
#include "seqc/Support/Files.h"
#include "seqc/Support/Npy.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace seqc::cases {
namespace {

class Exporter {
public:
  explicit Exporter(StringRef folder) : folder(folder) {}

  Error add(const Case &c) {
    Expected<std::string> module = moduleFile(c);
    if (!module)
      return module.takeError();
    json::Array inputs, outputs;
    Tensors values = makeInputs(c);
    for (size_t i = 0; i < values.size(); ++i) {
      std::string file = fileName("in", i);
      std::vector<char> bytes = values[i].toBytes();
      StringRef dtype = interp::name(values[i].dtype);
      if (Error e = writeNpy(path(file), dtype, values[i].shape, StringRef(bytes.data(), bytes.size())))
        return e;
      inputs.push_back(json::Object{{"name", c.inputs[i].name}, {"dtype", dtype}, {"file", file}});
    }
    Expected<Tensors> truth = graphs[c.module]->truth(values);
    if (!truth)
      return createStringError(c.name + ": " + toString(truth.takeError()));
    for (size_t i = 0; i < truth->size(); ++i) {
      const interp::Tensor &t = (*truth)[i];
      std::string file = fileName("out", i);
      StringRef bytes(reinterpret_cast<const char *>(t.data.data()), t.data.size() * sizeof(double));
      if (Error e = writeNpy(path(file), interp::isComplex(t.dtype) ? "c128" : "f64", t.shape, bytes))
        return e;
      outputs.push_back(
          json::Object{{"dtype", interp::name(t.dtype)}, {"file", file}, {"relative", toleranceOf(c, t.dtype).relative}, {"tiny", tiniest(t.dtype)}});
    }
    list.push_back(json::Object{{"name", c.name},
                                {"module", *module},
                                {"function", c.function},
                                {"inputs", std::move(inputs)},
                                {"outputs", std::move(outputs)},
                                {"flops", c.flops},
                                {"bytes", c.bytes}});
    return Error::success();
  }

  Error finish() {
    return writeAtomically(path("cases.json"), [&](raw_ostream &os) { os << formatv("{0:2}\n", json::Value(std::move(list))); });
  }

private:
  std::string path(StringRef file) const { return (folder + "/" + file).str(); }
  std::string fileName(StringRef role, size_t index) const {
    return "case" + std::to_string(list.size()) + "_" + role.str() + std::to_string(index) + ".npy";
  }

  Expected<std::string> moduleFile(const Case &c) {
    auto [it, isNew] = modules.try_emplace(c.module, "module" + std::to_string(modules.size()) + ".mlir");
    if (!isNew)
      return it->second;
    graphs[c.module] = std::make_unique<GraphUnderTest>(c, "", 1);
    if (Error e = writeAtomically(path(it->second), [&](raw_ostream &os) { os << c.module; }))
      return std::move(e);
    return it->second;
  }

  StringRef folder;
  json::Array list;
  StringMap<std::string> modules;
  StringMap<std::unique_ptr<GraphUnderTest>> graphs;
};

} // namespace

Error exportCases(const std::vector<Case> &cases, StringRef folder) {
  if (std::error_code error = sys::fs::create_directories(folder))
    return createStringError(error, folder + ": " + error.message());
  Exporter exporter(folder);
  for (const Case &c : cases)
    if (Error e = exporter.add(c))
      return e;
  return exporter.finish();
}

} // namespace seqc::cases
