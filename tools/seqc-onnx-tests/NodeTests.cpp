// SPDX-License-Identifier: Apache-2.0
#include "NodeTests.h"
#include "../seqc-cases/Levels.h"
#include "seqc/Import/Onnx.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;

namespace seqc::onnx_tests {

using interp::Tensor;

//===-- Reading -------------------------------------------------------------------===//

static Expected<Tensor> tensorOf(const Suite &suite, const std::string &name) {
  const SafetensorsTensor *t = suite.tensors.find(name);
  if (!t)
    return createStringError("no tensor '" + name + "'");
  Expected<interp::DType> dtype = interp::parseDType(seqcDtype(t->dtype));
  if (!dtype)
    return dtype.takeError();
  return Tensor::fromBytes(*dtype, std::vector<int64_t>(t->shape.begin(), t->shape.end()), t->data.data());
}

static Error readTests(Suite &suite, const json::Object &index) {
  const json::Array *tests = index.getArray("tests");
  if (!tests)
    return createStringError("tests.json: expects a list of tests");
  for (const json::Value &v : *tests) {
    const json::Object *o = v.getAsObject();
    if (!o || !o->getString("name"))
      return createStringError("tests.json: expects tests with names");
    NodeTest t;
    t.name = o->getString("name")->str();
    t.rtol = o->getNumber("rtol").value_or(t.rtol);
    t.atol = o->getNumber("atol").value_or(t.atol);
    t.conformance = o->getBoolean("conformance").value_or(false);
    const SafetensorsTensor *model = suite.models.find(t.name);
    if (!model)
      return createStringError("no model '" + t.name + "'");
    t.model = model->data;
    for (auto [kind, count, list] :
         {std::tuple("in", o->getInteger("inputs").value_or(0), &t.inputs), std::tuple("out", o->getInteger("outputs").value_or(0), &t.outputs)})
      for (int64_t i = 0; i < count; ++i) {
        Expected<Tensor> tensor = tensorOf(suite, t.name + "/" + kind + "/" + std::to_string(i));
        if (!tensor)
          return tensor.takeError();
        list->push_back(std::move(*tensor));
      }
    suite.tests.push_back(std::move(t));
  }
  return Error::success();
}

static Expected<std::unique_ptr<MemoryBuffer>> readFile(const std::string &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  return std::move(*buffer);
}

/// Lines of "tests | error | reason"; tests is a regular expression of whole names.
static Error readReasons(StringRef text, std::vector<Reason> &reasons) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    if (line.trim().empty() || line.starts_with("#"))
      continue;
    SmallVector<StringRef> parts;
    line.split(parts, " | ");
    if (parts.size() != 3)
      return createStringError("not-passing.txt: expects 'tests | error | reason', but got '" + line + "'");
    reasons.push_back({parts[0].trim().str(), parts[1].trim().str(), parts[2].trim().str()});
  }
  return Error::success();
}

Expected<Suite> readSuite(StringRef folder) {
  std::string base = folder.str() + "/";
  Expected<SafetensorsFile> models = SafetensorsFile::open(base + "models.safetensors");
  if (!models)
    return models.takeError();
  Expected<SafetensorsFile> tensors = SafetensorsFile::open(base + "tensors.safetensors");
  if (!tensors)
    return tensors.takeError();
  Suite suite{std::move(*models), std::move(*tensors), {}, {}};
  Expected<std::unique_ptr<MemoryBuffer>> index = readFile(base + "tests.json"), reasons = readFile(base + "not-passing.txt");
  if (!index || !reasons)
    return joinErrors(index ? Error::success() : index.takeError(), reasons ? Error::success() : reasons.takeError());
  Expected<json::Value> parsed = json::parse((*index)->getBuffer());
  if (!parsed)
    return parsed.takeError();
  if (!parsed->getAsObject())
    return createStringError("tests.json: expects an object");
  if (Error e = readTests(suite, *parsed->getAsObject()))
    return std::move(e);
  if (Error e = readReasons((*reasons)->getBuffer(), suite.reasons))
    return std::move(e);
  return suite;
}

