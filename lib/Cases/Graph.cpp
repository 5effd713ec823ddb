// SPDX-License-Identifier: Apache-2.0
#include "Graph.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace seqc::cases {

static Extent combine(const Extent &a, const Extent &b, int64_t size, const char *symbol) {
  if (a.isStatic() && b.isStatic())
    return Extent(size);
  auto text = [](const Extent &e) { return e.isStatic() ? std::to_string(e.size) : e.name; };
  return Extent(text(a) + symbol + text(b), size);
}
Extent operator*(const Extent &a, const Extent &b) { return combine(a, b, a.size * b.size, "*"); }
Extent operator+(const Extent &a, const Extent &b) { return combine(a, b, a.size + b.size, "+"); }

std::string Value::tensor() const {
  std::string text = "tensor<";
  for (const Extent &e : shape)
    text += e.text() + "x";
  return text + type + ">";
}

template <typename Range, typename F>
static std::string join(const Range &range, F text) {
  std::string out;
  for (const auto &x : range)
    out += (out.empty() ? "" : ", ") + text(x);
  return out;
}
static std::string join(llvm::ArrayRef<int64_t> numbers) {
  return join(numbers, [](int64_t n) { return std::to_string(n); });
}
static std::string ids(llvm::ArrayRef<Value> values) {
  return join(values, [](const Value &v) { return v.id; });
}
static std::string types(llvm::ArrayRef<Value> values) {
  return join(values, [](const Value &v) { return v.tensor(); });
}
static double elements(const Shape &shape) {
  double n = 1;
  for (const Extent &e : shape)
    n *= static_cast<double>(e.size);
  return n;
}

//===-- Inputs and sizes ----------------------------------------------------------===//

interp::DType dtypeOf(llvm::StringRef type) {
  return type == "complex<f32>" ? interp::DType::C64 : type == "complex<f64>" ? interp::DType::C128 : llvm::cantFail(interp::parseDType(type));
}

double Graph::bytesOf(const Shape &shape, const std::string &type) const {
  return elements(shape) * static_cast<double>(interp::byteSize(dtypeOf(type)));
}

Value Graph::input(const std::string &name, Shape shape, Fill fill, double parameter, std::string elementType) {
  if (elementType.empty())
    elementType = type();
  Value v{"%" + name, std::move(shape), elementType};
  Input in{name, dtypeOf(v.type), {}, fill, parameter, {}};
  for (size_t d = 0; d < v.shape.size(); ++d) {
    const Extent &e = v.shape[d];
    in.shape.push_back(e.size);
    if (!e.isStatic() && firstUse.try_emplace(e.name, v.id + " : " + v.tensor(), d).second)
      partial.dims.push_back({e.name, e.size});
  }
  header += (header.empty() ? "" : ", ") + v.id + ": " + v.tensor();
  header += " {seq.name = \"" + name + "\"";
  if (!v.shape.empty())
    header += ", seq.dims = [" + join(v.shape, [](const Extent &e) { return e.isStatic() ? std::to_string(e.size) : "\"" + e.name + "\""; }) + "]";
  header += "}";
  bytes += bytesOf(v.shape, v.type);
  partial.inputs.push_back(std::move(in));
  return v;
}

Value Graph::literal(const std::string &name, Shape shape, std::vector<double> values, std::string elementType) {
  Value v = input(name, std::move(shape), Fill::Literal, 0, std::move(elementType));
  partial.inputs.back().values = std::move(values);
  return v;
}

std::string Graph::once(const std::string &key, const std::string &text) {
  auto [it, isNew] = known.try_emplace(key);
  if (isNew) {
    it->second = fresh();
    body += "  " + it->second + " = " + text + "\n";
  }
  return it->second;
}

/// The size of a dim as an index value: of an argument, a product or a sum.
std::string Graph::sizeOf(const std::string &name) {
  int64_t number;
  if (!llvm::StringRef(name).getAsInteger(10, number))
    return once("index " + name, "arith.constant " + name + " : index");
  for (auto [symbol, op] : {std::pair('+', "arith.addi "), std::pair('*', "arith.muli ")})
    if (size_t at = name.find(symbol); at != std::string::npos) {
      std::string a = sizeOf(name.substr(0, at)), b = sizeOf(name.substr(at + 1));
      return once("size " + name, op + a + ", " + b + " : index");
    }
  auto it = firstUse.find(name);
  assert(it != firstUse.end() && "a dim that no input has");
  auto [argument, type] = llvm::StringRef(it->second.first).split(" : ");
  std::string position = sizeOf(std::to_string(it->second.second));
  return once("size " + name, "tensor.dim " + argument.str() + ", " + position + " : " + type.str());
}

std::string Graph::sizes(const Shape &shape, bool withStatic) {
  std::vector<std::string> texts;
  for (const Extent &e : shape)
    if (!e.isStatic())
      texts.push_back(sizeOf(e.name));
    else if (withStatic)
      texts.push_back(std::to_string(e.size));
  return join(texts, [](const std::string &s) { return s; });
}

