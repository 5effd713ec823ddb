// SPDX-License-Identifier: Apache-2.0
#include "KernelBuilder.h"
#include "OpKinds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace seqc::convert {

std::string dtypeName(Type element) {
  std::string text;
  llvm::raw_string_ostream(text) << element;
  if (isa<ComplexType>(element))
    return partOf(element).isF32() ? "c64" : "c128";
  return text;
}

static std::string contentOf(tile::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  kernel->print(os, OpPrintingFlags().printGenericOpForm().useLocalScope());
  return text;
}

KernelLibrary::KernelLibrary(ModuleOp module) : moduleOp(module) {
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    std::string name = kernel.getSymName().str();
    kernel.setSymName("kernel");
    texts[name] = contentOf(kernel);
    kernel.setSymName(name);
    last = kernel;
  }
}

std::string KernelLibrary::add(OwningOpRef<tile::KernelOp> kernel, StringRef scheme, StringRef dtype) {
  std::string text = contentOf(*kernel);
  uint64_t hash = llvm::xxh3_64bits(text);
  for (;; ++hash) {
    std::string name = ("seqc_" + scheme + "_" + dtype + "_" + llvm::utohexstr(hash & 0xffffffff, /*LowerCase=*/true, /*Width=*/8)).str();
    auto [it, isNew] = texts.try_emplace(name, text);
    if (!isNew && it->second != text)
      continue;
    if (!isNew)
      return name;
    kernel->setSymName(name);
    Block *body = moduleOp.getBody();
    Operation *op = kernel.release();
    body->getOperations().insert(last ? std::next(Block::iterator(last)) : body->begin(), op);
    last = op;
    return name;
  }
}

KernelBuilder::KernelBuilder(KernelLibrary &library, Location loc, StringRef scheme, ShapeExprs &shapes)
    : library(library), location(loc), scheme(scheme), shapeExprs(shapes), builder(loc.getContext()) {
  MLIRContext *context = loc.getContext();
  kernel = tile::KernelOp::create(builder, loc, builder.getStringAttr("kernel"), StringAttr(), tile::LevelAttr::get(context, tile::Level::Block),
                                  tile::ConfigAttr::get(context, builder.getDictionaryAttr({})), ArrayAttr(), ArrayAttr());
  kernel->getGrid().emplaceBlock();
  builder.setInsertionPointToStart(&kernel->getBody().emplaceBlock());
}

Value KernelBuilder::insertArgument(unsigned position, Type type) {
  kernel->getGrid().front().insertArgument(position, type, location);
  return kernel->getBody().front().insertArgument(position, type, location);
}

Value KernelBuilder::readPointer(Value host) {
  for (auto [tensor, pointer] : reads)
    if (tensor == host)
      return pointer;
  Type element = partOf(cast<RankedTensorType>(host.getType()).getElementType());
  Value pointer = insertArgument(reads.size(), tile::PtrType::get(location.getContext(), element));
  reads.push_back({host, pointer});
  return pointer;
}

Value KernelBuilder::writePointer(Value key, RankedTensorType type, ArrayRef<Expr> shape) {
  for (const Written &w : writes)
    if (w.key == key)
      return w.pointer;
  Value pointer = insertArgument(reads.size() + writes.size(), tile::PtrType::get(location.getContext(), partOf(type.getElementType())));
  writes.push_back({key, type, llvm::to_vector(shape), pointer});
  return pointer;
}

Value KernelBuilder::expr(const Expr &e) {
  auto it = exprs.find(e.str());
  if (it != exprs.end())
    return it->second;
  Value value;
  if (e.op() == Expr::Op::Name) {
    ArrayRef<std::string> order = shapeExprs.names();
    auto rank = [&](StringRef n) { return llvm::find(order, n) - order.begin(); };
    unsigned position = llvm::count_if(names, [&](StringRef n) { return rank(n) < rank(e.name()); });
    names.insert(names.begin() + position, e.name());
    value = insertArgument(reads.size() + writes.size() + position, builder.getIndexType());
  } else {
    if (!e.isConst())
      expr(e.lhs()), expr(e.rhs());
    OpBuilder::InsertionGuard guard(builder);
    if (lastEntry)
      builder.setInsertionPointAfter(lastEntry);
    else
      builder.setInsertionPointToStart(&kernel->getBody().front());
    if (e.isConst()) {
      value = arith::ConstantIndexOp::create(builder, location, e.value());
    } else { // operands are names or known values: one level
      Expr shallow = Expr::get(e.op(), Expr::name("$a"), Expr::name("$b"));
      value = materializeExpr(builder, location, shallow, [&](StringRef n) { return exprs.lookup((n == "$a" ? e.lhs() : e.rhs()).str()); });
    }
    lastEntry = value.getDefiningOp();
  }
  exprs[e.str()] = value;
  return value;
}

OpFoldResult KernelBuilder::size(const Expr &e) {
  if (e.isConst())
    return builder.getIndexAttr(e.value());
  return expr(e);
}

