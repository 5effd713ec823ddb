// SPDX-License-Identifier: Apache-2.0
// Views, loads and stores. A view's sizes decide between element and pad; the memory of the pointer decides whether an access is
// legal at all.
#include "TileExecutor.h"
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

static std::string listed(ArrayRef<int64_t> xs) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(xs, os);
  os << ']';
  return text;
}

Error TileExecutor::view(Operation *op) {
  auto v = cast<tile::ViewOp>(op);
  ViewValue value{std::get<Tensor *>(datum(v.getPtr())), 0, mixed(v.getStaticSizes(), v.getSizes()), mixed(v.getStaticStrides(), v.getStrides())};
  if (llvm::any_of(value.shape, [](int64_t n) { return n < 0; }))
    return errorAt(op, "expects sizes >= 0, but got " + listed(value.shape));
  bind(op->getResult(0), value);
  return Error::success();
}

Error TileExecutor::subview(Operation *op) {
  auto s = cast<tile::SubviewOp>(op);
  const auto &source = std::get<ViewValue>(datum(s.getView()));
  SmallVector<int64_t> offsets = mixed(s.getStaticOffsets(), s.getOffsets()), sizes = mixed(s.getStaticSizes(), s.getSizes());
  SmallVector<bool> dropped = s.droppedDims();
  ViewValue value{source.memory, source.base, {}, {}};
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] < 0 || sizes[i] < 0 || offsets[i] + sizes[i] > source.shape[i])
      return errorAt(op, "expects offsets " + listed(offsets) + " and sizes " + listed(sizes) + " inside the bounds " + listed(source.shape));
    value.base += offsets[i] * source.strides[i];
    if (dropped[i])
      continue;
    value.shape.push_back(sizes[i]);
    value.strides.push_back(source.strides[i]);
  }
  bind(op->getResult(0), value);
  return Error::success();
}

static bool inside(const ViewValue &v, ArrayRef<int64_t> at) {
  for (size_t i = 0; i < at.size(); ++i)
    if (at[i] < 0 || at[i] >= v.shape[i])
      return false;
  return true;
}

Expected<double *> TileExecutor::address(Operation *op, const ViewValue &v, ArrayRef<int64_t> at) {
  int64_t offset = v.base;
  for (size_t i = 0; i < at.size(); ++i)
    offset += at[i] * v.strides[i];
  if (offset < 0 || offset >= static_cast<int64_t>(v.memory->data.size()))
    return errorAt(op, "accesses element " + Twine(offset) + " of a memory of " + Twine(v.memory->data.size()) + " elements, at coordinate " + listed(at));
  return &v.memory->data[offset];
}

Expected<double> TileExecutor::read(Operation *op, const ViewValue &v, ArrayRef<int64_t> at, std::optional<double> pad) {
  if (!inside(v, at)) {
    if (pad)
      return rounding(v.memory->dtype, *pad);
    return errorAt(op, "expects a coordinate inside the bounds " + listed(v.shape) + ", but got " + listed(at));
  }
  Expected<double *> p = address(op, v, at);
  if (!p)
    return p.takeError();
  if (!isFloat(componentType(v.memory->dtype)) && std::isnan(**p))
    return errorAt(op, "reads an element that was never written, at coordinate " + listed(at));
  return **p;
}

/// View coordinate of a tile element: the tile's dims match the trailing dims of the view.
static SmallVector<int64_t> shifted(ArrayRef<int64_t> coords, ArrayRef<int64_t> index) {
  SmallVector<int64_t> at(coords);
  for (size_t i = 0; i < index.size(); ++i)
    at[coords.size() - index.size() + i] += index[i];
  return at;
}

Error TileExecutor::checkInbounds(Operation *op, const ViewValue &v, ArrayRef<int64_t> coords, ArrayRef<int64_t> tile,
                                  std::optional<ArrayRef<int64_t>> dims) {
  for (int64_t d : dims.value_or(ArrayRef<int64_t>())) {
    int64_t t = d - static_cast<int64_t>(coords.size() - tile.size()), extent = t >= 0 ? tile[t] : 1;
    if (coords[d] < 0 || coords[d] + extent > v.shape[d])
      return errorAt(op, "claims that dim " + Twine(d) + " is in bounds, but accesses [" + Twine(coords[d]) + ", " + Twine(coords[d] + extent) +
                             ") of " + Twine(v.shape[d]));
  }
  return Error::success();
}

