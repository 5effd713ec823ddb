// SPDX-License-Identifier: Apache-2.0
// Loads, stores, relayouts, reductions and dots of the GPU emitter in chosen layouts, on the functional model, against the tile interpreter.
#include "ModelLaunch.h"
#include "seqc/Dialect/Tile/IR/TileLayouts.h"
#include "seqc/Layout/Conversion.h"
#include "seqc/Layout/Factories.h"
#include "seqc/Pipelines/Pipelines.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <random>
#include <set>

using namespace mlir;
using namespace seqc;
using interp::DType;
using interp::Tensor;
using layout::DigitMap;

namespace {

constexpr int kWarps = 4;

class LayoutsTest : public ::testing::Test {
protected:
  LayoutsTest() : context(MLIRContext::Threading::DISABLED) {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// A kernel of level block with one program on pointers of the element types, then one index %n, parsed.
  OwningOpRef<ModuleOp> kernelOf(ArrayRef<std::pair<std::string, std::string>> pointers, const std::string &body) {
    std::string args, params, access;
    for (auto &[name, type] : pointers) {
      args += "%" + name + ": !tile.ptr<" + type + ">, ";
      params += "\"" + name + "\", ";
      access += name == "y" ? "\"write\", " : "\"read\", ";
    }
    std::string text = "tile.kernel @k(" + args + "%n: index) level(block) params([" + params + "\"n\"]) access([" + access +
                       "\"value\"]) grid { %c1 = arith.constant 1 : index tile.grid_yield %c1 } {\n" + body + "\n}";
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module)) << text;
    return module;
  }

  static tile::KernelOp kernelIn(ModuleOp module) { return *module.getOps<tile::KernelOp>().begin(); }

  Tensor random(DType t, std::vector<int64_t> shape) {
    Tensor r(t, std::move(shape));
    std::uniform_int_distribution<int> u(t == DType::I1 ? 0 : -8, t == DType::I1 ? 1 : 8);
    for (double &x : r.data)
      x = u(generator);
    return r;
  }

  /// Runs `laid` (level layout) on the model and `block` in the interpreter; all results are exact, so they are equal.
  void compare(ModuleOp block, ModuleOp laid, std::vector<Tensor> memories, double n, const std::string &what) {
    std::vector<Tensor> mine = memories;
    auto argsOf = [&](std::vector<Tensor> &list) {
      std::vector<interp::KernelArg> args;
      for (Tensor &t : list)
        args.push_back(&t);
      args.push_back(n);
      return args;
    };
    if (llvm::Error e = interp::runKernel(kernelIn(block), argsOf(memories), {}))
      FAIL() << what << ": " << toString(std::move(e));
    FailureOr<GpuModule> lowered = lowerGpuKernels(kernelIn(laid));
    ASSERT_TRUE(succeeded(lowered)) << what;
    llvm::LLVMContext llvmContext;
    auto code = emitGpuLlvm(*lowered->code, {}, llvmContext);
    ASSERT_TRUE(bool(code)) << what << ": " << toString(code.takeError());
    auto program = sim::Program::compile(**code, "k");
    ASSERT_TRUE(bool(program)) << what << ": " << toString(program.takeError());
    if (llvm::Error e = cases::launchOnModel(*program, lowered->launches.at("k"), kernelIn(block), argsOf(mine), 3))
      FAIL() << what << ": " << toString(std::move(e));
    ASSERT_EQ(mine.back().data, memories.back().data) << what;
  }

  MLIRContext context;
  std::mt19937_64 generator{5};
};

Value tileOf(Operation *op) { return op->getResult(0); }

void setLayout(Value v, const DigitMap &map) { v.setType(tile::withLayout(cast<RankedTensorType>(v.getType()), map)); }

/// Layouts of a matrix: rows and columns first, wide and narrow vectors, whole rows in a warp, accumulators of matrix instructions.
std::vector<DigitMap> layoutsOf(ArrayRef<int64_t> shape, int bits) {
  std::vector<DigitMap> maps;
  auto add = [&](DigitMap map) {
    if (!llvm::is_contained(maps, map))
      maps.push_back(std::move(map));
  };
  SmallVector<int64_t> turned(llvm::reverse(shape));
  for (int bytes : {bits / 8, 16}) {
    add(layout::blocked(shape, bits, kWarps, bytes));
    add(layout::blocked(turned, bits, kWarps, bytes).transpose({1, 0}));
    add(layout::rowPerWarp(shape, bits, kWarps, bytes));
  }
  if (auto acc = layout::mmaAcc(shape, kWarps))
    add(std::move(*acc));
  else
    llvm::consumeError(acc.takeError());
  return maps;
}

struct Element {
  const char *name;
  DType dtype;
  int bits;
};
constexpr Element kElements[] = {{"f32", DType::F32, 32}, {"f16", DType::F16, 16}, {"bf16", DType::BF16, 16}, {"f64", DType::F64, 64},
                                 {"i1", DType::I1, 8},    {"i8", DType::I8, 8},    {"i64", DType::I64, 64}};