Value KernelBuilder::programId(int64_t dim) {
  std::string key = "$program" + std::to_string(dim);
  Value &value = exprs[key];
  if (value)
    return value;
  OpBuilder::InsertionGuard guard(builder);
  if (lastEntry)
    builder.setInsertionPointAfter(lastEntry);
  else
    builder.setInsertionPointToStart(&kernel->getBody().front());
  value = tile::ProgramIdOp::create(builder, location, builder.getIndexType(), dim);
  lastEntry = value.getDefiningOp();
  return value;
}

Value KernelBuilder::view(Value pointer, const Expr &offset, ArrayRef<OperandView::Dim> dims) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << pointer.getAsOpaquePointer() << "+" << offset.str();
  for (const OperandView::Dim &d : dims)
    os << "|" << d.size.str() << ":" << d.stride.str();
  auto it = views.find(key);
  if (it != views.end())
    return it->second;
  SmallVector<OpFoldResult> sizes, strides;
  bool shifted = !offset.isConst(0);
  if (shifted) { // a leading dim of stride 1 carries the offset
    sizes.push_back(size(offset + Expr(1)));
    strides.push_back(builder.getIndexAttr(1));
    size(offset);
  }
  for (const OperandView::Dim &d : dims) {
    sizes.push_back(size(d.size));
    strides.push_back(size(d.stride));
  }
  OpBuilder::InsertionGuard guard(builder);
  if (lastEntry)
    builder.setInsertionPointAfter(lastEntry);
  else
    builder.setInsertionPointToStart(&kernel->getBody().front());
  Value view = tile::ViewOp::create(builder, location, pointer, sizes, strides);
  if (shifted) {
    SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
    offsets[0] = size(offset);
    sizes[0] = builder.getIndexAttr(1);
    SmallVector<bool> dropped(sizes.size(), false);
    dropped[0] = true;
    view = tile::SubviewOp::create(builder, location, view, offsets, sizes, dropped);
  }
  lastEntry = view.getDefiningOp();
  views[key] = view;
  return view;
}

std::string KernelBuilder::configText() const {
  std::string text;
  for (const auto &[name, value] : config)
    text += (text.empty() ? "" : ", ") + name + " = " + std::to_string(value);
  return text;
}

SmallVector<Value> KernelBuilder::launch(OpBuilder &host, StringRef dtype, ArrayRef<Value> keys) {
  MLIRContext *context = location.getContext();
  for (const Expr &e : grid) { // every name becomes a parameter before the grid is written
    std::vector<std::string> used;
    e.collectNames(used);
    for (const std::string &n : used)
      expr(Expr::name(n));
  }
  {
    OpBuilder gridBuilder(context);
    Block &block = kernel->getGrid().front();
    gridBuilder.setInsertionPointToStart(&block);
    unsigned firstIndex = reads.size() + writes.size();
    SmallVector<Value> extents;
    for (const Expr &e : grid)
      extents.push_back(materializeExpr(gridBuilder, location, e, [&](StringRef n) -> Value {
        return block.getArgument(firstIndex + (llvm::find(names, n) - names.begin()));
      }));
    tile::GridYieldOp::create(gridBuilder, location, extents);
  }
  SmallVector<Attribute> params, access;
  auto param = [&](const Twine &name, StringRef kind) {
    params.push_back(host.getStringAttr(name));
    access.push_back(host.getStringAttr(kind));
  };
  for (unsigned i = 0; i < reads.size(); ++i)
    param("in" + Twine(i), "read");
  for (unsigned i = 0; i < writes.size(); ++i)
    param("out" + Twine(i), "write");
  for (const std::string &n : names)
    param(n, "value");
  kernel->setParamsAttr(host.getArrayAttr(params));
  kernel->setAccessAttr(host.getArrayAttr(access));
  SmallVector<NamedAttribute> entries;
  for (const auto &[name, value] : config)
    entries.push_back(host.getNamedAttr(name, host.getI64IntegerAttr(value)));
  kernel->setConfigAttr(tile::ConfigAttr::get(context, host.getDictionaryAttr(entries)));
  std::string symbol = library.add(std::move(kernel), scheme, dtype);

  SmallVector<Value> ins, outs, scalars;
  SmallVector<Type> types;
  for (auto [tensor, pointer] : reads)
    ins.push_back(tensor);
  for (const Written &w : writes) {
    SmallVector<Value> sizes;
    for (auto [d, e] : llvm::enumerate(w.shape))
      if (w.type.isDynamicDim(d))
        sizes.push_back(shapeExprs.materialize(host, location, e));
    outs.push_back(tensor::EmptyOp::create(host, location, w.type, sizes));
    types.push_back(w.type);
  }
  for (const std::string &n : names)
    scalars.push_back(shapeExprs.materialize(host, location, Expr::name(n)));
  auto launch = tile::LaunchOp::create(host, location, types, FlatSymbolRefAttr::get(context, symbol), ins, outs, scalars);
  SmallVector<Value> values;
  for (Value key : keys) {
    const Written *it = llvm::find_if(writes, [&](const Written &w) { return w.key == key; });
    assert(it != writes.end() && "every result is stored");
    values.push_back(launch->getResult(it - writes.begin()));
  }
  return values;
}

} // namespace seqc::convert