std::string Graph::empty(const Shape &shape, const std::string &elementType) {
  Value v{"", shape, elementType};
  std::string text = "tensor.empty(" + sizes(shape, false) + ") : " + v.tensor();
  return once(text, text);
}

Value Graph::define(const std::string &text, Shape shape, std::string elementType) {
  Value v{fresh(), std::move(shape), std::move(elementType)};
  body += "  " + v.id + " = " + text + "\n";
  return v;
}

//===-- Elementwise ---------------------------------------------------------------===//

Value Graph::op(const std::string &name, llvm::ArrayRef<Value> operands) {
  flops += elements(operands[0].shape);
  return define(name + " " + ids(operands) + " : " + operands[0].tensor(), operands[0].shape, operands[0].type);
}

Value Graph::map(const std::string &body, llvm::ArrayRef<Value> operands, const std::string &resultType, double flopsPerElement) {
  const Shape &shape = operands[0].shape;
  flops += flopsPerElement * elements(shape);
  Value out{empty(shape, resultType), shape, resultType};
  std::string head = " ins(" + ids(operands) + " : " + types(operands) + ") outs(" + out.id + " : " + out.tensor() + ")", arguments;
  if (body.find(' ') == std::string::npos)
    return define("linalg.map { " + body + " }" + head, shape, resultType);
  for (size_t i = 0; i < operands.size(); ++i)
    arguments += std::string("%") + static_cast<char>('a' + i) + ": " + operands[i].type + ", ";
  return define("linalg.map" + head + " (" + arguments + "%init: " + resultType + ") {\n" + body + "    linalg.yield %r : " + resultType + "\n  }", shape, resultType);
}

Value Graph::compare(const std::string &nameAndPredicate, const Value &a, const Value &b) {
  flops += elements(a.shape);
  return define(nameAndPredicate + ", " + a.id + ", " + b.id + " : " + a.tensor(), a.shape, "i1");
}

Value Graph::select(const Value &c, const Value &a, const Value &b) {
  return define("arith.select " + c.id + ", " + a.id + ", " + b.id + " : " + c.tensor() + ", " + a.tensor(), a.shape, a.type);
}

Value Graph::convert(const std::string &name, const Value &a, const std::string &elementType) {
  Value to{"", a.shape, elementType};
  return define(name + " " + a.id + " : " + a.tensor() + " to " + to.tensor(), a.shape, elementType);
}

Value Graph::widen(const Value &a) { return a.type == "f16" || a.type == "bf16" ? convert("arith.extf", a, "f32") : a; }
Value Graph::narrow(const Value &a) { return a.type == type() ? a : convert("arith.truncf", a, type()); }

//===-- Shapes and reductions -----------------------------------------------------===//

Value Graph::splat(const std::string &value, const Shape &shape, const std::string &elementType) {
  std::string text = "arith.constant dense<" + value + "> : tensor<" + elementType + ">";
  Value scalar{once(text, text), {}, elementType};
  std::vector<int64_t> all(shape.size());
  for (size_t d = 0; d < all.size(); ++d)
    all[d] = d;
  return shape.empty() ? scalar : broadcast(scalar, shape, all);
}

Value Graph::broadcast(const Value &a, const Shape &shape, llvm::ArrayRef<int64_t> added) {
  std::string into = empty(shape, a.type);
  Value out{"", shape, a.type};
  return define("linalg.broadcast ins(" + a.id + " : " + a.tensor() + ") outs(" + into + " : " + out.tensor() + ") dimensions = [" + join(added) + "]", shape, a.type);
}

Value Graph::reduce(const std::string &combiner, const Value &a, llvm::ArrayRef<int64_t> dims, const std::string &init) {
  Shape shape;
  for (size_t d = 0; d < a.shape.size(); ++d)
    if (!llvm::is_contained(dims, static_cast<int64_t>(d)))
      shape.push_back(a.shape[d]);
  Value start = splat(init, shape, a.type);
  flops += elements(a.shape);
  return define("linalg.reduce { " + combiner + " } ins(" + a.id + " : " + a.tensor() + ") outs(" + start.id + " : " + start.tensor() + ") dimensions = [" + join(dims) + "]",
                shape, a.type);
}

Value Graph::iota(const Shape &shape, int64_t dim, const std::string &elementType) {
  Value out{"", shape, elementType};
  return define("seq.iota(" + sizes(shape, false) + ") {dim = " + std::to_string(dim) + " : i64} : " + out.tensor(), shape, elementType);
}

Value Graph::transpose(const Value &a, llvm::ArrayRef<int64_t> permutation) {
  Shape shape;
  for (int64_t p : permutation)
    shape.push_back(a.shape[p]);
  std::string into = empty(shape, a.type);
  Value out{"", shape, a.type};
  return define("linalg.transpose ins(" + a.id + " : " + a.tensor() + ") outs(" + into + " : " + out.tensor() + ") permutation = [" + join(permutation) + "]", shape, a.type);
}

Value Graph::collapse(const Value &a, const std::string &groups, const Shape &shape) {
  Value out{"", shape, a.type};
  return define("tensor.collapse_shape " + a.id + " " + groups + " : " + a.tensor() + " into " + out.tensor(), shape, a.type);
}

