// SPDX-License-Identifier: Apache-2.0
#include "Translation.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Expr.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"
#include <cmath>
#include <cstring>

using namespace mlir;

namespace seqc::onnx {

namespace {
/// Functions and branches in one another; nodes after all functions are opened up.
constexpr int kMaxDepth = 32;
constexpr int64_t kMaxNodes = 1'000'000;
} // namespace

std::string identifierOf(llvm::StringRef text) {
  std::string name;
  for (char c : text)
    name += llvm::isAlnum(c) || c == '_' ? c : '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name = "_" + name;
  return name;
}

Translation::Translation(const Model &model, MLIRContext &context, const ImportOptions &options, const SizeFacts &facts)
    : model(model), context(context), options(options), facts(facts), b(&context) {}

std::string Translation::uniqueName(llvm::StringRef wanted, llvm::StringSet<> &taken) {
  std::string name = wanted.str();
  for (int i = 1; !taken.insert(name).second; ++i)
    name = (wanted + "_" + llvm::Twine(i)).str();
  return name;
}

void Translation::run() {
  checkOpsets(model.opsets);
  module = ModuleOp::create(b.getUnknownLoc());
  function = func::FuncOp::create(b.getUnknownLoc(), options.function, b.getFunctionType({}, {}));
  module->push_back(function);
  function->setAttr(seq::kExportAttr, b.getUnitAttr());
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
  Scope scope;
  scope.opsets = &model.opsets;
  addInitializers(model.graph, scope);
  declareInputs(scope);
  runNodes(model.graph.nodes, scope);
  if (unsupportedNodes.empty())
    results(model.graph, scope);
}

void Translation::checkOpsets(const OpsetVersions &opsets) {
  auto it = opsets.find("");
  if (it != opsets.end() && (it->second < kMinOpset || it->second > kMaxOpset))
    unsupported("opset " + llvm::Twine(it->second) + " of ai.onnx (opsets " + llvm::Twine(kMinOpset) + " to " + llvm::Twine(kMaxOpset) +
                " are read)");
}

//===-- Inputs and constants ------------------------------------------------------===//

/// The size of a dim of an input, and its name in `seq.dims` if it has one.
Size Translation::dimOf(const ValueInfo &input, size_t d, std::string &name) {
  const Dim &dim = (*input.shape)[d];
  if (dim.value >= 0)
    return Size(dim.value);
  name = dim.name.empty() ? identifierOf(input.name + "_d" + std::to_string(d)) : identifierOf(dim.name);
  if (llvm::is_contained({"min", "max", "ceildiv", "sms"}, name))
    name += "_";
  auto fact = facts.find(name);
  return fact != facts.end() ? fact->second : Size::name(name);
}

void Translation::declareInputs(Scope &scope) {
  llvm::SmallVector<Type> types;
  llvm::SmallVector<mlir::Attribute> dimLists;
  llvm::SmallVector<std::string> names;
  llvm::SmallVector<Shape> shapes;
  llvm::StringMap<std::pair<Value, int64_t>> places;
  llvm::SmallVector<std::tuple<std::string, size_t, int64_t>> uses;
  llvm::StringSet<> taken;
  std::map<std::string, std::string> assumed;
  llvm::SmallVector<const ValueInfo *> inputs;
  for (const ValueInfo &v : model.graph.inputs)
    if (!scope.values.contains(v.name)) // before IR version 4, initializers are listed as inputs too
      inputs.push_back(&v);
  for (const ValueInfo *v : inputs) {
    std::string where = "input '" + v->name + "'";
    if (v->kind != "tensor")
      unsupported(where + ", which is a " + (v->kind.empty() ? "value without a type" : v->kind) + " and not a tensor");
    if (!v->shape)
      unsupported(where + ", whose rank is not given");
    Type element = elementTypeOf(&context, v->type);
    if (!element)
      unsupported(where + " of element type " + elementName(v->type));
    Shape shape;
    llvm::SmallVector<int64_t> extents;
    llvm::SmallVector<mlir::Attribute> dims;
    for (size_t d = 0; d < v->shape->size(); ++d) {
      std::string name;
      Size size = dimOf(*v, d, name);
      shape.push_back(size);
      extents.push_back(size.isConst() ? size.value() : ShapedType::kDynamic);
      if (size.isConst()) {
        if (size.value() < 0)
          invalid("expects sizes of at least 0, but got " + size.str() + " for " + where);
        dims.push_back(b.getI64IntegerAttr(size.value()));
        continue;
      }
      if (const std::string *other = size.asName()) {
        name = *other;
        uses.push_back({name, types.size(), static_cast<int64_t>(d)});
      } else {
        assumed[name] = size.str();
      }
      dims.push_back(b.getStringAttr(name));
    }
    constexpr size_t kMaxRank = 64;
    if (shape.size() > kMaxRank)
      unsupported(where + " of rank " + llvm::Twine(shape.size()));
    types.push_back(RankedTensorType::get(extents, element));
    shapes.push_back(shape);
    dimLists.push_back(b.getArrayAttr(dims));
    names.push_back(uniqueName(identifierOf(v->name), taken));
  }
  function.setFunctionType(b.getFunctionType(types, {}));
  for (Type t : types)
    function.getBody().front().addArgument(t, b.getUnknownLoc());
  for (auto &[name, argument, d] : uses)
    places.try_emplace(name, function.getArgument(argument), d);
  builder = std::make_unique<GraphBuilder>(b, std::move(places));
  for (const ValueInfo *v : inputs)
    for (size_t d = 0; d < v->shape->size(); ++d)
      if (std::string name; (*v->shape)[d].value < 0 && (*v->shape)[d].name.empty()) {
        dimOf(*v, d, name);
        builder->madeUpNames.insert(name);
      }
  builder->load = [this](const TensorData &data) { return load(data); };
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!shapes[i].empty())
      function.setArgAttr(i, seq::kDimsAttr, dimLists[i]);
    function.setArgAttr(i, seq::kNameAttr, b.getStringAttr(names[i]));
    define(inputs[i]->name, builder->wrap(function.getArgument(i), shapes[i]), scope);
  }
  llvm::SmallVector<mlir::Attribute> facts;
  for (const auto &[name, text] : assumed)
    facts.push_back(b.getStringAttr(name + " == " + text));
  if (!facts.empty())
    function->setAttr(seq::kAssumeAttr, b.getArrayAttr(facts));
}

