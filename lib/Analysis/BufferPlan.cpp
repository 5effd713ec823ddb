// SPDX-License-Identifier: Apache-2.0
#include "seqc/Analysis/BufferPlan.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace seqc {

std::string BufferPlace::str() const { return kind == Output ? "output " + std::to_string(output) : "workspace " + offset.str(); }

llvm::Expected<BufferPlace> BufferPlace::parse(StringRef text) {
  BufferPlace place;
  if (text.consume_front("output ")) {
    place.kind = Output;
    if (text.getAsInteger(10, place.output))
      return llvm::createStringError("expects a number after 'output'");
    return place;
  }
  if (!text.consume_front("workspace "))
    return llvm::createStringError("expects 'output <i>' or 'workspace <offset>'");
  llvm::Expected<Expr> offset = Expr::parse(text);
  if (!offset)
    return offset.takeError();
  place.offset = *offset;
  return place;
}

FailureOr<SmallVector<BufferPlace>> bufferPlaces(tile::LaunchOp launch) {
  auto attr = launch->getAttrOfType<ArrayAttr>(kBuffersAttr);
  if (!attr || attr.size() != launch->getNumResults())
    return launch->emitError("expects one entry in ") << kBuffersAttr << " per result; run plan-buffers before", failure();
  SmallVector<BufferPlace> places;
  for (Attribute a : attr) {
    auto text = dyn_cast<StringAttr>(a);
    if (!text)
      return launch->emitError("expects strings in ") << kBuffersAttr, failure();
    llvm::Expected<BufferPlace> place = BufferPlace::parse(text.getValue());
    if (!place)
      return launch->emitError() << kBuffersAttr << ": " << toString(place.takeError()) << ", but got '" << text.getValue() << "'", failure();
    places.push_back(*place);
  }
  return places;
}

FailureOr<Expr> workspaceBytes(func::FuncOp func) {
  auto text = func->getAttrOfType<StringAttr>(kWorkspaceAttr);
  if (!text)
    return func.emitError("expects ") << kWorkspaceAttr << "; run plan-buffers before", failure();
  llvm::Expected<Expr> e = Expr::parse(text.getValue());
  if (!e)
    return func.emitError() << kWorkspaceAttr << ": " << toString(e.takeError()), failure();
  return *e;
}

Value memoryRoot(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(op))
      break;
    v = op->getOperand(0);
  }
  return v;
}

int64_t elementBytes(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * elementBytes(complex.getElementType());
  return element.isInteger(1) ? 1 : element.getIntOrFloatBitWidth() / 8;
}

namespace {
/// Byte ranges of the workspace and the value that each holds.
class Memory {
public:
  struct Range {
    int64_t begin, end;
    Value value;
  };
  void write(Range r) {
    llvm::erase_if(ranges, [&](const Range &o) { return o.begin < r.end && r.begin < o.end; });
    ranges.push_back(r);
  }
  bool holds(Value v) const {
    return llvm::any_of(ranges, [&](const Range &r) { return r.value == v; });
  }

private:
  SmallVector<Range> ranges;
};

class PlanChecker {
public:
  PlanChecker(func::FuncOp func, const llvm::StringMap<int64_t> &dims) : func(func), dims(dims), shapes(func) {}

  LogicalResult run() {
    FailureOr<Expr> total = workspaceBytes(func);
    if (failed(total) || failed(value(func, *total, workspace)))
      return failure();
    for (Operation &op : func.getBody().front()) {
      if (auto launch = dyn_cast<tile::LaunchOp>(op); launch && failed(run(launch)))
        return failure();
      if (auto ret = dyn_cast<func::ReturnOp>(op))
        return checkReturn(ret);
    }
    return success();
  }

private:
  LogicalResult value(Operation *at, const Expr &e, int64_t &result) {
    llvm::Expected<int64_t> v = e.evaluate(dims);
    if (!v)
      return at->emitError() << toString(v.takeError());
    result = *v;
    return success();
  }

  LogicalResult bytes(Operation *at, Value v, int64_t &result) {
    std::optional<SmallVector<Expr>> sizes = shapes.shape(v);
    if (!sizes)
      return at->emitError("expects sizes in terms of the named dims");
    result = elementBytes(cast<RankedTensorType>(v.getType()).getElementType());
    for (const Expr &e : *sizes) {
      int64_t n;
      if (failed(value(at, e, n)))
        return failure();
      result *= n;
    }
    return success();
  }

  LogicalResult run(tile::LaunchOp launch) {
    FailureOr<SmallVector<BufferPlace>> places = bufferPlaces(launch);
    if (failed(places))
      return failure();
    auto checkReads = [&]() -> LogicalResult {
      for (Value in : launch.getInputs()) {
        Value root = memoryRoot(in);
        if (inWorkspace.contains(root) && !memory.holds(root))
          return launch.emitError("buffer plan: reads a value whose memory was overwritten");
      }
      return success();
    };
    if (failed(checkReads()))
      return failure();
    for (auto [result, place] : llvm::zip_equal(launch->getResults(), *places)) {
      placeOf[result] = place;
      if (place.kind == BufferPlace::Output)
        continue;
      int64_t begin, size;
      if (failed(value(launch, place.offset, begin)) || failed(bytes(launch, result, size)))
        return failure();
      if (begin % 64 != 0 || begin < 0 || begin + size > workspace)
        return launch.emitError("buffer plan: bytes ") << begin << " to " << begin + size << " are not in the workspace of " << workspace << " bytes on a multiple of 64";
      inWorkspace.insert(result);
      if (size > 0)
        memory.write({begin, begin + size, result});
      else
        inWorkspace.erase(result);
    }
    // What a launch writes must touch neither what it reads nor its other results.
    if (failed(checkReads()))
      return failure();
    for (Value result : launch->getResults())
      if (inWorkspace.contains(result) && !memory.holds(result))
        return launch.emitError("buffer plan: two results of one launch share memory");
    return success();
  }

  LogicalResult checkReturn(func::ReturnOp ret) {
    for (auto [i, v] : llvm::enumerate(ret.getOperands())) {
      auto it = placeOf.find(memoryRoot(v));
      if (it == placeOf.end() || it->second.kind != BufferPlace::Output || it->second.output != i)
        return ret.emitError("buffer plan: result ") << i << " is not in its output";
    }
    return success();
  }

  func::FuncOp func;
  const llvm::StringMap<int64_t> &dims;
  ShapeExprs shapes;
  Memory memory;
  int64_t workspace = 0;
  llvm::DenseSet<Value> inWorkspace;
  llvm::DenseMap<Value, BufferPlace> placeOf;
};
} // namespace

LogicalResult checkBufferPlan(func::FuncOp func, const llvm::StringMap<int64_t> &dims) { return PlanChecker(func, dims).run(); }

} // namespace seqc
