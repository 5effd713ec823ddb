// SPDX-License-Identifier: Apache-2.0
// Runs a function of an .mlir file with the reference interpreter on .npy inputs, for cross-checks with independent references.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "seqc/Support/Npy.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace seqc;
using interp::Tensor;

static cl::opt<std::string> input(cl::Positional, cl::Required, cl::desc("<file.mlir>"));
static cl::opt<std::string> function("function", cl::desc("function to run"), cl::init("main"));
static cl::list<std::string> inputs("input", cl::desc("file.npy, one per argument"));
static cl::list<std::string> weights("weight", cl::desc("symbol=file.npy"));
static cl::list<std::string> outputs("output", cl::desc("file.npy, one per result"));
static cl::opt<interp::Precision> precision("precision", cl::init(interp::Precision::F64),
                                            cl::values(clEnumValN(interp::Precision::F64, "f64", ""), clEnumValN(interp::Precision::F32, "f32", ""),
                                                       clEnumValN(interp::Precision::Typed, "typed", "")));

static Expected<Tensor> load(StringRef path) {
  Expected<NpyArray> a = readNpy(path);
  if (!a)
    return a.takeError();
  Expected<interp::DType> t = interp::parseDType(a->dtype == "u16" ? "bf16" : a->dtype);
  if (!t)
    return t.takeError();
  return Tensor::fromBytes(*t, a->shape, a->data.data());
}

static Error save(StringRef path, Tensor t) {
  // In f64 the result is the unrounded value.
  if (precision == interp::Precision::F64 && interp::isFloat(t.dtype))
    t.dtype = interp::DType::F64;
  if (precision == interp::Precision::F64 && interp::isComplex(t.dtype))
    t.dtype = interp::DType::C128;
  std::vector<char> bytes = t.toBytes();
  return writeNpy(path, interp::name(t.dtype), t.shape, StringRef(bytes.data(), bytes.size()));
}

static Error run() {
  mlir::DialectRegistry registry;
  registry.insert<seq::SeqDialect, mlir::arith::ArithDialect, mlir::complex::ComplexDialect, mlir::math::MathDialect, mlir::tensor::TensorDialect, mlir::linalg::LinalgDialect,
                  mlir::func::FuncDialect, mlir::ml_program::MLProgramDialect>();
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceFile<mlir::ModuleOp>(input, &context);
  if (!module)
    return createStringError(input + ": does not parse");
  auto f = module->lookupSymbol<mlir::func::FuncOp>(function);
  if (!f)
    return createStringError(input + ": no function '" + function + "'");
  interp::SeqOptions options;
  options.precision = precision;
  for (StringRef w : weights) {
    Expected<Tensor> t = load(w.split('=').second);
    if (!t)
      return t.takeError();
    options.weights[w.split('=').first] = *t;
  }
  std::vector<Tensor> args;
  for (const std::string &path : inputs) {
    Expected<Tensor> t = load(path);
    if (!t)
      return t.takeError();
    args.push_back(*t);
  }
  Expected<std::vector<Tensor>> results = interp::evaluate(f, args, options);
  if (!results)
    return results.takeError();
  for (auto [i, path] : enumerate(outputs)) {
    if (i >= results->size())
      return createStringError("the function has only " + Twine(results->size()) + " results");
    if (Error e = save(path, (*results)[i]))
      return e;
  }
  return Error::success();
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "reference interpreter of the seqc graph level\n");
  if (Error e = run()) {
    errs() << "seqc-interp: error: " << toString(std::move(e)) << '\n';
    return 1;
  }
  return 0;
}