//===-- Running -------------------------------------------------------------------===//

/// Two units in the last place of the output's type, where that is more than what the test asks for: results that are rounded once from f32
/// may differ by so much from those of a reference that rounds every step.
static double relativeTolerance(const NodeTest &test, interp::DType dtype) {
  double ulp = dtype == interp::DType::F16 ? 0x1p-10 : dtype == interp::DType::BF16 ? 0x1p-7 : 0;
  return std::max(test.rtol, 2 * ulp);
}

static std::string difference(const NodeTest &test, const std::vector<Tensor> &actual) {
  if (actual.size() != test.outputs.size())
    return formatv("expected {0} outputs, but got {1}", test.outputs.size(), actual.size());
  for (auto [o, pair] : enumerate(zip(test.outputs, actual))) {
    const auto &[e, a] = pair;
    if (e.shape != a.shape || e.dtype != a.dtype)
      return formatv("output {0}: expected {1} of shape [{2:$[, ]}], but got {3} of shape [{4:$[, ]}]", o, interp::name(e.dtype),
                     make_range(e.shape.begin(), e.shape.end()), interp::name(a.dtype), make_range(a.shape.begin(), a.shape.end()));
    double rtol = relativeTolerance(test, e.dtype);
    // Values near 0 of half-precision outputs come from sums of larger ones.
    double largest = 0;
    for (double x : e.data)
      largest = std::isfinite(x) ? std::max(largest, std::abs(x)) : largest;
    bool isHalf = e.dtype == interp::DType::F16 || e.dtype == interp::DType::BF16;
    double atol = std::max(test.atol, isHalf ? rtol * largest / 4 : 0x1p-22 * largest);
    for (size_t i = 0; i < e.data.size(); ++i) {
      double x = e.data[i], y = a.data[i];
      bool isEqual = x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= atol + rtol * std::abs(x);
      if (!isEqual)
        return formatv("output {0}, element {1}: expected {2}, but got {3}", o, i, x, y);
    }
  }
  return "";
}

Result runTest(const NodeTest &test, StringRef cpu) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  onnx::ImportOptions options;
  options.inlineBytes = SIZE_MAX; // cases have no weights file
  Expected<onnx::Imported> model = onnx::importBytes(test.model, context, options);
  if (!model) {
    Result r;
    handleAllErrors(
        model.takeError(),
        [&](const onnx::ImportError &e) {
          r.outcome = e.kind == onnx::ImportError::Kind::Unsupported ? Outcome::Unsupported : Outcome::Failed;
          r.problem = e.nodes.empty() ? e.message : e.nodes.front().op + ": " + e.nodes.front().reason;
        },
        [&](const ErrorInfoBase &e) { r.problem = e.message(); });
    r.problem = "import: " + r.problem;
    return r;
  }
  cases::Case c;
  c.name = test.name;
  raw_string_ostream(c.module) << *model->module;
  c.function = options.function;
  cases::GraphUnderTest graph(c, cpu.str(), /*threads=*/2);
  Expected<std::vector<Tensor>> truth = graph.truth(test.inputs);
  if (!truth)
    return {Outcome::Failed, "reference interpreter: " + toString(truth.takeError())};
  if (std::string d = difference(test, *truth); !d.empty())
    return {Outcome::Failed, "reference interpreter: " + d};
  Expected<std::vector<Tensor>> native = graph.native(test.inputs);
  if (!native) {
    std::string problem = toString(native.takeError());
    bool isUnsupported =
        StringRef(problem).contains("not supported") || StringRef(problem).contains("no CPU form") || StringRef(problem).contains("does not support");
    return {isUnsupported ? Outcome::Unsupported : Outcome::Failed, "CPU: " + problem};
  }
  if (std::string d = difference(test, *native); !d.empty())
    return {Outcome::Failed, "CPU: " + d};
  return {Outcome::Passed, ""};
}

} // namespace seqc::onnx_tests
