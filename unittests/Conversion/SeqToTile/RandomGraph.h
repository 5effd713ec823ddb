// SPDX-License-Identifier: Apache-2.0
// Random graphs in the closed list of forms, as text.
#ifndef SEQC_UNITTESTS_CONVERSION_SEQTOTILE_RANDOMGRAPH_H
#define SEQC_UNITTESTS_CONVERSION_SEQTOTILE_RANDOMGRAPH_H

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include <random>
#include <set>
#include <string>
#include <vector>

namespace seqc {

class RandomGraph {
public:
  explicit RandomGraph(unsigned seed) : random(seed) {}

  /// A function @main of about `ops` steps over the dims B, L, N.
  std::string make(unsigned ops) {
    std::vector<std::vector<std::string>> shapes = {{"B", "L", "12"}, {"B", "L", "12"}, {"12"}, {"L", "12"}, {"B", "L"}, {"12", "10"}, {"B", "L", "N"}};
    std::string header;
    for (size_t i = 0; i < shapes.size(); ++i) {
      std::string name = "%a" + std::to_string(i);
      std::vector<std::string> dims;
      for (const std::string &d : shapes[i])
        dims.push_back(isName(d) ? "\"" + d + "\"" : d);
      header += (i ? ", " : "") + name + ": " + type(shapes[i]) + " {seq.dims = [" + llvm::join(dims, ", ") + "]}";
      values.push_back({name, shapes[i]});
    }
    line("%zero = arith.constant dense<0.0> : tensor<f32>");
    line("%half = arith.constant dense<0.5> : tensor<f32>");
    line("%ninf = arith.constant dense<0xFF800000> : tensor<f32>");
    line("%c0 = arith.constant 0 : index");
    line("%c1 = arith.constant 1 : index");
    line("%c2 = arith.constant 2 : index");
    line("%B = tensor.dim %a0, %c0 : " + type(shapes[0]));
    line("%L = tensor.dim %a0, %c1 : " + type(shapes[0]));
    line("%N = tensor.dim %a6, %c2 : " + type(shapes[6]));
    line("%BL = arith.muli %B, %L : index");
    for (unsigned i = 0; i < ops; ++i)
      step();
    // Some results: the last value and a few others.
    std::set<size_t> picked = {values.size() - 1};
    for (unsigned i = 0; i < 3; ++i)
      picked.insert(below(values.size()));
    std::vector<std::string> names, types;
    for (size_t i : picked) {
      names.push_back(values[i].name);
      types.push_back(type(values[i].shape));
    }
    return "func.func @main(" + header + ") -> (" + llvm::join(types, ", ") + ") {\n" + body + "  return " + llvm::join(names, ", ") + " : " +
           llvm::join(types, ", ") + "\n}\n";
  }

private:
  using Shape = std::vector<std::string>;
  struct Value {
    std::string name;
    Shape shape;
  };

  size_t below(size_t n) { return random() % n; }
  static bool isName(llvm::StringRef d) { return !llvm::isDigit(d.front()); }
  static std::string type(const Shape &shape, llvm::StringRef element = "f32") {
    std::string t = "tensor<";
    for (const std::string &d : shape)
      t += (isName(d) ? "?" : d) + "x";
    return t + element.str() + ">";
  }
  void line(const std::string &text) { body += "  " + text + "\n"; }
  std::string fresh() { return "%v" + std::to_string(counter++); }
  const Value &any() { return values[below(2) ? values.size() - 1 - below(std::min<size_t>(values.size(), 6)) : below(values.size())]; }

  std::string empty(const Shape &shape, llvm::StringRef element = "f32") {
    std::string e = fresh();
    line(e + " = tensor.empty(" + sizes(shape) + ") : " + type(shape, element));
    return e;
  }
  static std::string sizes(const Shape &shape, bool all = false) {
    std::vector<std::string> list;
    for (const std::string &d : shape)
      if (isName(d))
        list.push_back("%" + d);
      else if (all)
        list.push_back(d);
    return llvm::join(list, ", ");
  }
  static std::string numbers(const std::vector<size_t> &list) {
    return "[" + llvm::join(llvm::map_range(list, [](size_t i) { return std::to_string(i); }), ", ") + "]";
  }