TEST_F(LayoutsTest, LoadRelayoutStore) {
  std::set<layout::ConvKind> kinds;
  for (auto [rows, columns] : {std::pair<int64_t, int64_t>(16, 16), {3, 5}, {64, 24}, {1, 7}, {8, 64}})
    for (const Element &element : kElements) {
      std::string type = element.name, shape = std::to_string(rows) + "x" + std::to_string(columns), tile = "tensor<" + shape + "x" + type + ">";
      std::string columnsText = std::to_string(columns);
      // Rows beyond %n are zeros; the view of the result has strides known at run time only.
      std::string body = "  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  %s = arith.constant " + columnsText +
                         " : index\n  %t = arith.muli %s, %c1 : index\n"
                         "  %v = tile.view %x sizes [%n, " + columnsText + "] strides [" + columnsText + ", 1] : <" + type + "> -> <?x" + columnsText + "x" + type + ", [" + columnsText + ", 1]>\n" +
                         "  %a = tile.load %v[%c0, %c0] {inbounds = [1]} : <?x" + columnsText + "x" + type + ", [" + columnsText + ", 1]> -> " + tile + "\n" +
                         "  %w = tile.view %y sizes [%n, " + columnsText + "] strides [%t, 1] : <" + type + "> -> <?x" + columnsText + "x" + type + ", [?, 1]>\n" +
                         "  tile.store %a, %w[%c0, %c0] {inbounds = [1]} : " + tile + ", <?x" + columnsText + "x" + type + ", [?, 1]>";
      OwningOpRef<ModuleOp> block = kernelOf({{"x", type}, {"y", type}}, body);
      ASSERT_TRUE(bool(block));
      std::vector<DigitMap> maps = layoutsOf({rows, columns}, element.bits);
      for (const DigitMap &from : maps)
        for (const DigitMap &to : maps) {
          kinds.insert(layout::classify(from, to, element.bits).kind);
          OwningOpRef<ModuleOp> laid = block->clone();
          tile::KernelOp kernel = kernelIn(*laid);
          kernel.getBody().walk([&](tile::LoadOp load) {
            setLayout(load.getResult(), from);
            OpBuilder b(load);
            b.setInsertionPointAfter(load);
            auto relayout = tile::RelayoutOp::create(b, load.getLoc(), tile::withLayout(load.getType(), to), load.getResult());
            load.getResult().replaceAllUsesExcept(relayout.getResult(), relayout);
          });
          kernel.setLevel(tile::Level::Layout);
          int64_t n = std::max<int64_t>(rows - 1, 1);
          Tensor x = random(element.dtype, {n, columns}), y(element.dtype, {n, columns}, 0.0);
          compare(*block, *laid, {x, y}, static_cast<double>(n), shape + " " + type + " from " + from.str() + " to " + to.str());
          if (HasFatalFailure())
            return;
        }
    }
  EXPECT_EQ(kinds.size(), 4u) << "no relayout, renaming, shuffles and memory all occur";
}

TEST_F(LayoutsTest, Reductions) {
  for (auto [rows, columns] : {std::pair<int64_t, int64_t>(16, 16), {5, 24}, {64, 8}})
    for (int64_t dim : {0, 1})
      for (const Element &element : {kElements[0], kElements[1], kElements[3]}) {
        std::string type = element.name, r = std::to_string(rows), c = std::to_string(columns), kept = dim == 0 ? c : r;
        std::string body = "  %c0 = arith.constant 0 : index\n"
                           "  %v = tile.view %x sizes [" + r + ", " + c + "] strides [" + c + ", 1] : <" + type + "> -> <" + r + "x" + c + "x" + type + ", [" + c + ", 1]>\n" +
                           "  %a = tile.load %v[%c0, %c0] {inbounds = [0, 1]} : <" + r + "x" + c + "x" + type + ", [" + c + ", 1]> -> tensor<" + r + "x" + c + "x" + type + ">\n" +
                           "  %s = tile.reduce %a {dims = [" + std::to_string(dim) + "], kind = add} : tensor<" + r + "x" + c + "x" + type + "> -> tensor<" + kept + "x" + type + ">\n" +
                           "  %w = tile.view %y sizes [" + kept + "] strides [1] : <" + type + "> -> <" + kept + "x" + type + ", [1]>\n" +
                           "  tile.store %s, %w[%c0] {inbounds = [0]} : tensor<" + kept + "x" + type + ">, <" + kept + "x" + type + ", [1]>";
        OwningOpRef<ModuleOp> block = kernelOf({{"x", type}, {"y", type}}, body);
        ASSERT_TRUE(bool(block));
        for (const DigitMap &map : layoutsOf({rows, columns}, element.bits)) {
          OwningOpRef<ModuleOp> laid = block->clone();
          tile::KernelOp kernel = kernelIn(*laid);
          kernel.getBody().walk([&](Operation *op) {
            if (isa<tile::LoadOp>(op))
              setLayout(tileOf(op), map);
            if (isa<tile::ReduceOp>(op))
              setLayout(tileOf(op), map.dropDim(static_cast<int>(dim)));
          });
          kernel.setLevel(tile::Level::Layout);
          Tensor x = random(element.dtype, {rows, columns}), y(element.dtype, {dim == 0 ? columns : rows}, 0.0);
          compare(*block, *laid, {x, y}, 1, r + "x" + c + " over " + std::to_string(dim) + " " + type + " in " + map.str());
          if (HasFatalFailure())
            return;
        }
      }
}