void Translation::define(const std::string &name, Tensor t, Scope &scope) {
  if (name.empty())
    return;
  if (!scope.values.try_emplace(name, std::move(t)).second)
    invalid("expects names that are given once, but got '" + name + "' twice");
}

void Translation::addInitializers(const Graph &graph, Scope &scope) {
  for (const TensorData &data : graph.initializers)
    define(data.name, constantOf(&context, data), scope);
}

/// Names that can be keys of a safetensors file.
static bool isUsableName(llvm::StringRef name) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(name.begin());
  return !name.empty() && !name.contains('\0') && name != "__metadata__" &&
         llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(name.end()));
}

/// A dense constant or a weight.
Value Translation::load(const TensorData &data) {
  Value &known = loaded[&data];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&function.getBody().front());
  Type element = elementTypeOf(&context, data.type);
  Shape shape;
  for (int64_t d : data.dims)
    shape.push_back(Size(d));
  RankedTensorType type = builder->type(shape, element);
  std::string title = isUsableName(data.name) ? data.name : "constant";
  Location loc = NameLoc::get(b.getStringAttr(title));
  if (data.bytes.size() <= options.inlineBytes) {
    DenseElementsAttr value;
    if (element.isInteger(1)) {
      llvm::SmallVector<bool> bits;
      for (char c : data.bytes)
        bits.push_back(c != 0);
      value = DenseElementsAttr::get(type, llvm::ArrayRef<bool>(bits));
    } else if (data.bytes.empty()) {
      value = DenseElementsAttr::get(type, llvm::ArrayRef<mlir::Attribute>());
    } else {
      value = DenseElementsAttr::getFromRawBuffer(type, llvm::ArrayRef(data.bytes.data(), data.bytes.size()));
    }
    return loaded[&data] = arith::ConstantOp::create(b, loc, value);
  }
  std::string name = uniqueName(title, globals);
  OpBuilder top = OpBuilder::atBlockBegin(module->getBody());
  if (!weights.empty())
    top.setInsertionPoint(function);
  ml_program::GlobalOp::create(top, loc, name, type, /*is_mutable=*/false, ml_program::ExternAttr::get(&context, type), top.getStringAttr("private"));
  static constexpr std::pair<int32_t, const char *> kNames[] = {{kFloat, "f32"}, {kFloat16, "f16"}, {kBFloat16, "bf16"}, {kDouble, "f64"},
                                                                {kBool, "i1"},   {kInt8, "i8"},     {kInt32, "i32"},     {kInt64, "i64"}};
  const auto *dtype = llvm::find_if(kNames, [&](auto &entry) { return entry.first == data.type; });
  weights.push_back({name, dtype->second, data.dims, data.bytes});
  return loaded[&data] = ml_program::GlobalLoadConstOp::create(b, loc, type, SymbolRefAttr::get(&context, name));
}

