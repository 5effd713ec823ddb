// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/Manifest.h"
#include "seqc/Analysis/BufferPlan.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace seqc {

KernelRecord *Manifest::findKernel(llvm::StringRef name) {
  for (KernelRecord &k : kernels)
    if (k.name == name)
      return &k;
  return nullptr;
}

namespace {
std::string dtypeOf(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto complex = dyn_cast<ComplexType>(element))
    return complex.getElementType().isF32() ? "c64" : "c128";
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return text;
}

/// seqc_<scheme>_<dtype>_<hash> -> scheme.
std::string schemeOf(StringRef name) {
  name.consume_front("seqc_");
  name = name.rsplit('_').first;
  return name.rsplit('_').first.str();
}

class ManifestBuilder {
public:
  explicit ManifestBuilder(ModuleOp module) : module(module) {}

  FailureOr<Manifest> build() {
    for (auto kernel : module.getOps<tile::KernelOp>())
      if (failed(addKernel(kernel)))
        return failure();
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    bool anyExport = llvm::any_of(functions, [](func::FuncOp f) { return f->hasAttr(seq::kExportAttr); });
    for (func::FuncOp func : functions)
      if (!func.isExternal() && (!anyExport || func->hasAttr(seq::kExportAttr)) && failed(addFunction(func)))
        return failure();
    return std::move(manifest);
  }

private:
  LogicalResult addKernel(tile::KernelOp kernel) {
    KernelRecord record;
    record.name = kernel.getSymName().str();
    record.scheme = schemeOf(record.name);
    for (NamedAttribute entry : kernel.getConfig().getValues())
      if (auto value = dyn_cast<IntegerAttr>(entry.getValue()))
        record.config.push_back({entry.getName().str(), value.getInt()});
    Block &grid = kernel.getGrid().front();
    for (auto [i, arg] : llvm::enumerate(grid.getArguments())) {
      KernelParam param;
      param.name = kernel.paramName(i);
      if (auto ptr = dyn_cast<tile::PtrType>(arg.getType())) {
        param.dtype = dtypeOf(ptr.getElementType());
        param.write = kernel.isWritten(i);
      } else if (arg.getType().isIndex()) {
        param.kind = KernelParam::Index;
      } else {
        param.kind = KernelParam::Scalar;
        param.dtype = dtypeOf(arg.getType());
      }
      record.params.push_back(std::move(param));
    }
    for (Value extent : grid.getTerminator()->getOperands()) {
      std::optional<Expr> e = gridExpr(kernel, extent);
      if (!e)
        return kernel.emitError("expects a grid of index arithmetic on the kernel's index arguments");
      record.grid.push_back(*e);
    }
    for (auto [name, value] : {std::pair(kFlopsAttr, &record.flops), std::pair(kBytesAttr, &record.bytes)}) {
      auto text = kernel->getAttrOfType<StringAttr>(name);
      if (!text)
        continue;
      llvm::Expected<Expr> e = Expr::parse(text.getValue());
      if (!e)
        return kernel.emitError() << name << ": " << toString(e.takeError());
      *value = *e;
    }
    kernelIndex[record.name] = manifest.kernels.size();
    manifest.kernels.push_back(std::move(record));
    return success();
  }

  std::optional<Expr> gridExpr(tile::KernelOp kernel, Value v) {
    APInt constant;
    if (matchPattern(v, m_ConstantInt(&constant)))
      return Expr(constant.getSExtValue());
    if (auto arg = dyn_cast<BlockArgument>(v))
      return Expr::name(kernel.paramName(arg.getArgNumber()));
    if (isa<tile::NumSmsOp>(v.getDefiningOp()))
      return Expr::name("sms");
    return arithExpr(v.getDefiningOp(), [&](Value operand) { return gridExpr(kernel, operand); });
  }

