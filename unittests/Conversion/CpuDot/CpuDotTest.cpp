// SPDX-License-Identifier: Apache-2.0
// emitCpuDot against products in double: shapes, element types, strides, bounds, and what must stay untouched.
#include "CpuJit.h"
#include "lib/Conversion/TileToCpu/EmitDot.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;
using namespace seqc;

namespace {

enum class Elem { f32, f16, bf16, i8, f64, i32 };
enum class Order { rows, columns, strided }; // unit stride along the second index, the first, none

struct Case {
  int64_t m, n, k;
  Elem a = Elem::f32, b = Elem::f32, acc = Elem::f32;
  Order orderA = Order::rows, orderB = Order::rows;
  bool zeroInit = false, dynamicStrides = false, bounded = false;
};

Type typeOf(Elem elem, MLIRContext *context) {
  Builder b(context);
  switch (elem) {
  case Elem::f32:
    return b.getF32Type();
  case Elem::f16:
    return b.getF16Type();
  case Elem::bf16:
    return b.getBF16Type();
  case Elem::f64:
    return b.getF64Type();
  case Elem::i8:
    return b.getIntegerType(8);
  case Elem::i32:
    return b.getI32Type();
  }
  return {};
}

int64_t bytesOf(Elem elem) {
  static const int64_t bytes[] = {4, 2, 2, 1, 8, 4};
  return bytes[static_cast<int>(elem)];
}

/// Writes `value` rounded to `elem`, returns what was written.
double put(char *to, Elem elem, double value) {
  auto store = [&](auto x) { std::memcpy(to, &x, sizeof x); };
  switch (elem) {
  case Elem::f32:
    return store(float(value)), double(float(value));
  case Elem::f64:
    return store(value), value;
  case Elem::i8:
    return store(int8_t(std::lrint(value * 40))), double(int8_t(std::lrint(value * 40)));
  case Elem::i32:
    return store(int32_t(std::lrint(value * 40))), double(int32_t(std::lrint(value * 40)));
  default:
    break;
  }
  llvm::APFloat rounded(value);
  bool lossy;
  rounded.convert(elem == Elem::f16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  store(uint16_t(rounded.bitcastToAPInt().getZExtValue()));
  return rounded.convertToDouble();
}

double get(const char *from, Elem elem) {
  auto fetch = [&](auto x) { return std::memcpy(&x, from, sizeof x), double(x); };
  return elem == Elem::f32 ? fetch(float()) : elem == Elem::f64 ? fetch(double()) : fetch(int32_t());
}

/// Memory that faults when touched right before (`atStart`) or right behind it.
class Fenced {
public:
  Fenced(int64_t bytes, bool atStart) {
    int64_t page = sysconf(_SC_PAGESIZE), body = (bytes + page - 1) / page * page;
    size = body + 2 * page;
    map = static_cast<char *>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(map, page, PROT_NONE);
    mprotect(map + page + body, page, PROT_NONE);
    data = atStart ? map + page : map + page + body - bytes;
  }
  ~Fenced() { munmap(map, size); }
  char *data;

private:
  char *map;
  int64_t size;
};

struct Strides {
  int64_t row, col, elements;
};

Strides stridesOf(Order order, int64_t rows, int64_t cols) {
  if (order == Order::rows)
    return {cols + 3, 1, std::max<int64_t>(0, (rows - 1) * (cols + 3) + cols)};
  if (order == Order::columns)
    return {1, rows + 5, std::max<int64_t>(0, (cols - 1) * (rows + 5) + rows)};
  return {2 * cols + 1, 2, std::max<int64_t>(0, (rows - 1) * (2 * cols + 1) + 2 * (cols - 1) + 1)};
}

// Arguments: a, b, c, scratch; strides aRow aCol bRow bCol cRow; mValid nValid kValid.
void emit(OpBuilder &b, ValueRange args, const Case &c, const CpuTarget &target, int64_t *scratchBytes) {
  Strides a = stridesOf(c.orderA, c.m, c.k), bb = stridesOf(c.orderB, c.k, c.n);
  int64_t numbers[] = {a.row, a.col, bb.row, bb.col, c.n + 7};
  SmallVector<OpFoldResult> strides;
  for (int i = 0; i < 5; ++i)
    strides.push_back(c.dynamicStrides && numbers[i] != 1 ? OpFoldResult(args[4 + i]) : OpFoldResult(b.getIndexAttr(numbers[i])));
  CpuDot dot;
  dot.a = args[0], dot.b = args[1], dot.c = args[2], dot.scratch = args[3];
  dot.m = c.m, dot.n = c.n, dot.k = c.k;
  dot.aRow = strides[0], dot.aCol = strides[1], dot.bRow = strides[2], dot.bCol = strides[3], dot.cRow = strides[4];
  dot.aType = typeOf(c.a, b.getContext()), dot.bType = typeOf(c.b, b.getContext()), dot.accType = typeOf(c.acc, b.getContext());
  dot.zeroInit = c.zeroInit;
  if (c.bounded)
    dot.mValid = args[9], dot.nValid = args[10], dot.kValid = args[11];
  *scratchBytes = cpuDotScratchBytes(dot, target);
  emitCpuDot(b, b.getUnknownLoc(), dot, target);
}

using Kernel = void (*)(void *, void *, void *, void *, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);

std::string describe(const Case &c, int64_t m, int64_t n, int64_t k) {
  static const char *elems[] = {"f32", "f16", "bf16", "i8", "f64", "i32"}, *orders[] = {"rows", "columns", "strided"};
  return llvm::formatv("m{0} n{1} k{2} of {3}x{4}x{5} {6}x{7}->{8} A {9} B {10}{11}{12}", m, n, k, c.m, c.n, c.k, elems[int(c.a)], elems[int(c.b)],
                       elems[int(c.acc)], orders[int(c.orderA)], orders[int(c.orderB)], c.zeroInit ? " zero" : "",
                       c.dynamicStrides ? " dynamic strides" : "");
}

constexpr double kUntouched = 77;

/// Runs the kernel on m, n, k of the case's block and returns the largest error in units of its bound; > 1 is a failure,
/// infinity when something outside C was written.
double runOne(Kernel kernel, const Case &c, int64_t m, int64_t n, int64_t k, int64_t scratchBytes, bool atStart, std::mt19937 &random) {
  std::normal_distribution<double> normal;
  Strides a = stridesOf(c.orderA, c.m, c.k), b = stridesOf(c.orderB, c.k, c.n);
  // Only what bounds allow exists: fences stand right behind the last valid element.
  auto extent = [](Strides s, int64_t rows, int64_t cols) { return rows && cols ? (rows - 1) * s.row + (cols - 1) * s.col + 1 : 0; };
  Fenced memA(extent(a, m, k) * bytesOf(c.a), atStart), memB(extent(b, k, n) * bytesOf(c.b), atStart);
  int64_t cRow = c.n + 7, guard = 64, accBytes = bytesOf(c.acc);
  std::vector<char> memC((c.m * cRow + 2 * guard) * accBytes);
  Fenced scratch((scratchBytes + 63) / 64 * 64, false);
  std::vector<double> valA(m * k), valB(k * n), valC(m * n);
  for (int64_t i = 0; i < m * k; ++i)
    valA[i] = put(memA.data + (i / k * a.row + i % k * a.col) * bytesOf(c.a), c.a, normal(random));
  for (int64_t i = 0; i < k * n; ++i)
    valB[i] = put(memB.data + (i / n * b.row + i % n * b.col) * bytesOf(c.b), c.b, normal(random));
  for (size_t i = 0; i * accBytes < memC.size(); ++i)
    put(&memC[i * accBytes], c.acc, kUntouched);
  for (int64_t i = 0; i < m * n; ++i)
    valC[i] = put(&memC[(guard + i / n * cRow + i % n) * accBytes], c.acc, c.zeroInit ? NAN : normal(random));
  kernel(memA.data, memB.data, &memC[guard * accBytes], scratch.data, a.row, a.col, b.row, b.col, cRow, m, n, k);
  double worst = 0, untouched = c.acc == Elem::i32 ? std::lrint(kUntouched * 40) : kUntouched, ulp = c.acc == Elem::f64 ? 0x1p-53 : 0x1p-24;
  for (int64_t i = 0; i < int64_t(memC.size()) / accBytes; ++i) {
    double value = get(&memC[i * accBytes], c.acc);
    int64_t row = (i - guard) / cRow, col = (i - guard) % cRow;
    if (i < guard || row >= m || col >= n) {
      if (value != untouched)
        return INFINITY;
      continue;
    }
    double exact = c.zeroInit ? 0 : valC[row * n + col], magnitude = std::abs(exact);
    for (int64_t kk = 0; kk < k; ++kk) {
      exact += valA[row * k + kk] * valB[kk * n + col];
      magnitude += std::abs(valA[row * k + kk] * valB[kk * n + col]);
    }
    double bound = (k + 2) * ulp * magnitude + 1e-300, error = std::abs(value - exact) / bound;
    worst = std::max(worst, std::isnan(error) ? INFINITY : error);
  }
  return worst;
}

/// Compiles all cases into one module and runs each; bounded ones on several triples of bounds.
void check(ArrayRef<Case> cases, unsigned vectorBits = 256) {
  CpuTarget target = llvm::cantFail(CpuTarget::get("x86-64-v3"));
  target.vectorBits = vectorBits;
  CpuJit jit;
  std::vector<int64_t> scratch(cases.size());
  for (auto [i, c] : llvm::enumerate(cases))
    jit.addFunction("dot" + std::to_string(i), 4, 8, [&, i = i](OpBuilder &b, ValueRange args) { emit(b, args, cases[i], target, &scratch[i]); });
  ASSERT_TRUE(jit.compile(target));
  std::mt19937 random(1);
  for (auto [i, c] : llvm::enumerate(cases)) {
    auto kernel = reinterpret_cast<Kernel>(jit.lookup("dot" + std::to_string(i)));
    auto upTo = [&](int64_t limit) { return std::uniform_int_distribution<int64_t>(0, limit)(random); };
    for (int trial = 0; trial < (c.bounded ? 40 : 2); ++trial) {
      int64_t m = c.m, n = c.n, k = c.k;
      if (c.bounded && trial > 1)
        m = upTo(m), n = upTo(n), k = upTo(k);
      double worst = runOne(kernel, c, m, n, k, scratch[i], trial % 2, random);
      EXPECT_LE(worst, 1) << describe(c, m, n, k);
    }
  }
}

TEST(CpuDot, ShapesAroundTheMicroTile) {
  std::vector<Case> cases;
  for (int64_t m : {1, 2, 3, 4, 5, 6, 7, 11, 12, 13})
    for (int64_t n : {1, 8, 15, 16, 17, 33})
      cases.push_back({m, n, (m * 7 + n * 3) % 19 + 1});
  check(cases);
}

TEST(CpuDot, PrimesPowersOfTwoAndSeveralBlocksOfK) {
  check({{64, 64, 64}, {65, 63, 65}, {31, 37, 41}, {128, 64, 127}, {33, 128, 300}, {7, 19, 521}, {64, 16, 512}, {1, 64, 300}, {2, 50, 257}});
}

TEST(CpuDot, EveryOrderOfOperands) {
  std::vector<Case> cases;
  for (Order a : {Order::rows, Order::columns, Order::strided})
    for (Order b : {Order::rows, Order::columns, Order::strided})
      for (bool dynamic : {false, true}) {
        Case c{29, 43, 37};
        c.orderA = a, c.orderB = b, c.dynamicStrides = dynamic;
        cases.push_back(c);
      }
  check(cases);
}

TEST(CpuDot, ElementTypes) {
  std::vector<Case> cases;
  struct Types {
    Elem a, b, acc;
  };
  for (Types t : {Types{Elem::f16, Elem::f16, Elem::f32},
                  {Elem::bf16, Elem::bf16, Elem::f32},
                  {Elem::f32, Elem::bf16, Elem::f32},
                  {Elem::f16, Elem::f32, Elem::f32},
                  {Elem::i8, Elem::i8, Elem::i32},
                  {Elem::f64, Elem::f64, Elem::f64}})
    for (Order b : {Order::rows, Order::columns})
      for (int64_t m : {2, 21}) {
        Case c{m, 27, 16, t.a, t.b, t.acc};
        c.orderB = b;
        cases.push_back(c);
        c.orderA = Order::columns, c.k = 35, c.zeroInit = true;
        cases.push_back(c);
        c.n = 32;
        cases.push_back(c);
      }
  check(cases);
}

TEST(CpuDot, BoundsAtRunTime) {
  std::vector<Case> cases;
  for (int64_t m : {1, 33})
    for (Order b : {Order::rows, Order::columns})
      for (Elem e : {Elem::f32, Elem::bf16})
        for (bool zero : {false, true}) {
          Case c{m, 33, 40, e, e, Elem::f32};
          c.orderB = b, c.bounded = true, c.zeroInit = zero;
          cases.push_back(c);
        }
  Case deep{13, 20, 600};
  deep.bounded = true, deep.zeroInit = true;
  cases.push_back(deep);
  deep.dynamicStrides = true, deep.orderA = Order::columns;
  cases.push_back(deep);
  check(cases);
}

TEST(CpuDot, ZeroSizes) {
  std::vector<Case> cases = {{0, 5, 5}, {5, 0, 5}, {5, 5, 0}};
  Case c{5, 5, 0};
  c.zeroInit = true;
  cases.push_back(c);
  check(cases);
}

TEST(CpuDot, FewRowsOfContiguousK) {
  std::vector<Case> cases;
  for (int64_t m : {1, 2, 4})
    for (int64_t n : {1, 8, 13, 64})
      for (Elem e : {Elem::f32, Elem::f16}) {
        Case c{m, n, 64, e, e, Elem::f32};
        c.orderB = Order::columns;
        cases.push_back(c);
      }
  check(cases);
}

TEST(CpuDot, PlanForLongVectors) {
  // The code of a 512-bit target, with each vector split in two by LLVM so that it runs anywhere.
  std::vector<Case> cases = {{64, 64, 64}, {37, 50, 19}, {1, 100, 30}, {15, 16, 8}, {29, 7, 300}};
  Case c{29, 70, 40};
  c.orderB = Order::columns, c.bounded = true;
  cases.push_back(c);
  c.a = c.b = Elem::bf16, c.orderA = Order::columns;
  cases.push_back(c);
  c = {20, 40, 40, Elem::f64, Elem::f64, Elem::f64};
  c.orderB = Order::columns, c.dynamicStrides = true;
  cases.push_back(c);
  c = {2, 40, 32};
  c.orderB = Order::columns;
  cases.push_back(c);
  check(cases, 512);
}

TEST(CpuDot, RandomCases) {
  // SEQC_DOT_CASES=n SEQC_DOT_SEED=s runs more of them.
  auto setting = [](const char *name, int otherwise) { return std::getenv(name) ? std::atoi(std::getenv(name)) : otherwise; };
  std::mt19937 random(setting("SEQC_DOT_SEED", 7));
  auto pick = [&](int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random); };
  std::vector<Case> cases;
  for (int i = 0; i < setting("SEQC_DOT_CASES", 12); ++i) {
    Case c{pick(1, pick(0, 3) ? 8 : 70), pick(1, pick(0, 1) ? 20 : 80), pick(1, pick(0, 3) ? 40 : 700)};
    static const Elem small[] = {Elem::f32, Elem::f16, Elem::bf16};
    c.a = small[pick(0, 2)], c.b = small[pick(0, 2)];
    c.orderA = Order(pick(0, 2)), c.orderB = Order(pick(0, 2));
    c.zeroInit = pick(0, 1), c.dynamicStrides = pick(0, 1), c.bounded = pick(0, 1);
    cases.push_back(c);
  }
  check(cases, pick(0, 1) ? 256 : 512);
}

TEST(CpuDot, TheComparisonSeesAWrongResult) {
  // A kernel that forgets the last step of k must fail the check.
  CpuTarget target = llvm::cantFail(CpuTarget::get("x86-64-v3"));
  CpuJit jit;
  Case whole{9, 17, 12}, shorter{9, 17, 12};
  shorter.bounded = true;
  int64_t scratch = 0;
  jit.addFunction("dot", 4, 8, [&](OpBuilder &b, ValueRange args) { emit(b, args, shorter, target, &scratch); });
  ASSERT_TRUE(jit.compile(target));
  auto kernel = reinterpret_cast<Kernel>(jit.lookup("dot"));
  static Kernel inner;
  inner = kernel;
  Kernel wrong = [](void *a, void *b, void *c, void *s, int64_t ar, int64_t ac, int64_t br, int64_t bc, int64_t cr, int64_t m, int64_t n, int64_t k) {
    inner(a, b, c, s, ar, ac, br, bc, cr, m, n, k - 1);
  };
  std::mt19937 random(2);
  EXPECT_LE(runOne(kernel, whole, 9, 17, 12, scratch, false, random), 1);
  EXPECT_GT(runOne(wrong, whole, 9, 17, 12, scratch, false, random), 1);
}

TEST(CpuDot, CompilesForAvx512) {
  CpuTarget target = llvm::cantFail(CpuTarget::get("skylake-avx512"));
  EXPECT_EQ(target.vectorBits, 512u);
  CpuJit jit;
  int64_t scratch = 0;
  Case c{64, 64, 64};
  jit.addFunction("dot", 4, 8, [&](OpBuilder &b, ValueRange args) { emit(b, args, c, target, &scratch); });
  std::string text = jit.assembly(target);
  EXPECT_NE(text.find("zmm30"), std::string::npos) << "expects 28 accumulators in registers";
}

TEST(CpuTarget, Names) {
  EXPECT_EQ(llvm::cantFail(CpuTarget::get("x86-64-v3")).vectorBits, 256u);
  EXPECT_EQ(llvm::cantFail(CpuTarget::get("x86-64-v4")).vectorBits, 512u);
  EXPECT_EQ(llvm::toString(CpuTarget::get("x86-64").takeError()), "expects target CPU with AVX2, FMA and F16C, but got 'x86-64' without avx2");
  EXPECT_EQ(llvm::toString(CpuTarget::get("vax").takeError()),
            "expects target CPU to be 'native' or an x86-64 processor name known to LLVM, but got 'vax'");
}

} // namespace