//===-- Nodes ---------------------------------------------------------------------===//

const Tensor *Translation::find(llvm::StringRef name, const Scope &scope, bool &isMissing) {
  for (const Scope *s = &scope; s; s = s->parent) {
    auto it = s->values.find(name);
    if (it != s->values.end())
      return &it->second;
    if (s->missing.contains(name)) {
      isMissing = true;
      return nullptr;
    }
  }
  return nullptr;
}

bool Translation::collect(const Node &node, Scope &scope, llvm::SmallVectorImpl<Tensor> &inputs) {
  for (const std::string &name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(Tensor());
      continue;
    }
    bool isMissing = false;
    const Tensor *t = find(name, scope, isMissing);
    if (isMissing)
      return false;
    if (!t)
      invalid("expects inputs that were computed before, but got '" + name + "', which was not");
    if (!*t)
      unsupported("constant '" + name + "' of an element type that a graph does not have");
    inputs.push_back(*t);
  }
  return true;
}

void Translation::giveUp(const Node &node, Scope &scope) {
  for (const std::string &name : node.outputs)
    scope.missing.insert(name);
}

void Translation::report(const Node &node, int64_t opset, const std::string &name, const std::string &reason) {
  std::string op = node.domain.empty() ? node.op : node.domain + "." + node.op;
  for (UnsupportedNodes &u : unsupportedNodes)
    if (u.op == op && u.reason == reason) {
      ++u.count;
      return;
    }
  unsupportedNodes.push_back({op, opset, 1, name, reason});
}

void Translation::runNodes(llvm::ArrayRef<Node> nodes, Scope &scope) {
  if (depth >= kMaxDepth)
    invalid("expects functions and branches that are at most " + llvm::Twine(kMaxDepth) + " deep in one another, but got more");
  ++depth;
  auto restore = llvm::make_scope_exit([&] { --depth; });
  for (auto [i, node] : llvm::enumerate(nodes))
    runNode(node, scope, i);
}

void Translation::runNode(const Node &node, Scope &scope, size_t index) {
  if (++nodesRun > kMaxNodes)
    invalid("expects at most " + llvm::Twine(kMaxNodes) + " nodes after functions are opened up, but got more");
  std::string name = scope.prefix + (node.name.empty() ? node.op + "_" + std::to_string(index) : node.name);
  auto version = scope.opsets->find(node.domain);
  int64_t opset = version == scope.opsets->end() ? 1 : version->second;
  builder->loc = NameLoc::get(b.getStringAttr(name));
  try {
    if (runFunction(node, scope, name) || runBranch(node, scope, name))
      return;
    if (node.domain.empty() && version == scope.opsets->end())
      invalid("expects an opset version for domain ai.onnx, but got none");
    bool isOtherVersion;
    const Operator *op = findOperator(node.domain, node.op, opset, isOtherVersion);
    if (!op)
      unsupported(isOtherVersion ? "no emitter for this opset" : "no emitter");
    emit(node, scope, name, *op, opset);
  } catch (const Rejected &r) {
    if (r.isInvalid)
      throw Rejected{true, llvm::StringRef(r.reason).starts_with("node '") ? r.reason : "node '" + name + "' (" + node.op + "): " + r.reason};
    report(node, opset, name, r.reason);
    giveUp(node, scope);
  }
}