  LogicalResult addFunction(func::FuncOp func) {
    FunctionRecord record;
    ShapeExprs shapes(func);
    record.name = func.getName().str();
    record.dims.assign(shapes.names().begin(), shapes.names().end());
    auto nameOf = [](DictionaryAttr attrs, StringRef prefix, unsigned i) {
      auto name = attrs ? attrs.getAs<StringAttr>(seq::kNameAttr) : StringAttr();
      return name ? name.getValue().str() : (prefix + Twine(i)).str();
    };
    for (auto [i, arg] : llvm::enumerate(func.getArguments())) {
      TensorRecord t{nameOf(func.getArgAttrDict(i), "input", i), dtypeOf(arg.getType()), {}};
      for (int64_t d = 0; d < cast<RankedTensorType>(arg.getType()).getRank(); ++d)
        t.shape.push_back(shapes.argumentDim(i, d));
      record.inputs.push_back(std::move(t));
    }
    Operation *ret = func.getBody().front().getTerminator();
    for (auto [i, v] : llvm::enumerate(ret->getOperands())) {
      std::optional<SmallVector<Expr>> shape = shapes.shape(v);
      if (!shape)
        return ret->emitError("expects sizes of result ") << i << " in terms of the named dims";
      record.outputs.push_back({nameOf(func.getResultAttrDict(i), "output", i), dtypeOf(v.getType()), {shape->begin(), shape->end()}});
    }
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      if (auto state = func.getResultAttrOfType<StringAttr>(i, seq::kStateAttr)) {
        auto isState = [&](const TensorRecord &t) { return t.name == state.getValue(); };
        record.states.emplace_back(llvm::find_if(record.inputs, isState) - record.inputs.begin(), i);
      }
    if (auto assume = func->getAttrOfType<ArrayAttr>(seq::kAssumeAttr))
      for (Attribute a : assume) {
        llvm::Expected<Expr> e = Expr::parse(cast<StringAttr>(a).getValue());
        if (!e)
          return func.emitError() << seq::kAssumeAttr << ": " << toString(e.takeError());
        record.assume.push_back(*e);
      }
    FailureOr<Expr> workspace = workspaceBytes(func);
    if (failed(workspace))
      return failure();
    record.plan.workspaceBytes = *workspace;
    places.clear();
    for (auto launch : func.getBody().front().getOps<tile::LaunchOp>())
      if (failed(addLaunch(launch, shapes, record)))
        return failure();
    manifest.functions.push_back(std::move(record));
    return success();
  }

  LogicalResult addLaunch(tile::LaunchOp launch, ShapeExprs &shapes, FunctionRecord &record) {
    FailureOr<SmallVector<BufferPlace>> buffers = bufferPlaces(launch);
    if (failed(buffers))
      return failure();
    LaunchAlternative alternative;
    for (Value v : launch.getInputs()) {
      FailureOr<PointerArg> arg = pointer(launch, memoryRoot(v));
      if (failed(arg))
        return failure();
      alternative.args.push_back(*arg);
    }
    for (auto [result, place] : llvm::zip_equal(launch->getResults(), *buffers)) {
      PointerArg arg;
      arg.kind = place.kind == BufferPlace::Output ? PointerArg::Output : PointerArg::Workspace;
      arg.index = place.output;
      arg.offset = place.offset;
      places[result] = arg;
      alternative.args.push_back(arg);
    }
    for (Value v : launch.getScalars()) {
      if (v.getType().isIndex()) {
        std::optional<Expr> e = shapes.index(v);
        if (!e)
          return launch.emitError("expects index arguments in terms of the named dims");
        alternative.args.push_back(*e);
        continue;
      }
      Attribute constant;
      if (!matchPattern(v, m_Constant(&constant)))
        return launch.emitError("expects constant scalar arguments");
      alternative.args.push_back(isa<FloatAttr>(constant) ? cast<FloatAttr>(constant).getValueAsDouble()
                                                          : static_cast<double>(cast<IntegerAttr>(constant).getInt()));
    }
    return addAlternatives(launch, shapes, alternative, record.plan.launches.emplace_back());
  }

