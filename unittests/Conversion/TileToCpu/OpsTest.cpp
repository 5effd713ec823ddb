// SPDX-License-Identifier: Apache-2.0
// Every op over odd shapes, bounds in the middle of tiles, negative coordinates and pad values.
#include "TileToCpuTesting.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace seqc::test;

namespace {
constexpr int64_t kColumns[] = {1, 3, 8, 17, 65};

std::string str(int64_t x) { return std::to_string(x); }

/// A kernel over X, R [L, N] -> Y [L, N] of element $T in tiles of 4 x $C rows and columns; `body` computes %y from %x, %r.
std::string overRows(const std::string &body, const std::string &pad = "0.0") {
  return R"(
!P = !tile.ptr<$T>
!V = !tile.view<?x?x$T, [?, 1]>
!t = tensor<4x$Cx$T>
!f = tensor<4x$Cxf32>
!b = tensor<4x$Cxi1>
tile.kernel @k(%X: !P, %R: !P, %Y: !P, %L: index, %N: index, %o: index, %s: f32) level(block) params(["X", "R", "Y", "L", "N", "o", "s"])
    access(["read", "read", "write", "value", "value", "value", "value"]) grid {
      %c4 = arith.constant 4 : index
      %cC = arith.constant $C : index
      %n0 = arith.ceildivsi %L, %c4 : index
      %n = arith.addi %n0, %c4 : index
      %m0 = arith.ceildivsi %N, %cC : index
      %m = arith.addi %m0, %c4 : index
      tile.grid_yield %n, %m } {
  %c4 = arith.constant 4 : index
  %cC = arith.constant $C : index
  %p = tile.program_id 0
  %q = tile.program_id 1
  %i0 = arith.muli %p, %c4 : index
  %i = arith.subi %i0, %o : index
  %j0 = arith.muli %q, %cC : index
  %j = arith.subi %j0, %o : index
  %vx = tile.view %X sizes [%L, %N] strides [%N, 1] : !P -> !V
  %vr = tile.view %R sizes [%L, %N] strides [%N, 1] : !P -> !V
  %vy = tile.view %Y sizes [%L, %N] strides [%N, 1] : !P -> !V
  %x = tile.load %vx[%i, %j] {pad = )" +
         pad + R"(} : !V -> !t
  %r = tile.load %vr[%i, %j] : !V -> !t
)" + body + R"(
  tile.store %y, %vy[%i, %j] : !t, !V
})";
}

void runOverRows(const std::string &body, const std::string &type, const std::string &pad = "0.0", Memory values = {}) {
  for (int64_t c : kColumns)
    for (auto [l, n, o] : {std::tuple<int64_t, int64_t, int64_t>(4, c, 0), {7, 2 * c + 1, 0}, {9, c + 5, 2}}) {
      SCOPED_TRACE("columns " + str(c) + ", type " + type + ", L " + str(l) + ", N " + str(n) + ", offset " + str(o));
      Memory memory = values;
      memory.elements = l * n;
      expectSame({.text = overRows(body, pad),
                  .substitutions = {{"C", str(c)}, {"T", type}},
                  .memories = {{"X", memory}, {"R", {l * n}}, {"Y", {l * n}}},
                  .numbers = {{"L", l}, {"N", n}, {"o", o}, {"s", 0.75}},
                  .programs = ((l + 3) / 4 + 4) * ((n + c - 1) / c + 4)});
    }
}

/// A kernel of one program: `body` computes %y : tensor<$R> from %x, %z : tensor<$S>, all of element $T, all memory contiguous.
std::string ofTiles(const std::string &body, const std::string &more = "") {
  return more + R"(
!P = !tile.ptr<$T>
!O = !tile.ptr<$U>
tile.kernel @k(%X: !P, %Z: !P, %I: !tile.ptr<i32>, %Y: !O, %n: index, %s: f32) level(block) params(["X", "Z", "I", "Y", "n", "s"])
    access(["read", "read", "read", "write", "value", "value"]) grid { %g1 = arith.constant 1 : index  tile.grid_yield %g1 } {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %vx = tile.view %X sizes [$s] strides [$d] : !P -> !tile.view<$Sx$T, [$d]>
  %vz = tile.view %Z sizes [$s] strides [$d] : !P -> !tile.view<$Sx$T, [$d]>
  %vy = tile.view %Y sizes [$r] strides [$e] : !O -> !tile.view<$Rx$U, [$e]>
  %x = tile.load %vx[$z] : !tile.view<$Sx$T, [$d]> -> tensor<$Sx$T>
  %w = tile.load %vz[$z] : !tile.view<$Sx$T, [$d]> -> tensor<$Sx$T>
)" + body + R"(
  tile.store %y, %vy[$o] : tensor<$Rx$U>, !tile.view<$Rx$U, [$e]>
})";
}

using Shape = std::vector<int64_t>;

int64_t count(const Shape &shape) {
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  return n;
}
std::string joined(const Shape &shape, const char *separator) {
  std::string text;
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? separator : "") + str(shape[i]);
  return text;
}
Shape stridesOf(Shape shape) {
  int64_t n = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    int64_t extent = shape[d];
    shape[d] = n;
    n *= extent;
  }
  return shape;
}

struct Tiles {
  Shape in, out;
  std::string body, type = "f32", result = "", more = "";
  double tolerance = 2e-5;
  std::map<std::string, std::string> substitutions = {};
};

std::map<std::string, std::string> namesOf(const Tiles &t) {
  std::map<std::string, std::string> names{{"S", joined(t.in, "x")},     {"R", joined(t.out, "x")},  {"s", joined(t.in, ", ")}, {"r", joined(t.out, ", ")},
                                           {"d", joined(stridesOf(t.in), ", ")}, {"e", joined(stridesOf(t.out), ", ")}, {"z", joined(Shape(t.in.size(), 0), ", ")},
                                           {"o", joined(Shape(t.out.size(), 0), ", ")}, {"T", t.type}, {"U", t.result.empty() ? t.type : t.result}};
  names.insert(t.substitutions.begin(), t.substitutions.end());
  return names;
}

void run(const Tiles &t) {
  SCOPED_TRACE(t.body + "\nof " + joined(t.in, "x") + " " + t.type);
  std::map<std::string, std::string> names = namesOf(t);
  expectSame({.text = ofTiles(t.body, t.more),
              .substitutions = names,
              .memories = {{"X", {count(t.in)}}, {"Z", {count(t.in)}}, {"I", {64, [](int64_t i) { return double((i * 5) % 11 - 2); }}}, {"Y", {count(t.out)}}},
              .numbers = {{"n", 5}, {"s", 0.75}},
              .tolerance = t.tolerance});
}
} // namespace

// -- elementwise, loads, stores ----------------------------------------------------------------------------------------