void Translation::emit(const Node &node, Scope &scope, const std::string &name, const Operator &op, int64_t opset) {
  auto inlineGraph = [&](const Graph &graph, llvm::ArrayRef<Tensor> inputs) {
    Location outer = builder->loc;
    llvm::SmallVector<Tensor> results;
    for (const std::optional<Tensor> &t : runGraph(graph, inputs, scope, name)) {
      if (!t)
        unsupported("a graph with nodes that are not supported");
      results.push_back(*t);
    }
    builder->loc = outer;
    return results;
  };
  NodeContext c{*builder, node, opset, {}, {}, inlineGraph};
  if (!collect(node, scope, c.inputs))
    return giveUp(node, scope);
  c.outputs.resize(node.outputs.size());
  op.emit(c);
  for (auto [i, output] : llvm::enumerate(node.outputs)) {
    if (output.empty())
      continue;
    if (!c.outputs[i])
      unsupported("output " + llvm::Twine(i));
    define(output, c.outputs[i], scope);
  }
}

/// Opens up a node that stands for a function of the model.
bool Translation::runFunction(const Node &node, Scope &scope, const std::string &name) {
  auto isMeant = [&](const Function &f) { return f.name == node.op && f.domain == node.domain && f.overload == node.overload; };
  const auto f = llvm::find_if(model.functions, isMeant);
  if (f == model.functions.end())
    return false;
  llvm::SmallVector<Tensor> inputs;
  if (!collect(node, scope, inputs)) {
    giveUp(node, scope);
    return true;
  }
  if (inputs.size() > f->inputs.size())
    invalid("expects at most " + llvm::Twine(f->inputs.size()) + " inputs of function " + f->name + ", but got " + llvm::Twine(inputs.size()));
  Scope inner;
  checkOpsets(f->opsets);
  inner.opsets = &f->opsets;
  inner.prefix = name + "/";
  for (auto [i, t] : llvm::enumerate(inputs))
    if (t)
      inner.values[f->inputs[i]] = t;
  // Inputs that were left out are empty names inside, attributes of the function become those of its nodes.
  std::vector<Node> body = f->nodes;
  for (Node &n : body) {
    for (std::string &input : n.inputs)
      if (llvm::is_contained(f->inputs, input) && !inner.values.contains(input))
        input.clear();
    std::vector<Attribute> attributes;
    for (Attribute &a : n.attributes) {
      if (a.kind != Attribute::Kind::Reference) {
        attributes.push_back(a);
        continue;
      }
      const Attribute *given = node.find(a.s);
      if (!given)
        for (const Attribute &d : f->defaults)
          if (d.name == a.s)
            given = &d;
      if (!given)
        continue; // left out here means left out there
      attributes.push_back(*given);
      attributes.back().name = a.name;
    }
    n.attributes = std::move(attributes);
  }
  // Constants of attributes are found by their address: the shared tensors live as long as the model.
  runNodes(body, inner);
  for (auto [i, output] : llvm::enumerate(node.outputs)) {
    if (output.empty())
      continue;
    if (i >= f->outputs.size())
      invalid("expects at most " + llvm::Twine(f->outputs.size()) + " outputs of function " + f->name + ", but got " +
              llvm::Twine(node.outputs.size()));
    bool isMissing = false;
    const Tensor *t = find(f->outputs[i], inner, isMissing);
    if (isMissing)
      scope.missing.insert(output);
    else if (!t)
      invalid("expects function " + f->name + " to compute '" + f->outputs[i] + "', but it does not");
    else
      define(output, *t, scope);
  }
  return true;
}