  std::string broadcast(const std::string &v, const Shape &from, const Shape &to, const std::vector<size_t> &added) {
    std::string e = empty(to), r = fresh();
    line(r + " = linalg.broadcast ins(" + v + " : " + type(from) + ") outs(" + e + " : " + type(to) + ") dimensions = " + numbers(added));
    return r;
  }
  std::string splat(const std::string &constant, const Shape &shape) {
    std::vector<size_t> all(shape.size());
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = i;
    return shape.empty() ? constant : broadcast(constant, {}, shape, all);
  }
  void add(const std::string &name, const Shape &shape) { values.push_back({name, shape}); }
  std::string binary(llvm::StringRef op, const std::string &x, const std::string &y, const Shape &s) {
    std::string r = fresh();
    line(r + " = " + op.str() + " " + x + ", " + y + " : " + type(s));
    return r;
  }
  std::string unary(llvm::StringRef op, const std::string &x, const Shape &s) {
    std::string r = fresh();
    line(r + " = " + op.str() + " " + x + " : " + type(s));
    return r;
  }
  std::string reduce(llvm::StringRef op, llvm::StringRef init, const Value &v, const std::vector<size_t> &dims, Shape &shape) {
    shape.clear();
    for (size_t d = 0; d < v.shape.size(); ++d)
      if (!llvm::is_contained(dims, d))
        shape.push_back(v.shape[d]);
    std::string i = splat(init.str(), shape), r = fresh();
    line(r + " = linalg.reduce { " + op.str() + " } ins(" + v.name + " : " + type(v.shape) + ") outs(" + i + " : " + type(shape) + ") dimensions = " + numbers(dims));
    return r;
  }

  void step() {
    Value v = any();
    switch (below(12)) {
    case 0:
      return add(unary("math.tanh", v.name, v.shape), v.shape);
    case 1:
      return add(unary(below(2) ? "arith.negf" : "math.absf", v.name, v.shape), v.shape);
    case 2:
    case 3:
      return combine(v);
    case 4:
      return add(binary("arith.mulf", v.name, splat("%half", v.shape), v.shape), v.shape);
    case 5:
      return reduction(v);
    case 6:
      return transpose(v);
    case 7:
      return reshape(v);
    case 8:
      return slice(v);
    case 9:
      return below(2) ? concat(v) : pad(v);
    case 10:
      return softmax(v);
    default:
      return matmul(v);
    }
  }

  /// With a value of equal shape, or one whose dims are a part of the dims of v.
  void combine(const Value &v) {
    const char *ops[] = {"arith.addf", "arith.subf", "arith.maximumf", "arith.mulf"};
    for (unsigned attempt = 0; attempt < 8; ++attempt) {
      const Value &w = any();
      std::vector<size_t> added;
      size_t next = 0;
      for (size_t d = 0; d < v.shape.size(); ++d)
        if (next < w.shape.size() && w.shape[next] == v.shape[d] && !(v.shape.size() - d > w.shape.size() - next && below(3) == 0))
          ++next;
        else
          added.push_back(d);
      if (next != w.shape.size())
        continue;
      std::string other = added.empty() ? w.name : broadcast(w.name, w.shape, v.shape, added);
      std::string r = binary(ops[below(4)], v.name, other, v.shape);
      return add(unary("math.tanh", r, v.shape), v.shape);
    }
  }

  void reduction(const Value &v) {
    if (v.shape.empty())
      return;
    std::vector<size_t> dims = {below(v.shape.size())};
    if (below(4) == 0 && dims[0] + 1 < v.shape.size())
      dims.push_back(dims[0] + 1);
    Shape shape;
    bool max = below(3) == 0;
    std::string r = max ? reduce("arith.maximumf", "%ninf", v, dims, shape) : reduce("arith.addf", "%zero", v, dims, shape);
    r = unary("math.tanh", r, shape);
    if (below(2)) // back to the full shape, as norms do
      return add(binary("arith.subf", v.name, broadcast(r, shape, v.shape, dims), v.shape), v.shape);
    add(r, shape);
  }

  void softmax(const Value &v) {
    if (v.shape.empty())
      return;
    std::vector<size_t> dims = {v.shape.size() - 1};
    Shape shape;
    std::string m = broadcast(reduce("arith.maximumf", "%ninf", v, dims, shape), shape, v.shape, dims);
    Value p{unary("math.exp", binary("arith.subf", v.name, m, v.shape), v.shape), v.shape};
    std::string l = broadcast(reduce("arith.addf", "%zero", p, dims, shape), shape, v.shape, dims);
    add(binary("arith.divf", p.name, l, v.shape), v.shape);
  }

  void transpose(const Value &v) {
    if (v.shape.size() < 2)
      return;
    std::vector<size_t> perm(v.shape.size());
    for (size_t i = 0; i < perm.size(); ++i)
      perm[i] = i;
    std::shuffle(perm.begin(), perm.end(), random);
    Shape shape;
    for (size_t p : perm)
      shape.push_back(v.shape[p]);
    std::string e = empty(shape), r = fresh();
    line(r + " = linalg.transpose ins(" + v.name + " : " + type(v.shape) + ") outs(" + e + " : " + type(shape) + ") permutation = " + numbers(perm));
    add(r, shape);
  }

  static std::string groups(size_t rank, size_t at) { // dims at and at + 1 of the expanded shape belong together
    std::vector<std::string> list;
    for (size_t d = 0; d < rank; ++d) {
      if (d == at) {
        list.push_back("[" + std::to_string(d) + ", " + std::to_string(d + 1) + "]");
        ++d;
      } else {
        list.push_back("[" + std::to_string(d) + "]");
      }
    }
    return "[" + llvm::join(list, ", ") + "]";
  }