Error TileExecutor::readTile(Operation *op, const ViewValue &v, ArrayRef<int64_t> coords, Tensor &into, double pad,
                             llvm::function_ref<void(MutableArrayRef<int64_t>, ArrayRef<int64_t>)> adjust) {
  std::vector<int64_t> index(into.rank(), 0);
  for (double &x : into.data) {
    SmallVector<int64_t> at = shifted(coords, index);
    adjust(at, index);
    Expected<double> y = read(op, v, at, pad);
    if (!y)
      return y.takeError();
    x = *y;
    next(index, into.shape);
  }
  return Error::success();
}

Error TileExecutor::load(Operation *op) {
  auto l = cast<tile::LoadOp>(op);
  const auto &v = std::get<ViewValue>(datum(l.getView()));
  SmallVector<int64_t> coords = mixed(l.getStaticCoords(), l.getCoords());
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  if (Error e = checkInbounds(op, v, coords, result->shape, l.getInbounds()))
    return e;
  if (Error e = readTile(op, v, coords, *result, l.getPadValue(), [](MutableArrayRef<int64_t>, ArrayRef<int64_t>) {}))
    return e;
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

Error TileExecutor::gather(Operation *op) {
  auto g = cast<tile::GatherOp>(op);
  const auto &v = std::get<ViewValue>(datum(g.getView()));
  const Tensor &rows = tensor(g.getIdx());
  SmallVector<int64_t> coords = mixed(g.getStaticCoords(), g.getCoords());
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  int64_t dim = g.getDim(), tileDim = dim - (static_cast<int64_t>(coords.size()) - result->rank());
  auto moveToRow = [&](MutableArrayRef<int64_t> at, ArrayRef<int64_t> index) { at[dim] = static_cast<int64_t>(rows.data[index[tileDim]]); };
  if (Error e = readTile(op, v, coords, *result, g.getPadValue(), moveToRow))
    return e;
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

Error TileExecutor::loadScalar(Operation *op) {
  auto l = cast<tile::LoadScalarOp>(op);
  const auto &v = std::get<ViewValue>(datum(l.getView()));
  Expected<double> x = read(op, v, mixed(l.getStaticCoords(), l.getCoords()), std::nullopt);
  if (!x)
    return x.takeError();
  bind(op->getResult(0), Tensor(v.memory->dtype, {}, *x));
  return Error::success();
}

Error TileExecutor::write(Operation *op, Value value, Value view, ArrayRef<int64_t> coords, llvm::function_ref<double(double, double)> combine) {
  const Tensor &t = tensor(value);
  const auto &v = std::get<ViewValue>(datum(view));
  std::vector<int64_t> index(t.rank(), 0);
  for (double x : t.data) {
    SmallVector<int64_t> at = shifted(coords, index);
    next(index, t.shape);
    if (!inside(v, at))
      continue;
    Expected<double *> p = address(op, v, at);
    if (!p)
      return p.takeError();
    **p = rounding(v.memory->dtype, combine(**p, x));
  }
  return Error::success();
}

Error TileExecutor::store(Operation *op) {
  auto s = cast<tile::StoreOp>(op);
  SmallVector<int64_t> coords = mixed(s.getStaticCoords(), s.getCoords());
  const auto &v = std::get<ViewValue>(datum(s.getView()));
  if (Error e = checkInbounds(op, v, coords, tensor(s.getValue()).shape, s.getInbounds()))
    return e;
  return write(op, s.getValue(), s.getView(), coords, [](double, double x) { return x; });
}

Error TileExecutor::accumulate(Operation *op) {
  auto a = cast<tile::AccumulateOp>(op);
  return write(op, a.getValue(), a.getView(), mixed(a.getStaticCoords(), a.getCoords()), [](double old, double x) { return old + x; });
}

} // namespace seqc::interp