/// If whose condition is known: one branch, in place.
bool Translation::runBranch(const Node &node, Scope &scope, const std::string &name) {
  if (!node.domain.empty() || node.op != "If")
    return false;
  llvm::SmallVector<Tensor> inputs;
  if (!collect(node, scope, inputs)) {
    giveUp(node, scope);
    return true;
  }
  std::optional<Size> condition = inputs.size() == 1 && inputs[0] ? inputs[0].asSize() : std::nullopt;
  if (!condition || !condition->isConst())
    unsupported("a condition that depends on data");
  const Attribute *branch = node.find(condition->isConst(0) ? "else_branch" : "then_branch");
  if (!branch || branch->kind != Attribute::Kind::Graph || branch->graph->outputs.size() != node.outputs.size())
    invalid("expects a branch with " + llvm::Twine(node.outputs.size()) + " outputs, but got another");
  llvm::SmallVector<std::optional<Tensor>> results = runGraph(*branch->graph, {}, scope, name);
  for (auto [output, t] : llvm::zip(node.outputs, results)) {
    if (t)
      define(output, *t, scope);
    else
      scope.missing.insert(output);
  }
  return true;
}

/// A graph inside the graph, in place: it sees the names around it. Results that could not be translated have no value.
llvm::SmallVector<std::optional<Tensor>> Translation::runGraph(const Graph &graph, llvm::ArrayRef<Tensor> inputs, Scope &scope,
                                                               const std::string &name) {
  Scope inner;
  inner.parent = &scope;
  inner.opsets = scope.opsets;
  inner.prefix = name + "/";
  if (graph.inputs.size() != inputs.size())
    invalid("expects a graph with " + llvm::Twine(inputs.size()) + " inputs, but got " + llvm::Twine(graph.inputs.size()));
  addInitializers(graph, inner);
  for (auto [v, t] : llvm::zip(graph.inputs, inputs))
    define(v.name, t, inner);
  runNodes(graph.nodes, inner);
  llvm::SmallVector<std::optional<Tensor>> results;
  for (const ValueInfo &v : graph.outputs) {
    bool isMissing = false;
    const Tensor *t = find(v.name, inner, isMissing);
    if (!t && !isMissing)
      invalid("expects a graph that computes '" + v.name + "', but it does not");
    results.push_back(t ? std::optional(*t) : std::nullopt);
  }
  return results;
}

//===-- Results -------------------------------------------------------------------===//

void Translation::results(const Graph &graph, Scope &scope) {
  llvm::SmallVector<Value> values;
  llvm::SmallVector<std::string> names;
  llvm::StringSet<> taken;
  if (graph.outputs.empty())
    invalid("expects a graph with outputs, but got none");
  for (const ValueInfo &v : graph.outputs) {
    bool isMissing = false;
    const Tensor *t = find(v.name, scope, isMissing);
    if (!t || !*t)
      invalid("expects output '" + v.name + "' to be computed, but it is not");
    builder->loc = NameLoc::get(b.getStringAttr(v.name));
    if (v.shape && v.shape->size() != t->shape.size())
      invalid("expects output '" + v.name + "' of rank " + llvm::Twine(v.shape->size()) + ", but got shape " + str(t->shape));
    if (v.type != kUndefined && elementTypeOf(&context, v.type) != t->element)
      invalid("expects output '" + v.name + "' of element type " + elementName(v.type) + ", but got " + describe(*t));
    for (size_t d = 0; v.shape && d < v.shape->size(); ++d)
      if ((*v.shape)[d].value >= 0 && options.dims.empty())
        builder->require(Size((*v.shape)[d].value), t->shape[d], "dim " + llvm::Twine(d) + " of output '" + v.name + "'");
    values.push_back(builder->value(*t));
    names.push_back(uniqueName(identifierOf(v.name), taken));
  }
  func::ReturnOp::create(b, b.getUnknownLoc(), values);
  function.setFunctionType(b.getFunctionType(function.getArgumentTypes(), ValueRange(values).getTypes()));
  for (auto [i, name] : llvm::enumerate(names))
    function.setResultAttr(i, seq::kNameAttr, b.getStringAttr(name));
  if (!weights.empty())
    (*module)->setAttr(seq::kWeightsAttr, b.getStringAttr(options.weightsFile));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace seqc::onnx