Value Graph::expand(const Value &a, const std::string &groups, const Shape &shape) {
  Value out{"", shape, a.type};
  return define("tensor.expand_shape " + a.id + " " + groups + " output_shape [" + sizes(shape, true) + "] : " + a.tensor() + " into " + out.tensor(), shape, a.type);
}

Value Graph::slice(const Value &a, llvm::ArrayRef<int64_t> offsets, const Shape &shape, llvm::ArrayRef<int64_t> strides) {
  Value out{"", shape, a.type};
  return define("tensor.extract_slice " + a.id + "[" + join(offsets) + "] [" + sizes(shape, true) + "] [" + join(strides) + "] : " + a.tensor() + " to " + out.tensor(), shape,
                a.type);
}

Value Graph::concat(int64_t dim, llvm::ArrayRef<Value> parts) {
  Value out{"", parts[0].shape, parts[0].type};
  for (const Value &p : parts.drop_front())
    out.shape[dim] = out.shape[dim] + p.shape[dim];
  return define("tensor.concat dim(" + std::to_string(dim) + ") " + ids(parts) + " : (" + types(parts) + ") -> " + out.tensor(), out.shape, out.type);
}

Value Graph::pad(const Value &a, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, const std::string &value, const Shape &shape) {
  Value out{"", shape, a.type};
  const char *constant = interp::isComplex(dtypeOf(a.type)) ? "complex.constant " : "arith.constant ";
  std::string scalar = once("scalar " + value + a.type, constant + value + " : " + a.type), arguments;
  for (size_t d = 0; d < shape.size(); ++d)
    arguments += (d ? ", %i" : "%i") + std::to_string(d) + ": index";
  return define("tensor.pad " + a.id + " low[" + join(low) + "] high[" + join(high) + "] {\n  ^bb0(" + arguments + "):\n    tensor.yield " + scalar + " : " + a.type +
                    "\n  } : " + a.tensor() + " to " + out.tensor(),
                shape, a.type);
}

Value Graph::gather(const Value &table, const Value &indices, int64_t dim) {
  Shape shape(indices.shape.begin(), indices.shape.end() - 1);
  for (size_t d = 0; d < table.shape.size(); ++d)
    if (static_cast<int64_t>(d) != dim)
      shape.push_back(table.shape[d]);
  Value out{"", shape, table.type};
  return define("tensor.gather " + table.id + "[" + indices.id + "] gather_dims([" + std::to_string(dim) + "]) : (" + table.tensor() + ", " + indices.tensor() + ") -> " +
                    out.tensor(),
                shape, table.type);
}

Value Graph::matmul(const Value &a, const Value &b) {
  Shape shape(a.shape.begin(), a.shape.end() - 1);
  shape.push_back(b.shape.back());
  Value start = splat("0.0", shape, a.type == "f64" ? "f64" : "f32");
  flops += 2 * elements(shape) * static_cast<double>(a.shape.back().size);
  return define((a.shape.size() == 3 ? "linalg.batch_matmul ins(" : "linalg.matmul ins(") + a.id + ", " + b.id + " : " + a.tensor() + ", " + b.tensor() + ") outs(" + start.id +
                    " : " + start.tensor() + ") -> " + start.tensor(),
                shape, start.type);
}

Value Graph::raw(const std::string &text, Shape shape, std::string elementType, double count) {
  flops += count;
  return define(text, std::move(shape), std::move(elementType));
}

std::pair<Value, Value> Graph::raw2(const std::string &text, Shape first, std::string firstType, Shape second, std::string secondType, double count) {
  flops += count;
  Value a{fresh(), std::move(first), std::move(firstType)}, b{fresh(), std::move(second), std::move(secondType)};
  body += "  " + a.id + ", " + b.id + " = " + text + "\n";
  return {a, b};
}

//===-- The whole -----------------------------------------------------------------===//

Case Graph::finish(const std::string &op, const std::string &variant, const Steps &steps) {
  Case c = finishExact(op, variant);
  c.steps = steps;
  c.exact = false;
  return c;
}

Case Graph::finishExact(const std::string &op, const std::string &variant) {
  Case c = partial;
  c.op = op;
  c.dtype = dtype;
  c.exact = true;
  c.name = op + "/" + type() + "/" + variant;
  for (auto [i, dim] : llvm::enumerate(c.dims))
    c.name += (i ? "," : "/") + dim.first + "=" + std::to_string(dim.second);
  for (const Value &v : results)
    bytes += bytesOf(v.shape, v.type);
  std::string names;
  for (size_t i = 0; i < results.size(); ++i)
    names += (i ? ", " : "") + results[i].tensor() + " {seq.name = \"y" + std::to_string(i) + "\"}";
  c.module = "func.func @main(" + header + ") -> (" + names + ") attributes {seq.export} {\n" + body + "  return " + ids(results) + " : " + types(results) + "\n}\n";
  c.flops = flops;
  c.bytes = bytes;
  return c;
}

} // namespace seqc::cases
