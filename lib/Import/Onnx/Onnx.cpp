// SPDX-License-Identifier: Apache-2.0
// Entry points of the importer: reading, passes until no new fact on sizes comes up, errors.
#include "seqc/Import/Onnx.h"
#include "Model.h"
#include "Translation.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Expr.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::onnx {

char ImportError::ID = 0;
using Kind = ImportError::Kind;

void loadDialects(MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, complex::ComplexDialect, func::FuncDialect, linalg::LinalgDialect, math::MathDialect, ml_program::MLProgramDialect,
                      tensor::TensorDialect, seq::SeqDialect>();
}

std::string tableOf(const std::vector<UnsupportedNodes> &nodes) {
  std::vector<std::array<std::string, 5>> rows{{"operator", "opset", "count", "reason", "first node"}};
  for (const UnsupportedNodes &n : nodes)
    rows.push_back({n.op, std::to_string(n.opset), std::to_string(n.count), n.reason, n.firstNode});
  std::array<size_t, 5> width{};
  for (const auto &row : rows)
    for (size_t c = 0; c < row.size(); ++c)
      width[c] = std::max(width[c], row[c].size());
  int64_t total = 0;
  for (const UnsupportedNodes &n : nodes)
    total += n.count;
  std::string text = std::to_string(total) + (total == 1 ? " unsupported node in the model\n" : " unsupported nodes in the model\n");
  for (const auto &row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c)
      line += row[c] + (c + 1 < row.size() ? std::string(width[c] - row[c].size() + 2, ' ') : "");
    text += line + "\n";
  }
  return text;
}

/// A size as the expressions of `dim_param` ("past + 1") have it.
static std::optional<Size> sizeOf(const Expr &e) {
  if (e.isConst())
    return Size(e.value());
  if (e.op() == Expr::Op::Name)
    return Size::name(identifierOf(e.name()));
  std::optional<Size> x = sizeOf(e.lhs()), y = sizeOf(e.rhs());
  if (!x || !y)
    return std::nullopt;
  switch (e.op()) {
  case Expr::Op::Add:
    return *x + *y;
  case Expr::Op::Sub:
    return *x - *y;
  case Expr::Op::Mul:
    return *x * *y;
  case Expr::Op::FloorDiv:
    return floorDiv(*x, *y);
  case Expr::Op::CeilDiv:
    return ceilDiv(*x, *y);
  case Expr::Op::Mod:
    return mod(*x, *y);
  case Expr::Op::Min:
    return min(*x, *y);
  case Expr::Op::Max:
    return max(*x, *y);
  default:
    return std::nullopt;
  }
}

/// Dims of inputs whose names are expressions over other dims of inputs.
static SizeFacts factsOfNames(const Model &model) {
  llvm::StringSet<> plain;
  std::vector<std::string> composed;
  constexpr size_t kMaxName = 200;
  for (const ValueInfo &v : model.graph.inputs)
    if (v.shape)
      for (const Dim &d : *v.shape) {
        if (d.value >= 0 || d.name.empty() || d.name.size() > kMaxName)
          continue;
        if (identifierOf(d.name) == d.name)
          plain.insert(d.name);
        else
          composed.push_back(d.name);
      }
  SizeFacts facts;
  for (const std::string &text : composed) {
    Expected<Expr> e = Expr::parse(text);
    if (!e) {
      consumeError(e.takeError());
      continue;
    }
    std::vector<std::string> names;
    e->collectNames(names);
    std::optional<Size> size = llvm::all_of(names, [&](const std::string &n) { return plain.contains(n); }) ? sizeOf(*e) : std::nullopt;
    if (size && size->isValid())
      facts[identifierOf(text)] = *size;
  }
  return facts;
}

/// Adds a fact and applies it to the others. False if it says nothing new.
static bool addFact(SizeFacts &facts, const SizeFact &fact) {
  if (facts.count(fact.name) || fact.size.mentions(fact.name))
    return false;
  for (auto &[name, size] : facts)
    size = size.substitute([&](llvm::StringRef n) { return n == fact.name ? std::optional(fact.size) : std::nullopt; });
  facts[fact.name] = fact.size;
  return true;
}

static Error errorOf(Kind kind, std::string message, std::vector<UnsupportedNodes> nodes = {}) {
  return llvm::make_error<ImportError>(kind, std::move(message), std::move(nodes));
}

static Expected<Imported> translate(Model model, MLIRContext &context, const ImportOptions &options) {
  loadDialects(context);
  SizeFacts facts = factsOfNames(model);
  for (const auto &[name, value] : options.dims)
    addFact(facts, {identifierOf(name), Size(value)});
  for (;;) {
    Translation t(model, context, options, facts);
    try {
      t.run();
    } catch (const SizeFact &fact) {
      if (addFact(facts, fact))
        continue;
      return errorOf(Kind::Unsupported, "sizes " + fact.name + " and " + fact.size.str() + " that are not known to be equal");
    } catch (const Rejected &r) {
      return errorOf(r.isInvalid ? Kind::Invalid : Kind::Unsupported, r.reason);
    }
    if (!t.unsupportedNodes.empty())
      return errorOf(Kind::Unsupported, "the model contains nodes that seqc does not support", t.unsupportedNodes);
    if (failed(verify(*t.module)))
      return llvm::createStringError("the importer made a module that does not verify, which is a bug of it");
    Imported result{std::move(t.module), std::move(t.weights), std::move(model.storage)};
    llvm::sort(result.weights, [](const Weight &a, const Weight &c) { return a.name < c.name; });
    return result;
  }
}

Expected<Imported> importFile(llvm::StringRef path, MLIRContext &context, const ImportOptions &options) {
  Expected<Model> model = readModel(path, ReadLimits());
  if (!model) {
    Kind kind = Kind::Damaged;
    std::string message;
    handleAllErrors(model.takeError(), [&](const llvm::StringError &e) {
      kind = e.convertToErrorCode() == llvm::inconvertibleErrorCode() ? Kind::Damaged : Kind::Unreadable;
      message = e.getMessage();
    });
    return errorOf(kind, message);
  }
  return translate(std::move(*model), context, options);
}

Expected<Imported> importBytes(llvm::StringRef bytes, MLIRContext &context, const ImportOptions &options) {
  Expected<Model> model = parseModel(bytes, "", ReadLimits());
  if (!model)
    return errorOf(Kind::Damaged, toString(model.takeError()));
  return translate(std::move(*model), context, options);
}

} // namespace seqc::onnx
