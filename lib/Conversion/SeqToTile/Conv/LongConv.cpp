// SPDX-License-Identifier: Apache-2.0
#include "Conv.h"
#include "Frame.h"
#include "LongConvProgram.h"
#include "../Common/OpKinds.h"
#include "seqc/Support/Diagnostics.h"

using namespace mlir;

namespace seqc::convert {

namespace {
enum Form : int64_t { kTaps = 0, kToeplitz = 1, kMonarch = 2 };
constexpr int64_t kFewTaps = 24; ///< up to so many, products would mostly multiply zeros

seq::LongConvOp anchorOf(const GroupInfo &info) { return cast<seq::LongConvOp>(info.anchor()); }

int64_t staticSize(Value v, int64_t d) { return cast<RankedTensorType>(v.getType()).getDimSize(d); }

/// Blocks of several channels need one kernel row per channel.
bool hasRowPerChannel(seq::LongConvOp op) {
  return staticSize(op.getK(), 0) == staticSize(op.getU(), 1) && !ShapedType::isDynamic(staticSize(op.getK(), 0));
}

/// Few taps, or few times.
bool isShort(seq::LongConvOp op) {
  auto few = [](int64_t n) { return !ShapedType::isDynamic(n) && n <= kFewTaps; };
  return few(staticSize(op.getU(), 2)) || (few(staticSize(op.getK(), 1)) && (!op.getKRev() || few(staticSize(op.getKRev(), 1))));
}

Config tapsConfig(const GroupInfo &info, Target target, int64_t elements, int64_t times) {
  ConvAxes axes(info);
  Config c;
  bool gpu = target == Target::Gpu;
  int64_t bl = gpu ? gpuTileExtent(axes.size(2), times) : tileExtent(axes.size(2), times);
  int64_t limit = hasRowPerChannel(anchorOf(info)) ? std::max<int64_t>(elements / bl, 1) : 1;
  int64_t bd = gpu ? gpuTileExtent(axes.size(1), llvm::bit_floor(uint64_t(limit))) : tileExtent(axes.size(1), limit);
  c.set("form", kTaps);
  c.set("bd", bd);
  c.set("bl", bl);
  if (gpu)
    c.set("warps", gpuWarps(bd * bl));
  return c;
}

constexpr int64_t kRowTimes = 32, kRows = 32; ///< of a block of the Toeplitz form

/// Rows of `n` of the `times`, `rows` of them at most.
Config toeplitzConfig(const Expr &times, Target target, int64_t n, int64_t rows) {
  Config c;
  if (times.isConst())
    rows = std::clamp<int64_t>(llvm::PowerOf2Ceil(llvm::divideCeil(std::max<int64_t>(times.value(), 1), n)), target == Target::Gpu ? 16 : 1, rows);
  c.set("form", kToeplitz);
  c.set("bd", 1);
  c.set("bl", rows * n);
  c.set("n", n);
  if (target == Target::Gpu)
    c.set("warps", 4);
  return c;
}

//===-- Monarch form: lengths known, one program a sequence ---------------------------===//

constexpr double kPointwiseCost = 60, kFactorCost = 40; ///< of twiddles and spectra, in operations of a product
constexpr double kSpectrumShare = 1.25;                 ///< the spectrum of a kernel row is made once for all batches
constexpr int64_t kRadices[] = {8, 16, 24, 32, 40, 48, 56, 64};

/// Tensor cores take 16-bit factors: f16 is 8 times as precise as bf16, and scaled sequences fit its range.
Type factorType(Type element, Target target) {
  bool narrow = target == Target::Gpu && element.getIntOrFloatBitWidth() == 16;
  return narrow ? Float16Type::get(element.getContext()) : seq::accumulationType(element);
}

double costOf(const Radices &r) { return static_cast<double>(r.points()) * (r.cost() + kPointwiseCost + kFactorCost * (r.factors() - 2)); }

/// The cheapest chain of at least `length` points; none if no program holds a sequence of that length.
std::optional<Radices> chooseRadices(int64_t length, Target target) {
  bool gpu = target == Target::Gpu;
  int64_t limit = gpu ? 4096 : 65536;
  std::optional<Radices> best;
  auto consider = [&](const Radices &r) {
    bool fits = r.last >= 16 && r.points() >= length && r.points() <= limit;
    for (int64_t radix : {r.first, r.middle[0], r.middle[1]}) // GPU: fragments of 16
      fits = fits && (!gpu || radix == 1 || radix >= 16);
    if (fits && (!gpu || llvm::isPowerOf2_64(r.points())) && (!best || costOf(r) < costOf(*best)))
      best = r;
  };
  for (int64_t first : kRadices)
    for (int64_t last : kRadices) {
      consider({first, {1, 1}, last});
      for (int64_t middle : kRadices) {
        consider({first, {middle, 1}, last});
        for (int64_t second : kRadices)
          consider({first, {middle, second}, last});
      }
    }
  return best;
}

/// Operations of the products of the Toeplitz form per sequence.
double toeplitzCost(seq::LongConvOp op, int64_t length, int64_t n) {
  auto taps = [&](Value kernel) {
    int64_t size = staticSize(kernel, 1);
    return ShapedType::isDynamic(size) ? length : std::min(size, length);
  };
  double l = static_cast<double>(length), pairs = 0;
  if (op.getMode() == "circular")
    pairs = l * l;
  else
    for (Value kernel : {op.getK(), op.getKRev()})
      if (kernel)
        pairs += static_cast<double>(taps(kernel)) * (l - static_cast<double>(taps(kernel)) / 2);
  return 2 * (pairs + l * static_cast<double>(n));
}

Radices radicesOf(const Config &c) { return {c.get("n1"), {c.get("n2"), c.get("n3")}, c.get("n4")}; }

std::optional<Config> monarchConfig(const GroupInfo &info, Target target) {
  seq::LongConvOp op = anchorOf(info);
  int64_t length = staticSize(op.getU(), 2);
  if (ShapedType::isDynamic(length) || length < 2 || ConvAxes(info).of(2).size() != 1)
    return std::nullopt;
  std::optional<Radices> r = chooseRadices(length, target);
  if (!r)
    return std::nullopt;
  Config c;
  c.set("form", kMonarch);
  c.set("bd", 1);
  c.set("bl", r->points());
  c.set("n1", r->first);
  c.set("n2", r->middle[0]);
  c.set("n3", r->middle[1]);
  c.set("n4", r->last);
  if (target == Target::Gpu)
    c.set("warps", r->points() > 1024 ? 8 : 4);
  return c;
}
/// tail_out, by taps or by products as the number of taps says.
FailureOr<Value> emitTail(OpBuilder &host, seq::LongConvOp op, const LongConvSizes &sizes, StringRef dtype, const GroupInfo &info,
                          SchemeContext &context) {
  int64_t taps = staticSize(op.getK(), 1);
  bool few = !ShapedType::isDynamic(taps) && taps <= kFewTaps;
  FailureOr<LagTable> table = LagTable();
  Type element = cast<RankedTensorType>(op.getU().getType()).getElementType();
  if (!few && failed(table = emitLagTable(host, op, sizes, kRowTimes, seq::accumulationType(element), context, /*forTail=*/true)))
    return failure();
  KernelBuilder kernel(context.library, op.getLoc(), "long_conv_tail", context.shapes);
  Config c = few ? tapsConfig(info, context.target, 2048, 512) : toeplitzConfig(sizes.lk, context.target, kRowTimes, kRows);
  for (const auto &[name, value] : c.values)
    kernel.setConfig(name, value);
  return emitSideResult(host, kernel, op.getTailOut(), dtype, c.get("bd"), c.get("bl"), [&](const ConvBlock &block) {
    return few ? emitLongConvTail(kernel, op, sizes, block) : emitLongConvTailToeplitz(kernel, op, sizes, *table, block);
  });
}
} // namespace

SmallVector<Config> longConvCandidates(const GroupInfo &info, Target target) {
  bool gpu = target == Target::Gpu;
  Config taps = gpu ? tapsConfig(info, target, 2048, 512) : tapsConfig(info, target, 2048, 1024);
  ConvAxes axes(info);
  Config products = toeplitzConfig(axes.size(2), target, kRowTimes, kRows);
  if (!axes.inner(2)) // one time
    return {taps};
  std::optional<Config> monarch = monarchConfig(info, target);
  if (isShort(anchorOf(info)))
    return {taps, products};
  if (!monarch)
    return {products, taps};
  Radices r = radicesOf(*monarch);
  bool isCheaper = kSpectrumShare * costOf(r) < toeplitzCost(anchorOf(info), staticSize(anchorOf(info).getU(), 2), products.get("n"));
  return isCheaper ? SmallVector<Config>{*monarch, products} : SmallVector<Config>{products, *monarch};
}

FailureOr<SmallVector<Value>> emitLongConv(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config, SchemeContext &context) {
  seq::LongConvOp op = anchorOf(info);
  FailureOr<LongConvSizes> sizes = LongConvSizes::get(op, context.shapes);
  if (failed(sizes))
    return unsupported(op.emitOpError("expects sizes that are expressions over the named dims"));
  std::string dtype = dtypeName(cast<RankedTensorType>(op.getU().getType()).getElementType());
  llvm::DenseMap<Value, Value> done;
  SmallVector<Value> results;
  llvm::copy_if(info.outputs(), std::back_inserter(results), [](Value v) { return !isSideResult(v); });
  if (!results.empty()) {
    int64_t form = config.get("form");
    Type element = cast<RankedTensorType>(op.getU().getType()).getElementType();
    FailureOr<LagTable> table = LagTable();
    if (form == kToeplitz && failed(table = emitLagTable(host, op, *sizes, config.get("n"), element, context)))
      return failure();
    FailureOr<Spectrum> spectrum = Spectrum();
    if (form == kMonarch && failed(spectrum = emitSpectrum(host, op, *sizes, radicesOf(config), factorType(element, context.target), context)))
      return failure();
    KernelBuilder kernel(context.library, group.getLoc(), "long_conv", context.shapes);
    for (const auto &[name, value] : config.values)
      kernel.setConfig(name, value);
    ConvFrame frame(kernel, info);
    ConvBlock block = frame.start(config.get("bd"), config.get("bl"));
    FailureOr<Value> y = form == kToeplitz  ? emitLongConvToeplitz(kernel, op, *sizes, *table, block)
                         : form == kMonarch ? emitLongConvMonarch(host, kernel, op, *sizes, *spectrum, block)
                                            : emitLongConvTaps(kernel, op, *sizes, block);
    if (failed(y) || failed(frame.finish(*y)))
      return failure();
    for (auto [v, value] : llvm::zip_equal(results, kernel.launch(host, dtype, results)))
      done[v] = value;
  }
  if (op.hasTailOut() && llvm::is_contained(info.outputs(), op.getTailOut())) {
    FailureOr<Value> tail = emitTail(host, op, *sizes, dtype, info, context);
    if (failed(tail))
      return failure();
    done[op.getTailOut()] = *tail;
  }
  return llvm::map_to_vector(info.outputs(), [&](Value v) { return done.lookup(v); });
}

} // namespace seqc::convert