TEST(CpuOps, ElementwiseF32) { runOverRows("  %a = arith.mulf %x, %r : !t\n  %m = arith.maximumf %a, %r : !t\n  %y = math.fma %m, %x, %r : !t", "f32"); }
TEST(CpuOps, ElementwiseBF16) { runOverRows("  %a = arith.mulf %x, %r : !t\n  %y = arith.addf %a, %r : !t", "bf16"); }
TEST(CpuOps, ElementwiseF16) { runOverRows("  %a = arith.subf %x, %r : !t\n  %b = math.absf %a : !t\n  %y = math.sqrt %b : !t", "f16"); }
TEST(CpuOps, ElementwiseF64) { runOverRows("  %a = arith.divf %x, %r : !t\n  %y = arith.negf %a : !t", "f64"); }
TEST(CpuOps, ElementwiseI32) { runOverRows("  %a = arith.muli %x, %r : !t\n  %b = arith.maxsi %a, %x : !t\n  %y = arith.xori %b, %r : !t", "i32", "-3.0"); }
TEST(CpuOps, ElementwiseI8) { runOverRows("  %a = arith.addi %x, %r : !t\n  %y = arith.muli %a, %x : !t", "i8", "5.0"); }
TEST(CpuOps, ElementwiseI1) { runOverRows("  %a = arith.andi %x, %r : !t\n  %y = arith.xori %a, %x : !t", "i1", "1.0"); }
TEST(CpuOps, PadMinusInfinity) { runOverRows("  %y = arith.maximumf %x, %r : !t", "f32", "-inf"); }
TEST(CpuOps, PadMinusInfinityBF16) { runOverRows("  %y = arith.maximumf %x, %r : !t", "bf16", "-inf"); }
TEST(CpuOps, NanAndInfinityGoThrough) {
  Memory values{0, [](int64_t i) { return i % 5 == 0 ? NAN : i % 7 == 0 ? INFINITY : i * 0.25; }};
  runOverRows("  %y = arith.maximumf %x, %r : !t", "f32", "0.0", values);
  runOverRows("  %c = arith.cmpf ult, %x, %r : !t\n  %y = arith.select %c, %x, %r : !b, !t", "f32", "0.0", values);
}
TEST(CpuOps, DivisionOfIntegers) {
  Memory values{0, [](int64_t i) { return double(i % 23 - 11); }};
  std::string divisor = "  %d0 = arith.constant dense<3> : !t\n  %two = arith.constant dense<-2> : !t\n";
  for (const char *op : {"divsi", "remsi", "floordivsi", "ceildivsi"})
    runOverRows(divisor + "  %a = arith." + op + " %x, %d0 : !t\n  %b = arith." + op + " %x, %two : !t\n  %y = arith.addi %a, %b : !t", "i32", "7.0", values);
}
TEST(CpuOps, MapWithIndices) {
  runOverRows(R"(  %y = tile.map %x, %r at [%i, %j] (%a: f32, %b: f32, %ii: index, %jj: index) {
    %d = arith.subi %jj, %ii : index
    %d32 = arith.index_cast %d : index to i32
    %df = arith.sitofp %d32 : i32 to f32
    %u = math.fma %df, %s, %a : f32
    %c = arith.cmpi sle, %jj, %ii : index
    %c2 = arith.cmpi slt, %jj, %N : index
    %c3 = arith.andi %c, %c2 : i1
    %z = arith.select %c3, %u, %b : f32
    tile.yield %z : f32
  } : !t, !t -> !t)",
              "f32");
  runOverRows(R"(  %c3i = arith.constant 3 : index
  %y = tile.map %x at [%i, %j] (%a: f32, %ii: index, %jj: index) {
    %m = arith.muli %ii, %jj : index
    %k = arith.addi %m, %jj : index
    %w = arith.remsi %k, %c3i : index
    %one = arith.constant 1 : index
    %c = arith.cmpi eq, %w, %one : index
    %n = arith.negf %a : f32
    %z = arith.select %c, %a, %n : f32
    tile.yield %z : f32
  } : !t -> !t)",
              "f32");
}
TEST(CpuOps, MapOfTwoResults) {
  runOverRows(R"(  %u, %v = tile.map %x, %r at [0, 0] (%a: f32, %b: f32, %ii: index, %jj: index) {
    %m = arith.addf %a, %b : f32
    %n = arith.mulf %a, %b : f32
    tile.yield %m, %n : f32, f32
  } : !t, !t -> !t, !t
  %y = arith.subf %u, %v : !t)",
              "f32");
}
TEST(CpuOps, StridedViews) {
  for (auto [step, size] : {std::pair<int64_t, int64_t>(2, 20), {3, 9}})
    expectSame({.text = R"(
!P = !tile.ptr<f32>
tile.kernel @k(%X: !P, %Y: !P, %n: index, %st: index) level(block) params(["X", "Y", "n", "st"]) access(["read", "write", "value", "value"])
    grid { %g = arith.constant 2 : index  tile.grid_yield %g } {
  %c16 = arith.constant 16 : index
  %p = tile.program_id 0
  %i = arith.muli %p, %c16 : index
  %vx = tile.view %X sizes [%n, 3] strides [%st, 1] : !P -> !tile.view<?x3xf32, [?, 1]>
  %vy = tile.view %Y sizes [3, %n] strides [1, 3] : !P -> !tile.view<3x?xf32, [1, 3]>
  %sx = tile.subview %vx[0, 1] sizes [%n, 1] {drop = [1]} : !tile.view<?x3xf32, [?, 1]> -> !tile.view<?xf32, [?]>
  %x = tile.load %sx[%i] {pad = 2.0} : !tile.view<?xf32, [?]> -> tensor<16xf32>
  %b = tile.broadcast %x {at = 0} : tensor<16xf32> -> tensor<3x16xf32>
  tile.store %b, %vy[0, %i] : tensor<3x16xf32>, !tile.view<3x?xf32, [1, 3]>
})",
                .memories = {{"X", {size * step + 3}}, {"Y", {3 * size}}},
                .numbers = {{"n", size}, {"st", step}},
                .programs = 2});
}
TEST(CpuOps, LoadsOfWhatTheKernelWrote) {
  run({{5, 9}, {5, 9}, R"(  tile.store %x, %vy[0, 0] : tensor<5x9xf32>, !tile.view<5x9xf32, [9, 1]>
  %a = tile.load %vy[1, -2] {pad = 9.0} : !tile.view<5x9xf32, [9, 1]> -> tensor<5x9xf32>
  %q = tile.load_scalar %vy[2, 2] : !tile.view<5x9xf32, [9, 1]>
  tile.store %w, %vy[2, 0] : tensor<5x9xf32>, !tile.view<5x9xf32, [9, 1]>
  %qs = tile.splat %q : f32 -> tensor<5x9xf32>
  %y = arith.addf %a, %qs : tensor<5x9xf32>)"});
}
TEST(CpuOps, StoresThatOverlapKeepTheirOrder) {
  run({{5, 9}, {5, 9}, R"(  tile.store %x, %vy[0, 0] : tensor<5x9xf32>, !tile.view<5x9xf32, [9, 1]>
  tile.store %w, %vy[2, 1] : tensor<5x9xf32>, !tile.view<5x9xf32, [9, 1]>
  tile.store %x, %vy[1, -3] : tensor<5x9xf32>, !tile.view<5x9xf32, [9, 1]>
  %y = tile.load %vy[0, 0] : !tile.view<5x9xf32, [9, 1]> -> tensor<5x9xf32>)"});
}
TEST(CpuOps, LoadsBeforeAndAfterStoresInLoops) {
  // Every trip reads what the trip before wrote, turned; the value read first is used after the next store.
  run({{6, 6}, {6, 6}, R"(  tile.store %x, %vy[0, 0] : tensor<6x6xf32>, !tile.view<6x6xf32, [6, 1]>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %w) -> (tensor<6x6xf32>) {
    %old = tile.load %vy[0, 0] : !tile.view<6x6xf32, [6, 1]> -> tensor<6x6xf32>
    %t = tile.transpose %old [1, 0] : tensor<6x6xf32>
    %u = arith.addf %t, %a : tensor<6x6xf32>
    tile.store %u, %vy[0, 0] : tensor<6x6xf32>, !tile.view<6x6xf32, [6, 1]>
    %d = arith.subf %old, %a : tensor<6x6xf32>
    scf.yield %d : tensor<6x6xf32>
  }
  %new = tile.load %vy[0, 0] : !tile.view<6x6xf32, [6, 1]> -> tensor<6x6xf32>
  %y = arith.addf %r, %new : tensor<6x6xf32>)"});
}
TEST(CpuOps, ProductsOfWhatTheKernelWrote) {
  run({{5, 5}, {5, 5}, R"(  tile.store %x, %vy[0, 0] : tensor<5x5xf32>, !tile.view<5x5xf32, [5, 1]>
  %a = tile.load %vy[0, 0] : !tile.view<5x5xf32, [5, 1]> -> tensor<5x5xf32>
  tile.store %w, %vy[0, 0] : tensor<5x5xf32>, !tile.view<5x5xf32, [5, 1]>
  %b = tile.load %vy[0, 0] : !tile.view<5x5xf32, [5, 1]> -> tensor<5x5xf32>
  %y = tile.dot %a, %b : tensor<5x5xf32>, tensor<5x5xf32> -> tensor<5x5xf32>)"});
}
TEST(CpuOps, ConversionsAndRoundings) {
  run({{3, 17}, {3, 17}, "  %y = arith.extf %x : tensor<$Sxbf16> to tensor<$Sxf32>", "bf16", "f32"});
  run({{3, 17}, {3, 17}, "  %y = arith.truncf %x : tensor<$Sxf64> to tensor<$Sxf16>", "f64", "f16"});
  run({{3, 17}, {3, 17}, "  %y = arith.truncf %x : tensor<$Sxf32> to tensor<$Sxbf16>", "f32", "bf16"});
  run({{3, 17}, {3, 17}, "  %y = arith.sitofp %x : tensor<$Sxi8> to tensor<$Sxf32>", "i8", "f32"});
  run({{3, 17}, {3, 17}, "  %y = arith.extui %x : tensor<$Sxi1> to tensor<$Sxi32>", "i1", "i32"});
  run({{3, 17}, {3, 17}, "  %t = arith.constant dense<0.0> : tensor<$Sxf32>\n  %y = arith.cmpf ogt, %x, %t : tensor<$Sxf32>", "f32", "i1"});
  for (const char *type : {"i32", "i8", "i64"})
    run({{3, 17}, {3, 17}, "  %t = arith.constant dense<1.0e+10> : tensor<$Sxf32>\n  %u = arith.mulf %x, %t : tensor<$Sxf32>\n"
                           "  %y = arith.fptosi %u : tensor<$Sxf32> to tensor<$Sx$U>", "f32", type});
  for (const char *op : {"floor", "ceil", "round", "roundeven", "trunc"})
    run({{3, 17}, {3, 17}, std::string("  %t = arith.constant dense<7.5> : tensor<$Sxf32>\n  %u = arith.mulf %x, %t : tensor<$Sxf32>\n  %y = math.") + op + " %u : tensor<$Sxf32>"});
  run({{3, 17}, {3, 17}, "  %y = arith.truncf %x : tensor<$Sxf64> to tensor<$Sxbf16>", "f64", "bf16"});
}
// f64 values beside the middle of two f16 or bf16 values: rounding twice would go the wrong way.
TEST(CpuOps, DoublesAreRoundedOnce) {
  for (auto [type, unit] : {std::pair<const char *, double>("f16", 0x1p-10), {"bf16", 0x1p-7}}) {
    Memory values{16, [unit = unit](int64_t i) {
                    double middle = 1 + (i / 4 + 0.5) * unit, near = (i % 4 - 1.5) * 0x1p-40;
                    return i < 12 ? middle + near : i == 12 ? INFINITY : i == 13 ? NAN : i == 14 ? 1e300 : -0.0;
                  }};
    expectSame({.text = R"(
tile.kernel @k(%X: !tile.ptr<f64>, %Y: !tile.ptr<$U>) level(block) params(["X", "Y"]) access(["read", "write"]) grid { %g = arith.constant 1 : index  tile.grid_yield %g } {
  %vx = tile.view %X sizes [16] strides [1] : !tile.ptr<f64> -> !tile.view<16xf64, [1]>
  %vy = tile.view %Y sizes [16] strides [1] : !tile.ptr<$U> -> !tile.view<16x$U, [1]>
  %x = tile.load %vx[0] : !tile.view<16xf64, [1]> -> tensor<16xf64>
  %y = arith.truncf %x : tensor<16xf64> to tensor<16x$U>
  tile.store %y, %vy[0] : tensor<16x$U>, !tile.view<16x$U, [1]>
})",
                .substitutions = {{"U", type}},
                .memories = {{"X", values}, {"Y", {16}}},
                .numbers = {},
                .tolerance = -1});
  }
}
// NaN gives 0, what is out of range the nearest integer that there is.
TEST(CpuOps, FloatsToIntegersSaturate) {
  for (const char *op : {"fptosi", "fptoui"})
    for (const char *from : {"f32", "f64", "bf16"})
      for (const char *to : {"i8", "i32"}) {
        SCOPED_TRACE(std::string(op) + " " + from + " to " + to);
        Memory values{24, [](int64_t i) {
                        double x[] = {NAN, INFINITY, -INFINITY, 0.75, -0.75, 126.5, 127.5, 128, 255.5, 256, -128.5, -129};
                        return i < 12 ? x[i] : i % 2 ? std::ldexp(-1.25, i) : std::ldexp(1.0, 4 * i - 33);
                      }};
        expectSame({.text = R"(
tile.kernel @k(%X: !tile.ptr<$T>, %Y: !tile.ptr<$U>) level(block) params(["X", "Y"]) access(["read", "write"]) grid { %g = arith.constant 1 : index  tile.grid_yield %g } {
  %vx = tile.view %X sizes [24] strides [1] : !tile.ptr<$T> -> !tile.view<24x$T, [1]>
  %vy = tile.view %Y sizes [24] strides [1] : !tile.ptr<$U> -> !tile.view<24x$U, [1]>
  %x = tile.load %vx[0] : !tile.view<24x$T, [1]> -> tensor<24x$T>
  %y = arith.)" + std::string(op) + R"( %x : tensor<24x$T> to tensor<24x$U>
  tile.store %y, %vy[0] : tensor<24x$U>, !tile.view<24x$U, [1]>
})",
                    .substitutions = {{"T", from}, {"U", to}},
                    .memories = {{"X", values}, {"Y", {24}}},
                    .numbers = {}});
      }
}
TEST(CpuOps, MathFunctions) {
  for (const char *op : {"exp2", "tanh", "erf", "sin", "cos", "expm1", "exp2", "absf"})
    for (const char *type : {"f32", "bf16"})
      run({{2, 17}, {2, 17}, std::string("  %y = math.") + op + " %x : tensor<$Sx$T>", type});
  for (const char *op : {"log2", "rsqrt", "sqrt", "log1p"})
    run({{2, 17}, {2, 17}, std::string("  %a = math.absf %x : tensor<$Sxf32>\n  %y = math.") + op + " %a : tensor<$Sxf32>", "f32", "", "", 1e-4});
  run({{2, 17}, {2, 17}, "  %a = math.absf %x : tensor<$Sxf32>\n  %p = math.powf %a, %w : tensor<$Sxf32>\n  %y = math.copysign %p, %w : tensor<$Sxf32>", "f32", "", "", 1e-4});
}

// -- shapes ------------------------------------------------------------------------------------------------------------

TEST(CpuOps, TransposeSliceReshape) {
  for (const char *type : {"f32", "bf16", "i8", "i1"}) {
    run({{17, 9}, {9, 17}, "  %y = tile.transpose %x [1, 0] : tensor<$Sx$T>", type});
    run({{3, 17, 9}, {9, 3, 17}, "  %y = tile.transpose %x [2, 0, 1] : tensor<$Sx$T>", type});
    run({{17, 9}, {5, 8}, "  %y = tile.slice %x [3, 1] [5, 8] : tensor<$Sx$T> -> tensor<$Rx$T>", type});
    run({{6, 8}, {3, 16}, "  %y = tile.reshape %x : tensor<$Sx$T> -> tensor<$Rx$T>", type});
    run({{6, 8}, {48}, "  %y = tile.reshape %x : tensor<$Sx$T> -> tensor<$Rx$T>", type});
    run({{5, 7}, {7, 5}, "  %y = tile.reshape %x : tensor<$Sx$T> -> tensor<$Rx$T>", type});
    run({{60}, {3, 1, 4, 5}, "  %y = tile.reshape %x : tensor<$Sx$T> -> tensor<$Rx$T>", type});
  }
  run({{6, 8}, {8, 6}, "  %t = tile.transpose %x [1, 0] : tensor<6x8xf32>\n  %f = tile.reshape %t : tensor<8x6xf32> -> tensor<48xf32>\n"
                       "  %g = arith.addf %f, %f : tensor<48xf32>\n  %y = tile.reshape %g : tensor<48xf32> -> tensor<8x6xf32>"});
  run({{1, 9}, {9, 1}, "  %y = tile.transpose %x [1, 0] : tensor<$Sxf32>"});
}
TEST(CpuOps, SplitAndJoin) {
  run({{5, 2, 9}, {9, 2, 5}, R"(  %a, %b = tile.split %x {dims = [1]} : tensor<5x2x9xf32> -> tensor<5x9xf32>, tensor<5x9xf32>
  %sum = arith.addf %a, %b : tensor<5x9xf32>
  %d = arith.subf %a, %b : tensor<5x9xf32>
  %j = tile.join %sum, %d {dims = [1]} : tensor<5x9xf32>, tensor<5x9xf32> -> tensor<5x2x9xf32>
  %y = tile.transpose %j [2, 1, 0] : tensor<5x2x9xf32>)"});
  run({{17, 2, 2}, {2, 17, 2}, R"(  %a, %b, %c, %d = tile.split %x {dims = [1, 2]} : tensor<17x2x2xf32> -> tensor<17xf32>, tensor<17xf32>, tensor<17xf32>, tensor<17xf32>
  %e = arith.mulf %a, %d : tensor<17xf32>
  %y = tile.join %e, %b, %c, %d {dims = [0, 2]} : tensor<17xf32>, tensor<17xf32>, tensor<17xf32>, tensor<17xf32> -> tensor<2x17x2xf32>)"});
}
TEST(CpuOps, IotaSplatBroadcastConstant) {
  for (int64_t c : kColumns)
    run({{3, c}, {3, c}, R"(  %p = tile.iota {dim = 0} : tensor<$Sxi32>
  %q = tile.iota {dim = 1} : tensor<$Sxi32>
  %m = arith.muli %p, %q : tensor<$Sxi32>
  %f = arith.sitofp %m : tensor<$Sxi32> to tensor<$Sxf32>
  %sp = tile.splat %s : f32 -> tensor<$Sxf32>
  %k = arith.constant dense<2.5> : tensor<$Sxf32>
  %u = math.fma %f, %sp, %k : tensor<$Sxf32>
  %y = arith.addf %u, %x : tensor<$Sxf32>)"});
  run({{7}, {3, 7, 5}, "  %a = tile.broadcast %x {at = 1} : tensor<7xf32> -> tensor<7x5xf32>\n  %y = tile.broadcast %a {at = 0} : tensor<7x5xf32> -> tensor<3x7x5xf32>"});
}
TEST(CpuOps, Tables) {
  run({{4, 3}, {4, 3}, "  %t = tile.table @c : tensor<4x3xf32>\n  %y = arith.mulf %x, %t : tensor<4x3xf32>", "f32", "",
       "tile.constant @c : tensor<4x3xf32> = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [-1.0, -2.0, -3.0], [0.5, 0.25, 0.125]]> : tensor<4x3xf32>\n"});
  run({{2, 2}, {2, 2}, "  %t = tile.table @c : tensor<2x2xi1>\n  %y = arith.select %t, %x, %w : tensor<2x2xi1>, tensor<2x2xf32>", "f32", "",
       "tile.constant @c : tensor<2x2xi1> = dense<[[true, false], [false, true]]> : tensor<2x2xi1>\n"});
  run({{2, 2}, {2, 2}, "  %t = tile.table @c : tensor<2x2xbf16>\n  %u = tile.table @c : tensor<2x2xbf16>\n  %v = arith.addf %t, %u : tensor<2x2xbf16>\n"
                       "  %y = arith.addf %x, %v : tensor<2x2xbf16>", "bf16", "",
       "tile.constant @c : tensor<2x2xbf16> = dense<[[1.5, -2.0], [0.0, 7.0]]> : tensor<2x2xbf16>\n"});
}
TEST(CpuOps, Gather) {
  for (int64_t c : {1, 3, 17})
    for (const char *type : {"f32", "bf16", "i8"})
      run({{9, c}, {11, c}, R"(  %vi = tile.view %I sizes [11] strides [1] : !tile.ptr<i32> -> !tile.view<11xi32, [1]>
  %ids = tile.load %vi[0] : !tile.view<11xi32, [1]> -> tensor<11xi32>
  %y = tile.gather %vx[3, 0] by %ids {dim = 0, pad = -2.0} : !tile.view<$Sx$T, [$d]>, tensor<11xi32> -> tensor<$Rx$T>)", type});
  run({{3, 9}, {3, 11}, R"(  %vi = tile.view %I sizes [11] strides [1] : !tile.ptr<i32> -> !tile.view<11xi32, [1]>
  %ids = tile.load %vi[0] : !tile.view<11xi32, [1]> -> tensor<11xi32>
  %y = tile.gather %vx[1, 0] by %ids {dim = 1} : !tile.view<$Sxf32, [$d]>, tensor<11xi32> -> tensor<$Rxf32>)"});
}
TEST(CpuOps, Accumulate) {
  for (const char *type : {"f32", "f64", "i32", "f16", "bf16"})
    run({{5, 9}, {5, 9}, R"(  tile.accumulate %x, %vy[1, -1] : tensor<5x9x$T>, !tile.view<5x9x$T, [9, 1]>
  %y0 = tile.load %vy[0, 0] : !tile.view<5x9x$T, [9, 1]> -> tensor<5x9x$T>
  tile.accumulate %w, %vy[0, 0] : tensor<5x9x$T>, !tile.view<5x9x$T, [9, 1]>
  %y = tile.load %vy[0, 0] : !tile.view<5x9x$T, [9, 1]> -> tensor<5x9x$T>)", type});
}

// -- reductions, scans, recurrences --------------------------------------------------------------------------------------

TEST(CpuOps, Reduce) {
  struct Kinds {
    const char *type;
    std::vector<const char *> kinds;
  };
  for (const Kinds &k : {Kinds{"f32", {"add", "max", "min", "mul"}}, {"bf16", {"add", "max"}}, {"f16", {"add", "min"}}, {"f64", {"add"}}, {"i32", {"add", "max", "min", "mul", "or", "and"}},
                         {"i8", {"add", "max", "and"}}, {"i1", {"or", "and", "max", "min"}}})
    for (const char *kind : k.kinds)
      for (int64_t c : {1, 5, 17, 65}) {
        auto reduce = [&](const char *dims) { return std::string("  %y = tile.reduce %x {dims = [") + dims + "], kind = " + kind + "} : tensor<$Sx$T> -> tensor<$Rx$T>"; };
        run({{3, c}, {3}, reduce("1"), k.type});
        run({{3, c}, {c}, reduce("0"), k.type});
        if (c == 17) {
          run({{3, 4, c}, {4}, reduce("0, 2"), k.type});
          run({{3, 4, c}, {3, c}, reduce("1"), k.type});
          run({{3, 4, c}, {3}, reduce("1, 2"), k.type});
        }
      }
}
TEST(CpuOps, ReducePropagatesNan) {
  Memory values{17 * 3, [](int64_t i) { return i == 20 ? NAN : i; }};
  for (const char *kind : {"max", "min", "add"})
    expectSame({.text = std::string(R"(
tile.kernel @k(%X: !tile.ptr<f32>, %Y: !tile.ptr<f32>) level(block) params(["X", "Y"]) access(["read", "write"]) grid { %g = arith.constant 1 : index  tile.grid_yield %g } {
  %vx = tile.view %X sizes [3, 17] strides [17, 1] : !tile.ptr<f32> -> !tile.view<3x17xf32, [17, 1]>
  %vy = tile.view %Y sizes [3] strides [1] : !tile.ptr<f32> -> !tile.view<3xf32, [1]>
  %x = tile.load %vx[0, 0] : !tile.view<3x17xf32, [17, 1]> -> tensor<3x17xf32>
  %y = tile.reduce %x {dims = [1], kind = )") + kind + R"(} : tensor<3x17xf32> -> tensor<3xf32>
  tile.store %y, %vy[0] : tensor<3xf32>, !tile.view<3xf32, [1]>
})",
                .memories = {{"X", values}, {"Y", {3}}}});
}
TEST(CpuOps, ReduceToRankZero) {
  run({{3, 17}, {1}, "  %a = tile.reduce %x {dims = [0, 1], kind = add} : tensor<3x17xf32> -> tensor<f32>\n  %b = arith.mulf %a, %a : tensor<f32>\n"
                     "  %y = tile.broadcast %b {at = 0} : tensor<f32> -> tensor<1xf32>"});
}
TEST(CpuOps, SoftmaxAndLayernormOfRows) {
  for (int64_t c : kColumns)
    for (const char *type : {"f32", "bf16"})
      run({{5, c}, {5, c}, R"(  %m = tile.reduce %x {dims = [1], kind = max} : tensor<$Sx$T> -> tensor<5x$T>
  %mb = tile.broadcast %m {at = 1} : tensor<5x$T> -> tensor<$Sx$T>
  %d = arith.subf %x, %mb : tensor<$Sx$T>
  %e = math.exp2 %d fastmath<afn> : tensor<$Sx$T>
  %l = tile.reduce %e {dims = [1], kind = add} : tensor<$Sx$T> -> tensor<5x$T>
  %lb = tile.broadcast %l {at = 1} : tensor<5x$T> -> tensor<$Sx$T>
  %p = arith.divf %e, %lb : tensor<$Sx$T>
  %s2 = tile.reduce %p {dims = [0], kind = add} : tensor<$Sx$T> -> tensor<$Cx$T>
  %sb = tile.broadcast %s2 {at = 0} : tensor<$Cx$T> -> tensor<$Sx$T>
  %y = arith.addf %p, %sb : tensor<$Sx$T>)", type, "", "", std::string(type) == "bf16" ? 2e-2 : 2e-5, {{"C", str(c)}}});
}
TEST(CpuOps, Scan) {
  for (const char *reverse : {"", ", reverse"})
    for (const char *dim : {"0", "1"})
      for (const char *type : {"f32", "bf16", "i32"})
        for (const char *kind : {"add", "max"})
          run({{9, 17}, {9, 17}, std::string("  %y = tile.scan %x {dim = ") + dim + ", kind = " + kind + reverse + "} : tensor<$Sx$T> -> tensor<$Sx$T>", type, "", "", 1e-4});
  for (const char *dim : {"0", "1"})
    run({{9, 17}, {9, 17}, std::string("  %e = arith.addf %x, %w : tensor<$Sxf32>\n  %a, %h = tile.scan %e, %w {dim = ") + dim + R"(} : tensor<$Sxf32>, tensor<$Sxf32> -> tensor<$Sxf32>, tensor<$Sxf32>
      combine (%a0: f32, %b0: f32, %a1: f32, %b1: f32) {
    %aa = arith.mulf %a0, %a1 : f32
    %bb = math.fma %a1, %b0, %b1 : f32
    tile.yield %aa, %bb : f32, f32
  }
  %y = arith.addf %a, %h : tensor<$Sxf32>)"});
}
TEST(CpuOps, Recur) {
  for (const char *reverse : {"", ", reverse"})
    for (auto [dim, kept, steps] : {std::tuple<int64_t, int64_t, int64_t>(0, 17, 9), {1, 9, 17}})
      run({{9, 17}, {9, 17}, std::string(R"(  %zero = arith.constant dense<0.5> : tensor<$Kxf32>
  %last, %all = tile.recur %x, %w init(%zero) (%st: tensor<$Kxf32>, %xt: tensor<$Kxf32>, %wt: tensor<$Kxf32>) {
    %half = arith.constant dense<5.0e-01> : tensor<$Kxf32>
    %n0 = math.fma %st, %half, %xt : tensor<$Kxf32>
    %n1 = arith.mulf %n0, %wt : tensor<$Kxf32>
    %old = arith.addf %n1, %st : tensor<$Kxf32>
    tile.yield %n1, %old : tensor<$Kxf32>, tensor<$Kxf32>
  } {dim = )") + str(dim) + reverse + R"(} : tensor<$Sxf32>, tensor<$Sxf32> init(tensor<$Kxf32>) -> tensor<$Kxf32>, tensor<$Sxf32>
  %lb = tile.broadcast %last {at = )" + str(dim) + R"(} : tensor<$Kxf32> -> tensor<$Sxf32>
  %y = arith.addf %all, %lb : tensor<$Sxf32>)",
           "f32", "", "", 2e-5, {{"K", str(kept)}}});
}
/// Rows of states, a sum and a maximum over them, one of them used further; some steps leave the state alone.
TEST(CpuOps, RecurOfStateRows) {
  for (const char *reverse : {"", ", reverse"})
    for (int64_t states : {1, 4, 5, 8, 16, 24, 136})
      for (int64_t steps : {1, 8, 21})
        run({{5 + states, steps}, {5, steps}, std::string(R"(  %rows = tile.slice %x [0, 0] [5, $Q] : tensor<$Sxf32> -> tensor<5x$Qxf32>
  %columns = tile.slice %w [5, 0] [$N, $Q] : tensor<$Sxf32> -> tensor<$Nx$Qxf32>
  %zero = arith.constant dense<0.5> : tensor<5x$Nxf32>
  %two = arith.constant dense<2.0> : tensor<5x$Nxf32>
  %o = arith.constant dense<0.25> : tensor<5x$Qxf32>
  %sure = arith.cmpf olt, %rows, %o : tensor<5x$Qxf32>
  %last, %sums, %tops = tile.recur %rows, %columns, %sure init(%zero) (%st: tensor<5x$Nxf32>, %xt: tensor<5xf32>, %wt: tensor<$Nxf32>, %c: tensor<5xi1>) {
    %half = arith.constant dense<5.0e-01> : tensor<5x$Nxf32>
    %xb = tile.broadcast %xt {at = 1} : tensor<5xf32> -> tensor<5x$Nxf32>
    %wb = tile.broadcast %wt {at = 0} : tensor<$Nxf32> -> tensor<5x$Nxf32>
    %cb = tile.broadcast %c {at = 1} : tensor<5xi1> -> tensor<5x$Nxi1>
    %n0 = math.fma %st, %half, %xb : tensor<5x$Nxf32>
    %n1 = math.fma %two, %wb, %n0 : tensor<5x$Nxf32>
    %n2 = arith.select %cb, %n1, %st : tensor<5x$Nxi1>, tensor<5x$Nxf32>
    %sum = tile.reduce %n2 {dims = [1], kind = add} : tensor<5x$Nxf32> -> tensor<5xf32>
    %top = tile.reduce %n1 {dims = [1], kind = max} : tensor<5x$Nxf32> -> tensor<5xf32>
    %scaled = arith.mulf %top, %xt : tensor<5xf32>
    tile.yield %n2, %sum, %scaled : tensor<5x$Nxf32>, tensor<5xf32>, tensor<5xf32>
  } {dim = 1)") + reverse + R"(} : tensor<5x$Qxf32>, tensor<$Nx$Qxf32>, tensor<5x$Qxi1> init(tensor<5x$Nxf32>) -> tensor<5x$Nxf32>, tensor<5x$Qxf32>, tensor<5x$Qxf32>
  %l0 = tile.reduce %last {dims = [1], kind = add} : tensor<5x$Nxf32> -> tensor<5xf32>
  %l1 = tile.broadcast %l0 {at = 1} : tensor<5xf32> -> tensor<5x$Qxf32>
  %y0 = arith.addf %sums, %tops : tensor<5x$Qxf32>
  %y = arith.addf %y0, %l1 : tensor<5x$Qxf32>)",
             "f32", "", "", 1e-4, {{"N", str(states)}, {"Q", str(steps)}}});
}
TEST(CpuOps, RecurSwapsItsStates) {
  run({{5, 9}, {9}, R"(  %a0 = arith.constant dense<1.0> : tensor<9xf32>
  %b0 = arith.constant dense<2.0> : tensor<9xf32>
  %a, %b = tile.recur %x init(%a0, %b0) (%p: tensor<9xf32>, %q: tensor<9xf32>, %t: tensor<9xf32>) {
    %next = arith.addf %q, %t : tensor<9xf32>
    tile.yield %next, %p : tensor<9xf32>, tensor<9xf32>
  } {dim = 0} : tensor<5x9xf32> init(tensor<9xf32>, tensor<9xf32>) -> tensor<9xf32>, tensor<9xf32>
  %y = arith.subf %a, %b : tensor<9xf32>)"});
}

// -- control flow --------------------------------------------------------------------------------------------------------

TEST(CpuOps, ForCarriesTiles) {
  // The second and third tile swap places, the first is read transposed after it changes, a scalar goes along.
  run({{6, 6}, {6, 6}, R"(  %f1 = arith.constant 1.5 : f32
  %r:4 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %w, %c = %x, %q = %f1) -> (tensor<6x6xf32>, tensor<6x6xf32>, tensor<6x6xf32>, f32) {
    %t = tile.transpose %a [1, 0] : tensor<6x6xf32>
    %u = arith.addf %t, %b : tensor<6x6xf32>
    %m = tile.reduce %a {dims = [1], kind = add} : tensor<6x6xf32> -> tensor<6xf32>
    %mb = tile.broadcast %m {at = 0} : tensor<6xf32> -> tensor<6x6xf32>
    %qs = tile.splat %q : f32 -> tensor<6x6xf32>
    %v0 = arith.mulf %mb, %qs : tensor<6x6xf32>
    %h = arith.constant dense<0.25> : tensor<6x6xf32>
    %v1 = arith.mulf %v0, %h : tensor<6x6xf32>
    %v = arith.subf %u, %v1 : tensor<6x6xf32>
    %q1 = arith.mulf %q, %s : f32
    scf.yield %v, %c, %b, %q1 : tensor<6x6xf32>, tensor<6x6xf32>, tensor<6x6xf32>, f32
  }
  %z = arith.subf %r#0, %r#1 : tensor<6x6xf32>
  %qz = tile.splat %r#3 : f32 -> tensor<6x6xf32>
  %z1 = math.fma %r#2, %qz, %z : tensor<6x6xf32>
  %y = arith.addf %z1, %x : tensor<6x6xf32>)", "f32", "", "", 1e-4});
}
TEST(CpuOps, ForWithoutTrips) {
  run({{3, 9}, {3, 9}, R"(  %r = scf.for %i = %n to %c1 step %c1 iter_args(%a = %x) -> (tensor<3x9xf32>) {
    %b = arith.addf %a, %w : tensor<3x9xf32>
    scf.yield %b : tensor<3x9xf32>
  }
  %y = arith.addf %r, %x : tensor<3x9xf32>)"});
}
TEST(CpuOps, NestedLoopsAndStores) {
  run({{4, 9}, {4, 9}, R"(  %zero = arith.constant dense<0.0> : tensor<4x9xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (tensor<4x9xf32>) {
    %ia = scf.for %j = %c0 to %i step %c1 iter_args(%b = %a) -> (tensor<4x9xf32>) {
      %t = tile.load %vx[%j, %i] {pad = 0.5} : !tile.view<4x9xf32, [9, 1]> -> tensor<4x9xf32>
      %b1 = arith.addf %b, %t : tensor<4x9xf32>
      scf.yield %b1 : tensor<4x9xf32>
    }
    %row = tile.slice %ia [1, 0] [1, 9] : tensor<4x9xf32> -> tensor<1x9xf32>
    tile.store %row, %vy[%i, 0] : tensor<1x9xf32>, !tile.view<4x9xf32, [9, 1]>
    scf.yield %ia : tensor<4x9xf32>
  }
  %o = tile.load %vy[0, 0] : !tile.view<4x9xf32, [9, 1]> -> tensor<4x9xf32>
  %y = arith.addf %r, %o : tensor<4x9xf32>)"});
}
TEST(CpuOps, IfAndWhile) {
  run({{4, 9}, {4, 9}, R"(  %c3 = arith.constant 3 : index
  %q = arith.cmpi slt, %n, %c3 : index
  %r:2 = scf.if %q -> (tensor<4x9xf32>, index) {
    scf.yield %x, %c1 : tensor<4x9xf32>, index
  } else {
    %d = arith.subf %x, %w : tensor<4x9xf32>
    scf.yield %d, %c3 : tensor<4x9xf32>, index
  }
  %p:2 = scf.while (%a = %r#0, %i = %c0) : (tensor<4x9xf32>, index) -> (tensor<4x9xf32>, index) {
    %more = arith.cmpi slt, %i, %r#1 : index
    %b = arith.addf %a, %a : tensor<4x9xf32>
    scf.condition(%more) %b, %i : tensor<4x9xf32>, index
  } do {
  ^bb0(%a: tensor<4x9xf32>, %i: index):
    %i1 = arith.addi %i, %c1 : index
    %b = arith.subf %a, %w : tensor<4x9xf32>
    scf.yield %b, %i1 : tensor<4x9xf32>, index
  }
  scf.if %q {
    tile.store %x, %vy[0, 0] : tensor<4x9xf32>, !tile.view<4x9xf32, [9, 1]>
  }
  %y = arith.addf %p#0, %w : tensor<4x9xf32>)"});
}

// -- dots ----------------------------------------------------------------------------------------------------------------

TEST(CpuOps, Dot) {
  struct Case {
    const char *type, *sum;
  };
  for (auto [type, sum] : {Case{"f32", "f32"}, {"bf16", "f32"}, {"f16", "f32"}, {"f64", "f64"}, {"i8", "i32"}})
    for (auto [m, k] : {std::pair<int64_t, int64_t>(1, 1), {7, 3}, {17, 33}}) {
      std::map<std::string, std::string> names{{"M", str(m)}, {"K", str(k)}, {"A", sum}};
      // x x^T, x^T x, an accumulator, and an operand that is computed.
      run({{m, k}, {m, m}, "  %t = tile.transpose %w [1, 0] : tensor<$Sx$T>\n  %y = tile.dot %x, %t : tensor<$Mx$Kx$T>, tensor<$Kx$Mx$T> -> tensor<$Mx$Mx$A>", type, sum, "", 1e-4, names});
      run({{m, k}, {k, k}, "  %t = tile.transpose %x [1, 0] : tensor<$Sx$T>\n  %d = tile.dot %t, %w : tensor<$Kx$Mx$T>, tensor<$Mx$Kx$T> -> tensor<$Kx$Kx$A>\n"
                           "  %e = tile.dot %t, %x, %d : tensor<$Kx$Mx$T>, tensor<$Mx$Kx$T>, tensor<$Kx$Kx$A> -> tensor<$Kx$Kx$A>\n  %y = tile.dot %t, %x, %e : tensor<$Kx$Mx$T>, "
                           "tensor<$Mx$Kx$T>, tensor<$Kx$Kx$A> -> tensor<$Kx$Kx$A>",
           type, sum, "", 1e-4, names});
    }
}
/// x w w w .., each product in a buffer of its own.
static std::string chain(int products) {
  std::string text = "  %a0 = arith.addf %x, %x : tensor<$Sxf32>\n";
  for (int i = 0; i < products; ++i)
    text += "  %a" + str(i + 1) + " = tile.dot %a" + str(i) + ", %w : tensor<$Sxf32>, tensor<$Sxf32> -> tensor<$Sxf32>\n";
  return text + "  %y = arith.negf %a" + str(products) + " : tensor<$Sxf32>";
}
TEST(CpuOps, BuffersThatAreNotLiveTogetherShareMemory) {
  auto bytes = [](int products) {
    mlir::MLIRContext context;
    loadDialects(context);
    Tiles t{{16, 16}, {16, 16}, chain(products)};
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(context, {.text = ofTiles(t.body), .substitutions = namesOf(t), .memories = {}});
    return Native(*module).scratchBytes("k");
  };
  EXPECT_EQ(bytes(3), bytes(12));
  EXPECT_LE(bytes(12), 4 * 16 * 16 * 4);
  run({{16, 16}, {16, 16}, chain(12), "f32", "", "", 1e-3});
}
// Written in one trip of an outer loop and read in an inner one; what is made before the loops lives on in all trips.
TEST(CpuOps, BuffersLiveThroughLoops) {
  run({{6, 6}, {6, 6}, R"(  %p = tile.dot %x, %w : tensor<6x6xf32>, tensor<6x6xf32> -> tensor<6x6xf32>
  %zero = arith.constant dense<0.0> : tensor<6x6xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (tensor<6x6xf32>) {
    %d = tile.dot %p, %a : tensor<6x6xf32>, tensor<6x6xf32> -> tensor<6x6xf32>
    %q = scf.for %j = %c0 to %n step %c1 iter_args(%b = %d) -> (tensor<6x6xf32>) {
      %e = tile.dot %d, %p : tensor<6x6xf32>, tensor<6x6xf32> -> tensor<6x6xf32>
      %f = arith.subf %e, %b : tensor<6x6xf32>
      scf.yield %f : tensor<6x6xf32>
    }
    %g = arith.addf %q, %x : tensor<6x6xf32>
    scf.yield %g : tensor<6x6xf32>
  }
  %y = arith.addf %r, %p : tensor<6x6xf32>)", "f32", "", "", 1e-3});
}
TEST(CpuOps, ScalarOfATileDecides) {
  run({{4, 9}, {4, 9}, R"(  %total = tile.reduce %x {dims = [0, 1], kind = add} : tensor<4x9xf32> -> tensor<f32>
  %number = tile.scalar %total : tensor<f32> -> f32
  %zero = arith.constant 0.0 : f32
  %q = arith.cmpf olt, %number, %zero : f32
  %y = scf.if %q -> (tensor<4x9xf32>) {
    scf.yield %x : tensor<4x9xf32>
  } else {
    %d = arith.subf %x, %w : tensor<4x9xf32>
    scf.yield %d : tensor<4x9xf32>
  })"});
}
TEST(CpuOps, DotOfComputedAndSlicedOperands) {
  run({{9, 17}, {9, 9}, R"(  %a = arith.addf %x, %w : tensor<9x17xf32>
  %b = arith.truncf %a : tensor<9x17xf32> to tensor<9x17xbf16>
  %c = tile.transpose %b [1, 0] : tensor<9x17xbf16>
  %d = tile.dot %b, %c : tensor<9x17xbf16>, tensor<17x9xbf16> -> tensor<9x9xf32>
  %s1 = tile.slice %x [0, 2] [9, 5] : tensor<9x17xf32> -> tensor<9x5xf32>
  %s2 = tile.slice %a [1, 3] [5, 9] : tensor<9x17xf32> -> tensor<5x9xf32>
  %e = tile.dot %s1, %s2, %d : tensor<9x5xf32>, tensor<5x9xf32>, tensor<9x9xf32> -> tensor<9x9xf32>
  %two = arith.constant dense<2.0> : tensor<9x17xf32>
  %wt = tile.transpose %w [1, 0] : tensor<9x17xf32>
  %g = tile.dot %two, %wt, %e : tensor<9x17xf32>, tensor<17x9xf32>, tensor<9x9xf32> -> tensor<9x9xf32>
  %y = arith.addf %g, %d : tensor<9x9xf32>)", "f32", "", "", 1e-4});
}
TEST(CpuOps, DotWithBatches) {
  run({{3, 5, 7}, {3, 5, 5}, R"(  %t = tile.transpose %w [0, 2, 1] : tensor<3x5x7xf32>
  %d = tile.dot %x, %t : tensor<3x5x7xf32>, tensor<3x7x5xf32> -> tensor<3x5x5xf32>
  %s0 = tile.slice %t [1, 0, 0] [1, 7, 5] : tensor<3x7x5xf32> -> tensor<1x7x5xf32>
  %s1 = tile.reshape %s0 : tensor<1x7x5xf32> -> tensor<7x5xf32>
  %y = tile.dot %x, %s1, %d : tensor<3x5x7xf32>, tensor<7x5xf32>, tensor<3x5x5xf32> -> tensor<3x5x5xf32>)", "f32", "", "", 1e-4});
}
TEST(CpuOps, MatmulRaggedTiles) {
  for (const char *type : {"f32", "bf16"})
    for (auto [m, n, k] : {std::tuple<int64_t, int64_t, int64_t>(1, 5, 9), {33, 17, 40}, {16, 32, 24}})
      expectSame({.text = R"(
!P = !tile.ptr<$T>
!V = !tile.view<?x?x$T, [?, 1]>
tile.kernel @mm(%A: !P, %B: !P, %C: !tile.ptr<f32>, %M: index, %N: index, %K: index) level(block) params(["A", "B", "C", "M", "N", "K"])
    access(["read", "read", "write", "value", "value", "value"]) grid {
      %c16 = arith.constant 16 : index
      %x = arith.ceildivsi %M, %c16 : index
      %y = arith.ceildivsi %N, %c16 : index
      tile.grid_yield %x, %y } {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %va = tile.view %A sizes [%M, %K] strides [%K, 1] : !P -> !V
  %vb = tile.view %B sizes [%K, %N] strides [%N, 1] : !P -> !V
  %vc = tile.view %C sizes [%M, %N] strides [%N, 1] : !tile.ptr<f32> -> !tile.view<?x?xf32, [?, 1]>
  %p = tile.program_id 0
  %q = tile.program_id 1
  %i = arith.muli %p, %c16 : index
  %j = arith.muli %q, %c16 : index
  %z = arith.constant dense<0.0> : tensor<16x16xf32>
  %c = scf.for %k = %c0 to %K step %c8 iter_args(%s = %z) -> (tensor<16x16xf32>) {
    %a = tile.load %va[%i, %k] : !V -> tensor<16x8x$T>
    %b = tile.load %vb[%k, %j] : !V -> tensor<8x16x$T>
    %d = tile.dot %a, %b, %s : tensor<16x8x$T>, tensor<8x16x$T>, tensor<16x16xf32> -> tensor<16x16xf32>
    scf.yield %d : tensor<16x16xf32>
  }
  tile.store %c, %vc[%i, %j] : tensor<16x16xf32>, !tile.view<?x?xf32, [?, 1]>
})",
                  .substitutions = {{"T", type}},
                  .memories = {{"A", {m * k}}, {"B", {k * n}}, {"C", {m * n}}},
                  .numbers = {{"M", m}, {"N", n}, {"K", k}},
                  .programs = (m + 15) / 16 * ((n + 15) / 16),
                  .tolerance = 1e-4});
}

/// Softmax over rows of 64 in tiles of 4 rows.
static const char *softmaxRows() {
  return R"(
!V = !tile.view<?x64xf32, [?, 1]>
!t = tensor<4x64xf32>
tile.kernel @k(%X: !tile.ptr<f32>, %Y: !tile.ptr<f32>, %L: index, %S: index, %T: index) level(block) params(["X", "Y", "L", "S", "T"])
    access(["read", "write", "value", "value", "value"]) grid { tile.grid_yield %T } {
  %c4 = arith.constant 4 : index
  %p = tile.program_id 0
  %i = arith.muli %p, %c4 : index
  %vx = tile.view %X sizes [%L, 64] strides [%S, 1] : !tile.ptr<f32> -> !V
  %vy = tile.view %Y sizes [%L, 64] strides [%S, 1] : !tile.ptr<f32> -> !V
  %x = tile.load %vx[%i, 0] {inbounds = [1]} : !V -> !t
  %m = tile.reduce %x {dims = [1], kind = max} : !t -> tensor<4xf32>
  %mb = tile.broadcast %m {at = 1} : tensor<4xf32> -> !t
  %d = arith.subf %x, %mb : !t
  %e = math.exp2 %d : !t
  %s = tile.reduce %e {dims = [1], kind = add} : !t -> tensor<4xf32>
  %sb = tile.broadcast %s {at = 1} : tensor<4xf32> -> !t
  %y = arith.divf %e, %sb : !t
  tile.store %y, %vy[%i, 0] {inbounds = [1]} : !t, !V
})";
}

TEST(CpuOps, RowsThatGoPastTheCaches) {
  // 16 MiB go past the caches where rows are aligned; only the first rows are there and computed.
  for (auto [rows, stride] : {std::pair<int64_t, int64_t>(65536, 64), {65536, 65}, {65536, 72}, {3, 64}}) {
    SCOPED_TRACE("rows " + str(rows) + ", stride " + str(stride));
    int64_t programs = std::min<int64_t>(5, (rows + 3) / 4);
    expectSame({.text = softmaxRows(),
                .memories = {{"X", {std::min<int64_t>(rows, 20) * stride}}, {"Y", {std::min<int64_t>(rows, 20) * stride}}},
                .numbers = {{"L", rows}, {"S", stride}, {"T", static_cast<double>(programs)}},
                .programs = programs});
  }
}