  /// One entry per kernel of the launch, all with the arguments of `common`.
  LogicalResult addAlternatives(tile::LaunchOp launch, ShapeExprs &shapes, const LaunchAlternative &common, std::vector<LaunchAlternative> &list) {
    for (auto [i, symbol] : llvm::enumerate(launch.getKernels())) {
      auto it = kernelIndex.find(symbol.getValue());
      if (it == kernelIndex.end())
        return launch.emitError("refers to ") << symbol << ", which is no tile.kernel";
      LaunchAlternative &alternative = list.emplace_back(common);
      alternative.kernel = it->second;
      if (i == launch.getGuards().size())
        continue;
      std::optional<Expr> guard = shapes.index(launch.getGuards()[i]);
      if (!guard)
        return launch.emitError("expects guards in terms of the named dims");
      alternative.guard = *guard;
    }
    return success();
  }

  FailureOr<PointerArg> pointer(tile::LaunchOp launch, Value root) {
    PointerArg arg;
    if (auto block = dyn_cast<BlockArgument>(root)) {
      arg.index = block.getArgNumber();
      return arg;
    }
    if (auto it = places.find(root); it != places.end())
      return it->second;
    arg.kind = PointerArg::Weight;
    if (auto load = root.getDefiningOp<ml_program::GlobalLoadConstOp>()) {
      arg.index = weight(load.getGlobal().getLeafReference().getValue(), cast<RankedTensorType>(root.getType()));
      return arg;
    }
    DenseElementsAttr dense;
    if (matchPattern(root, m_Constant(&dense))) {
      arg.index = constant(dense);
      return arg;
    }
    DenseResourceElementsAttr resource;
    if (matchPattern(root, m_Constant(&resource)))
      if (AsmResourceBlob *blob = resource.getRawHandle().getBlob()) {
        ArrayRef<char> data = blob->getData();
        arg.index = constant(resource, resource.getType(), StringRef(data.data(), data.size()).str());
        return arg;
      }
    return launch.emitError("expects arguments, weights, constants and results of launches as inputs"), failure();
  }

  unsigned weight(StringRef symbol, RankedTensorType type) {
    auto [it, isNew] = weightIndex.try_emplace(symbol, manifest.weights.size());
    if (isNew) {
      auto file = module->getAttrOfType<StringAttr>(seq::kWeightsAttr);
      StringRef base = file ? file.getValue().rsplit('/').second : "";
      if (file && base.empty())
        base = file.getValue();
      manifest.weights.push_back({symbol.str(), "weights/" + (base.empty() ? "model.safetensors" : base).str(), dtypeOf(type), type.getShape().vec()});
    }
    return it->second;
  }

  unsigned constant(DenseElementsAttr dense) {
    int64_t bytes = elementBytes(dense.getElementType());
    std::string data;
    if (dense.getElementType().isInteger(1)) {
      for (bool bit : dense.getValues<bool>())
        data.push_back(bit);
    } else if (dense.isSplat()) {
      for (int64_t i = 0; i < dense.getNumElements(); ++i)
        data.append(dense.getRawData().data(), bytes);
    } else {
      data.assign(dense.getRawData().data(), dense.getRawData().size());
    }
    return constant(dense, cast<RankedTensorType>(dense.getType()), std::move(data));
  }

  unsigned constant(Attribute key, ShapedType type, std::string bytes) {
    auto [it, isNew] = constantIndex.try_emplace(key, manifest.weights.size());
    if (isNew) {
      std::string name = "constant" + std::to_string(manifest.constants.size());
      manifest.constants.push_back({name, dtypeOf(type), type.getShape().vec(), std::move(bytes)});
      manifest.weights.push_back({name, kConstantsMember.str(), dtypeOf(type), type.getShape().vec()});
    }
    return it->second;
  }

  ModuleOp module;
  Manifest manifest;
  llvm::StringMap<unsigned> kernelIndex, weightIndex;
  llvm::DenseMap<Attribute, unsigned> constantIndex;
  llvm::DenseMap<Value, PointerArg> places;
};
} // namespace

FailureOr<Manifest> buildManifest(ModuleOp module) { return ManifestBuilder(module).build(); }

} // namespace seqc