/// Both operands in every layout before they become fragments; matrix instructions and multiply-adds.
TEST_F(LayoutsTest, Dots) {
  struct Size {
    int64_t m, n, k;
  };
  for (Size s : {Size{16, 8, 16}, {64, 16, 32}, {32, 24, 48}, {16, 8, 24}, {5, 3, 7}})
    for (const Element &element : {kElements[0], kElements[1], kElements[2], kElements[3]}) {
      std::string type = element.name, out = element.bits == 64 ? "f64" : "f32";
      auto text = [](int64_t a, int64_t b, const std::string &t) { return std::to_string(a) + "x" + std::to_string(b) + "x" + t; };
      std::string a = text(s.m, s.k, type), b = text(s.k, s.n, type), y = text(s.m, s.n, out);
      auto view = [](const std::string &name, const std::string &from, int64_t r, int64_t c, const std::string &t, const std::string &shape) {
        std::string cs = std::to_string(c);
        return "  %" + name + " = tile.view %" + from + " sizes [" + std::to_string(r) + ", " + cs + "] strides [" + cs + ", 1] : <" + t + "> -> <" + shape + ", [" + cs + ", 1]>\n";
      };
      auto load = [](const std::string &name, const std::string &from, int64_t c, const std::string &shape) {
        return "  %" + name + " = tile.load %" + from + "[%c0, %c0] {inbounds = [0, 1]} : <" + shape + ", [" + std::to_string(c) + ", 1]> -> tensor<" + shape + ">\n";
      };
      std::string body = "  %c0 = arith.constant 0 : index\n" + view("va", "x", s.m, s.k, type, a) + view("vb", "z", s.k, s.n, type, b) + view("vy", "y", s.m, s.n, out, y) +
                         load("a", "va", s.k, a) + load("b", "vb", s.n, b) + "  %d = tile.dot %a, %b : tensor<" + a + ">, tensor<" + b + "> -> tensor<" + y + ">\n" +
                         "  tile.store %d, %vy[%c0, %c0] {inbounds = [0, 1]} : tensor<" + y + ">, <" + y + ", [" + std::to_string(s.n) + ", 1]>";
      OwningOpRef<ModuleOp> block = kernelOf({{"x", type}, {"z", type}, {"y", out}}, body);
      ASSERT_TRUE(bool(block));
      std::vector<DigitMap> mapsA = layoutsOf({s.m, s.k}, element.bits), mapsB = layoutsOf({s.k, s.n}, element.bits);
      DigitMap acc = tile::accumulatorLayout({s.m, s.n}, element.bits == 64 ? 64 : 32, kWarps);
      for (size_t i = 0; i < std::max(mapsA.size(), mapsB.size()); ++i) {
        OwningOpRef<ModuleOp> laid = block->clone();
        tile::KernelOp kernel = kernelIn(*laid);
        kernel.getBody().walk([&](tile::DotOp dot) {
          tile::DotLayouts wanted = tile::dotLayouts(dot.getA().getType(), dot.getB().getType(), acc);
          OpBuilder builder(dot);
          for (auto [operand, map, fragments] : {std::tuple(0, mapsA[i % mapsA.size()], wanted.a), std::tuple(1, mapsB[i % mapsB.size()], wanted.b)}) {
            Value v = dot->getOperand(operand);
            setLayout(v, map);
            if (map != fragments)
              dot->setOperand(operand, tile::RelayoutOp::create(builder, dot.getLoc(), tile::withLayout(cast<RankedTensorType>(v.getType()), fragments), v));
          }
          setLayout(dot.getResult(), acc);
        });
        kernel.setLevel(tile::Level::Layout);
        Tensor x = random(element.dtype, {s.m, s.k}), z = random(element.dtype, {s.k, s.n}), result(element.bits == 64 ? DType::F64 : DType::F32, {s.m, s.n}, 0.0);
        compare(*block, *laid, {x, z, result}, 1, a + " * " + b + ", layouts " + std::to_string(i));
        if (HasFatalFailure())
          return;
      }
    }
}

} // namespace
