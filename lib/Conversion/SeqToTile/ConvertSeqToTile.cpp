// SPDX-License-Identifier: Apache-2.0
#include "Common/Cost.h"
#include "Common/OpKinds.h"
#include "Common/Scheme.h"
#include "seqc/Analysis/BufferPlan.h"
#include "seqc/Conversion/SeqToTile.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace seqc {
#define GEN_PASS_DEF_CONVERTSEQTOTILE
#include "seqc/Conversion/SeqToTile/Passes.h.inc"

namespace {
using namespace convert;

class FunctionConverter {
public:
  FunctionConverter(func::FuncOp func, KernelLibrary &library, Target target) : func(func), shapes(func), context{library, shapes, target} {}

  LogicalResult run() {
    Block &body = func.getBody().front();
    for (auto group : llvm::make_early_inc_range(body.getOps<seq::GroupOp>()))
      if (failed(convertGroup(group)))
        return failure();
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
    for (Operation &op : body)
      if (classify(&op) != OpKind::Host && !isa<tile::LaunchOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
        return op.emitError("'") << op.getName() << "' is in no kernel; run seq-form-kernels before";
    return success();
  }

private:
  LogicalResult convertGroup(seq::GroupOp group) {
    Operation *where = nullptr;
    std::string reason;
    FailureOr<GroupInfo> info = GroupInfo::get(group, shapes, &where, &reason);
    if (failed(info))
      return unsupported((where ? where : group)->emitError("cannot make one kernel of this group: ")) << reason;
    const Scheme *scheme = findScheme(group.getScheme());
    if (!scheme)
      return group.emitError("unknown scheme '") << group.getScheme() << "'";
    SmallVector<Config> configs = scheme->candidates(*info, context.target);
    if (configs.empty())
      return failure();
    Config config = configs.front();
    if (DictionaryAttr given = group.getConfigAttr())
      for (NamedAttribute entry : given)
        if (auto value = dyn_cast<IntegerAttr>(entry.getValue()))
          config.set(entry.getName(), value.getInt());
    std::optional<Cost> cost = costOf(group, shapes);
    Operation *before = group->getPrevNode();
    OpBuilder host(group);
    FailureOr<SmallVector<Value>> results = scheme->emitBlock(host, group, *info, config, context);
    if (failed(results) || (scheme->variants && !group.getConfigAttr() && failed(addVariants(*scheme, group, *info, *results))))
      return failure();
    InFlightDiagnostic remark = group.emitRemark("config-chosen: ") << scheme->name << " {" << config.text() << "}";
    if (configs.size() > 1 && configs[1].text() != config.text())
      remark << ", next {" << configs[1].text() << "}";
    if (cost)
      recordCost(group, before, *cost);
    group->replaceAllUsesWith(*results);
    group.erase();
    shapes.forget();
    return success();
  }

  /// Builds the kernels for some sizes and makes them alternatives of the launch that gives `results`.
  LogicalResult addVariants(const Scheme &scheme, seq::GroupOp group, const GroupInfo &info, ArrayRef<Value> results) {
    auto launch = results.front().getDefiningOp<tile::LaunchOp>();
    SmallVector<Value> guards;
    SmallVector<Attribute> kernels;
    for (const Variant &variant : scheme.variants(info, shapes, context.target)) {
      OpBuilder host(launch);
      FailureOr<SmallVector<Value>> others = scheme.emitBlock(host, group, info, variant.config, context);
      if (failed(others))
        return failure();
      auto other = others->front().getDefiningOp<tile::LaunchOp>();
      if (other.getInputs() != launch.getInputs() || other.getScalars() != launch.getScalars() || other.getResultTypes() != launch.getResultTypes())
        return group.emitError("expects kernels with the same operands, but got ") << other << " beside " << launch;
      guards.push_back(shapes.materialize(host, group.getLoc(), variant.guard));
      kernels.push_back(other.getKernelAttr());
      group.emitRemark("config-chosen: ") << scheme.name << " {" << variant.config.text() << "} where " << variant.guard.str();
      other.erase();
    }
    if (!kernels.empty())
      launch.setAlternativesAttr(ArrayAttr::get(group.getContext(), kernels));
    launch.getGuardsMutable().assign(guards);
    return success();
  }

  /// Marks the kernel of the group with its cost. Where several kernels share the work, or the kernel does not get all sizes, there is none.
  void recordCost(seq::GroupOp group, Operation *before, const Cost &cost) {
    SmallVector<tile::LaunchOp> launches;
    for (Operation *op = group->getPrevNode(); op != before; op = op->getPrevNode())
      if (auto launch = dyn_cast<tile::LaunchOp>(op))
        launches.push_back(launch);
    if (launches.size() != 1)
      return;
    auto kernel = context.library.module().lookupSymbol<tile::KernelOp>(launches.front().getKernelAttr());
    if (!kernel)
      return;
    auto isParam = [&](const std::string &name) {
      return llvm::any_of(llvm::seq(kernel.getGrid().front().getNumArguments()), [&](unsigned i) { return kernel.paramName(i) == name; });
    };
    for (auto [name, expr] : {std::pair(kFlopsAttr, cost.flops), std::pair(kBytesAttr, cost.bytes)}) {
      std::vector<std::string> names;
      expr.collectNames(names);
      if (llvm::all_of(names, isParam))
        kernel->setAttr(name, StringAttr::get(kernel.getContext(), expr.str()));
    }
  }

  func::FuncOp func;
  ShapeExprs shapes;
  SchemeContext context;
};

struct ConvertSeqToTile : impl::ConvertSeqToTileBase<ConvertSeqToTile> {
  using Base::Base;
  void runOnOperation() override {
    if (target != "cpu" && target != "gpu") {
      getOperation().emitError("expects target cpu or gpu, but got ") << target;
      return signalPassFailure();
    }
    KernelLibrary library(getOperation());
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isExternal() && failed(FunctionConverter(func, library, target == "cpu" ? Target::Cpu : Target::Gpu).run()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace seqc