  void reshape(const Value &v) {
    for (size_t d = 0; d + 1 < v.shape.size(); ++d) // collapse
      if ((v.shape[d] == "B" && v.shape[d + 1] == "L") || (!isName(v.shape[d]) && !isName(v.shape[d + 1]) && below(2))) {
        Shape shape(v.shape);
        shape[d] = isName(v.shape[d]) ? "BL" : std::to_string(std::stoll(v.shape[d]) * std::stoll(v.shape[d + 1]));
        shape.erase(shape.begin() + d + 1);
        std::string r = fresh();
        line(r + " = tensor.collapse_shape " + v.name + " " + groups(v.shape.size(), d) + " : " + type(v.shape) + " into " + type(shape));
        return add(r, shape);
      }
    for (size_t d = 0; d < v.shape.size(); ++d) // expand
      if (v.shape[d] == "BL" || v.shape[d] == "12") {
        Shape shape(v.shape);
        bool flat = v.shape[d] == "BL";
        shape[d] = flat ? "B" : below(2) ? "3" : "2";
        shape.insert(shape.begin() + d + 1, flat ? "L" : shape[d] == "3" ? "4" : "6");
        std::string r = fresh();
        line(r + " = tensor.expand_shape " + v.name + " " + groups(shape.size(), d) + " output_shape [" + sizes(shape, true) + "] : " + type(v.shape) +
             " into " + type(shape));
        return add(r, shape);
      }
  }

  void slice(const Value &v) {
    for (size_t d = 0; d < v.shape.size(); ++d)
      if (!isName(v.shape[d]) && std::stoll(v.shape[d]) >= 4) {
        Shape shape(v.shape);
        size_t n = std::stoll(v.shape[d]), offset = below(n - 2);
        size_t step = below(4) == 0 ? 2 : 1, size = 1 + below((n - offset) / step);
        shape[d] = std::to_string(size);
        std::vector<std::string> offsets(v.shape.size(), "0"), steps(v.shape.size(), "1");
        offsets[d] = std::to_string(offset), steps[d] = std::to_string(step);
        std::string r = fresh();
        line(r + " = tensor.extract_slice " + v.name + "[" + llvm::join(offsets, ", ") + "] [" + sizes(shape, true) + "] [" + llvm::join(steps, ", ") +
             "] : " + type(v.shape) + " to " + type(shape));
        return add(r, shape);
      }
  }

  void concat(const Value &v) {
    for (size_t d = 0; d < v.shape.size(); ++d)
      if (!isName(v.shape[d])) {
        Shape shape(v.shape);
        shape[d] = std::to_string(2 * std::stoll(v.shape[d]));
        std::string r = fresh();
        line(r + " = tensor.concat dim(" + std::to_string(d) + ") " + v.name + ", " + v.name + " : (" + type(v.shape) + ", " + type(v.shape) + ") -> " +
             type(shape));
        return add(r, shape);
      }
  }

  void pad(const Value &v) {
    for (size_t d = v.shape.size(); d-- > 0;)
      if (!isName(v.shape[d]) && v.shape.size() <= 4) {
        Shape shape(v.shape);
        shape[d] = std::to_string(std::stoll(v.shape[d]) + 3);
        std::vector<std::string> low(v.shape.size(), "0"), high(v.shape.size(), "0"), args;
        low[d] = "1", high[d] = "2";
        for (size_t i = 0; i < v.shape.size(); ++i)
          args.push_back("%p" + std::to_string(i) + ": index");
        std::string r = fresh(), c = fresh();
        line(c + " = arith.constant 0.25 : f32");
        line(r + " = tensor.pad " + v.name + " low[" + llvm::join(low, ", ") + "] high[" + llvm::join(high, ", ") + "] {");
        line("^bb0(" + llvm::join(args, ", ") + "):");
        line("  tensor.yield " + c + " : f32");
        line("} : " + type(v.shape) + " to " + type(shape));
        return add(r, shape);
      }
  }

  void matmul(const Value &v) {
    if (v.shape.size() != 2)
      return;
    for (unsigned attempt = 0; attempt < 20; ++attempt) {
      const Value &w = values[below(values.size())];
      if (w.shape.size() != 2 || w.shape[0] != v.shape[1])
        continue;
      Shape shape = {v.shape[0], w.shape[1]};
      std::string z = splat("%zero", shape), r = fresh();
      line(r + " = linalg.matmul ins(" + v.name + ", " + w.name + " : " + type(v.shape) + ", " + type(w.shape) + ") outs(" + z + " : " + type(shape) +
           ") -> " + type(shape));
      return add(unary("math.tanh", r, shape), shape);
    }
  }

  std::mt19937 random;
  std::vector<Value> values;
  std::string body;
  unsigned counter = 0;
};

} // namespace seqc

#endif // SEQC_UNITTESTS_CONVERSION_SEQTOTILE_RANDOMGRAPH_H
