// SPDX-License-Identifier: Apache-2.0
// seqc import: an ONNX model to the text of a graph and a safetensors file.
#include "ImportOnnx.h"
#include "Commands.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Files.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc::driver {

cl::SubCommand &importCommand() {
  static cl::SubCommand command("import", "translate an ONNX model to a graph (MLIR text) and a safetensors file");
  return command;
}
static cl::opt<std::string> input(cl::Positional, cl::Required, cl::desc("<model.onnx>"), cl::sub(importCommand()));
static cl::opt<std::string> output("o", cl::desc("output file, - for standard output (default: <model>.mlir)"), cl::sub(importCommand()));
static cl::opt<std::string> weights("weights", cl::desc("file for the weights (default: <output>.safetensors)"), cl::sub(importCommand()));
static cl::opt<std::string> function("function", cl::desc("name of the entry point (default main)"), cl::init("main"), cl::sub(importCommand()));
static cl::list<std::string> dims("dim", cl::desc("size of a named dim that is to be static, as batch=1"), cl::sub(importCommand()));
static cl::opt<bool> checkOnly("check", cl::desc("only say whether the model can be expressed; writes nothing"), cl::sub(importCommand()));

bool isOnnxPath(StringRef path) { return path.ends_with_insensitive(".onnx"); }

Expected<onnx::Imported> importModel(StringRef path, mlir::MLIRContext &context, const onnx::ImportOptions &options) {
  if (Error e = expectRegularFile(path))
    return fail(ExitCode::Damaged, "E4001", toString(std::move(e)));
  Expected<onnx::Imported> model = onnx::importFile(path, context, options);
  if (model)
    return model;
  return handleErrors(model.takeError(), [&](const onnx::ImportError &e) -> Error {
    using Kind = onnx::ImportError::Kind;
    if (!e.nodes.empty())
      errs() << onnx::tableOf(e.nodes);
    std::string message = StringRef(e.message).starts_with(path) ? e.message : (path + ": " + e.message).str();
    switch (e.kind) {
    case Kind::Unreadable:
      return fail(ExitCode::Damaged, "E4001", message);
    case Kind::Damaged:
      return fail(ExitCode::Damaged, "E4005", message);
    case Kind::Invalid:
      return fail(ExitCode::Rejected, "E1002", message);
    case Kind::Unsupported:
      return fail(ExitCode::Unsupported, "E3001", message);
    }
    llvm_unreachable("all kinds are handled");
  });
}

std::vector<SafetensorsTensor> safetensorsOf(const onnx::Imported &model) {
  std::vector<SafetensorsTensor> tensors;
  for (const onnx::Weight &w : model.weights)
    tensors.push_back({w.name, safetensorsDtype(w.dtype).str(), SmallVector<int64_t, 4>(w.shape.begin(), w.shape.end()), w.data});
  return tensors;
}

static Error writeWeights(const onnx::Imported &model, StringRef path) {
  std::vector<SafetensorsTensor> tensors = safetensorsOf(model);
  Expected<SafetensorsImage> image = layoutSafetensors(tensors);
  if (!image)
    return fail(ExitCode::Rejected, "E1002", toString(image.takeError()));
  Error e = writeAtomically(path, [&](raw_ostream &os) {
    os << image->header;
    for (StringRef piece : image->pieces)
      os << piece;
  });
  return e ? fail(ExitCode::Damaged, "E4001", toString(std::move(e))) : Error::success();
}

static Expected<std::map<std::string, int64_t>> parseDimOptions() {
  std::map<std::string, int64_t> sizes;
  for (const std::string &text : dims) {
    auto [name, number] = StringRef(text).rsplit('=');
    int64_t value;
    if (name.empty() || number.getAsInteger(10, value) || value < 0)
      return fail(ExitCode::Usage, "E2001", "expects NAME=SIZE for --dim, but got '" + text + "'");
    sizes[name.str()] = value;
  }
  return sizes;
}

Error runImport() {
  onnx::ImportOptions options;
  if (!seq::isIdentifier(function))
    return fail(ExitCode::Usage, "E2001", "expects an identifier for --function, but got '" + function + "'");
  options.function = function;
  Expected<std::map<std::string, int64_t>> sizes = parseDimOptions();
  if (!sizes)
    return sizes.takeError();
  options.dims = std::move(*sizes);
  std::string path = output, weightsPath = weights;
  SmallString<256> stem(path.empty() || path == "-" ? input.getValue() : path);
  if (path.empty()) {
    sys::path::replace_extension(stem, "mlir");
    path = std::string(stem);
  }
  for (StringRef written : {StringRef(path), StringRef(weightsPath)})
    if (sys::fs::equivalent(written, input))
      return fail(ExitCode::Usage, "E2001", "expects other files for -o and --weights than " + input.getValue() + ", which is read");
  if (weightsPath.empty()) {
    sys::path::replace_extension(stem, "safetensors");
    weightsPath = std::string(stem);
  }
  // The file that seq.weights names is looked for beside the text.
  StringRef folder = path == "-" ? StringRef(".") : sys::path::parent_path(path);
  options.weightsFile = sys::path::parent_path(weightsPath) == folder ? std::string(sys::path::filename(weightsPath)) : weightsPath;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Expected<onnx::Imported> model = importModel(input, context, options);
  if (!model)
    return model.takeError();
  if (checkOnly) {
    outs() << input << ": can be expressed\n";
    return Error::success();
  }
  std::string text;
  raw_string_ostream os(text);
  model->module->print(os, mlir::OpPrintingFlags().enableDebugInfo(true));
  os << '\n';
  if (!model->weights.empty())
    if (Error e = writeWeights(*model, weightsPath))
      return e;
  if (path == "-") {
    outs() << text;
    return Error::success();
  }
  Error e = writeAtomically(path, [&](raw_ostream &out) { out << text; });
  return e ? fail(ExitCode::Damaged, "E4001", toString(std::move(e))) : Error::success();
}

} // namespace seqc::driver
