// SPDX-License-Identifier: Apache-2.0
// seq-verify-graph: one table of forms (name -> check), one table of remedies for common other ops.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "seqc/Support/Diagnostics.h"
#include "seqc/Support/Expr.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

namespace seqc::seq {
#define GEN_PASS_DEF_VERIFYGRAPHPASS
#include "seqc/Dialect/Seq/Transforms/Passes.h.inc"
} // namespace seqc::seq

using namespace mlir;
using namespace seqc::seq;

static bool isFloatElement(Type t) { return isa<Float32Type, Float16Type, BFloat16Type, Float64Type>(t); }
static bool isIntElement(Type t) { return t.isSignlessInteger(1) || t.isSignlessInteger(8) || t.isSignlessInteger(32) || t.isSignlessInteger(64); }
static bool isComplexElement(Type t) { return isa<ComplexType>(t) && isa<Float32Type, Float64Type>(cast<ComplexType>(t).getElementType()); }
static bool isHalf(Type t) { return isa<Float16Type, BFloat16Type>(t); }
static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }

/// Emits `op is not a form of a seq graph: <reason>` (the name of the op comes first) and returns failure.
static LogicalResult refuse(Operation *op, const Twine &reason) { return seqc::unsupported(op->emitOpError()) << "is not a form of a seq graph: " << reason; }
static LogicalResult refuse(Operation *op, const Twine &rule, Type got) { return op->emitOpError() << "expects " << rule << ", but got " << got; }

//===-- Types ---------------------------------------------------------------------===//

/// Ranked tensors of the element types that a package knows.
static LogicalResult checkTensorType(Operation *op, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return refuse(op, "ranked tensors", type);
  Type element = tensor.getElementType();
  if (!isFloatElement(element) && !isIntElement(element) && !isComplexElement(element))
    return refuse(op, "element type f32, f16, bf16, f64, i1, i8, i32, i64, complex<f32> or complex<f64>", type);
  if (tensor.getEncoding())
    return refuse(op, "tensors without encoding", type);
  return success();
}

static LogicalResult checkTensorTypes(Operation *op) {
  for (Type type : llvm::concat<const Type>(llvm::to_vector(op->getOperandTypes()), llvm::to_vector(op->getResultTypes())))
    if (isa<ShapedType>(type) && failed(checkTensorType(op, type)))
      return failure();
  return success();
}

static bool hasTensor(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), llvm::IsaPred<ShapedType>) || llvm::any_of(op->getResultTypes(), llvm::IsaPred<ShapedType>);
}

using Check = LogicalResult (*)(Operation *);
static const llvm::StringMap<Check> &forms();

//===-- Checks of single forms -------------------------------------------------------===//

static LogicalResult anyTypes(Operation *op) { return success(); }

constexpr llvm::StringLiteral kComplexRemedy = "complex numbers are computed by linalg.map with a body of scalar ops of the complex dialect";

/// arith, math: on tensors elementwise; on scalars index arithmetic for sizes.
static LogicalResult elementwise(Operation *op) {
  if (hasTensor(op))
    return isComplexElement(elementOf(op->getResult(0))) ? refuse(op, kComplexRemedy) : success();
  bool index = llvm::all_of(llvm::concat<const Type>(llvm::to_vector(op->getOperandTypes()), llvm::to_vector(op->getResultTypes())),
                            [](Type t) { return t.isIndex() || t.isSignlessInteger(); });
  return index ? success() : refuse(op, "scalars are for sizes (index and integers); write a tensor of rank 0 or a splat constant");
}

/// For ops that exist only on tensors here (math).
static LogicalResult tensorOnly(Operation *op) {
  return hasTensor(op) ? success() : refuse(op, "it is for tensors only; write a tensor of rank 0 or a splat constant");
}

static LogicalResult constant(Operation *op) {
  Type type = op->getResult(0).getType();
  if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && isa<DenseResourceElementsAttr>(op->getAttr("value")))
    return refuse(op, "resource blobs are not read; write weights as ml_program.global with #ml_program.extern, small constants as dense<..>");
  if (isa<FloatType, ComplexType>(type) && !llvm::all_of(op->getUsers(), [](Operation *user) { return isa<tensor::YieldOp, linalg::MapOp>(user) || user->getParentOfType<linalg::MapOp>(); }))
    return refuse(op, "scalars are for sizes and padding values; write a tensor of rank 0 or a splat constant");
  return success();
}

static LogicalResult dotTypes(Operation *op) {
  auto linalgOp = cast<linalg::LinalgOp>(op);
  Type a = elementOf(linalgOp.getDpsInputs()[0]), b = elementOf(linalgOp.getDpsInputs()[1]), c = elementOf(linalgOp.getDpsInits()[0]);
  if (!isFloatElement(a) || a != b)
    return op->emitOpError() << "expects operands of one float type, but got " << a << " and " << b;
  Type want = isHalf(a) ? Float32Type::get(op->getContext()) : a;
  if (c != want)
    return op->emitOpError() << "expects an init of type " << want << " for operands of type " << a << ", but got " << c;
  std::optional<double> zero = splatValue(linalgOp.getDpsInits()[0]);
  if (!zero || *zero != 0.0)
    return refuse(op, "its init is not a zero constant or the broadcast of one; add the other operand with arith.addf");
  return success();
}

static LogicalResult matmul(Operation *op) {
  auto plain = [&](auto m) { return !m.hasUserDefinedMaps() && m.getCast() == linalg::TypeFn::cast_signed; };
  bool isPlain = isa<linalg::MatmulOp>(op) ? plain(cast<linalg::MatmulOp>(op)) : plain(cast<linalg::BatchMatmulOp>(op));
  return isPlain ? dotTypes(op) : refuse(op, "it has indexing maps or a cast of its own; write linalg.transpose or linalg.broadcast before it");
}

static LogicalResult reduce(Operation *op) {
  auto r = cast<linalg::ReduceOp>(op);
  if (r.getInputs().size() != 1)
    return refuse(op, "it reduces several tensors at once; write one linalg.reduce for each");
  Block &body = r.getCombiner().front();
  Operation *combiner = body.getOperations().size() == 2 ? &body.front() : nullptr;
  static constexpr llvm::StringLiteral kinds[] = {"arith.addf",     "arith.addi",  "arith.mulf",  "arith.muli",  "arith.maximumf", "arith.minimumf", "arith.maxsi",
                                                  "arith.minsi",    "arith.andi",  "arith.ori",   "complex.add"};
  auto uses = [&](unsigned arg) { return llvm::is_contained(combiner->getOperands(), body.getArgument(arg)); };
  bool known = combiner && llvm::is_contained(kinds, combiner->getName().getStringRef()) &&
               body.getTerminator()->getOperands() == combiner->getResults() && uses(0) && uses(1);
  if (!known)
    return refuse(op, "its combiner is not a single add, mul, max, min, and, or of the element and the accumulator");
  if (!splatAttr(r.getInits().front()))
    return refuse(op, "its init is not a splat constant or the broadcast of one; combine the other operand with an elementwise op");
  return success();
}

static bool isScalarElement(Type t) { return isFloatElement(t) || isIntElement(t) || isComplexElement(t); }

/// Scalar arith, math and complex ops of the element types, yielding one value; the init is not read.
static LogicalResult mapBody(linalg::MapOp map) {
  Block &body = map.getMapper().front();
  if (body.getNumArguments() > map.getInputs().size() && !body.getArguments().back().use_empty())
    return refuse(map, "its body reads the init; give the tensor as an input");
  for (Operation &op : body.without_terminator()) {
    bool known = isComplexOp(&op) || (forms().contains(op.getName().getStringRef()) && isa<arith::ArithDialect, math::MathDialect>(op.getDialect()));
    if (!known || op.getNumRegions() || !llvm::all_of(op.getOperandTypes(), isScalarElement) || !llvm::all_of(op.getResultTypes(), isScalarElement))
      return refuse(map, "its body holds '" + op.getName().getStringRef() + "'; a body is of scalar ops of the complex dialect (add, sub, mul, div, neg, conj, exp, abs, re, im, create, constant), arith and math");
  }
  return success();
}

/// For complex numbers alone: everything else is written with ops on tensors.
static LogicalResult map(Operation *op) {
  auto isComplexValue = [](Value v) { return isComplexElement(elementOf(v)); };
  if (!llvm::any_of(op->getOperands(), isComplexValue) && llvm::none_of(cast<linalg::MapOp>(op).getMapper().front(), [](Operation &o) { return isComplexOp(o); }))
    return refuse(op, "it has no complex numbers; write its body with arith and math on tensors");
  return mapBody(cast<linalg::MapOp>(op));
}

static LogicalResult gather(Operation *op) {
  auto g = cast<tensor::GatherOp>(op);
  if (g.getGatherDims().size() != 1)
    return refuse(op, "it gathers along several dims; compute one index per row and gather along one dim of a collapsed tensor");
  Type index = elementOf(g.getIndices());
  if (!index.isSignlessInteger(32) && !index.isSignlessInteger(64))
    return refuse(op, "indices of type i32 or i64", index);
  return success();
}

static LogicalResult pad(Operation *op) {
  Value value = cast<tensor::PadOp>(op).getConstantPaddingValue();
  return value && matchPattern(value, m_Constant()) ? success() : refuse(op, "its padding value is not a constant");
}

/// Only where an op writes, or for its sizes.
static LogicalResult empty(Operation *op) {
  for (OpOperand &use : op->getUses()) {
    auto into = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
    if (!(into && into.isDpsInit(&use)) && !isa<tensor::DimOp, GroupOp>(use.getOwner()))
      return refuse(op, "its elements, which nothing defines, are used by '" + use.getOwner()->getName().getStringRef() + "'; write a splat constant, or linalg.broadcast of a constant of rank 0");
  }
  return success();
}

static LogicalResult extractSlice(Operation *op) {
  auto slice = cast<tensor::ExtractSliceOp>(op);
  for (int64_t stride : slice.getStaticStrides())
    if (ShapedType::isDynamic(stride) || stride < 1)
      return refuse(op, "its strides are not constants above 0");
  return success();
}

static LogicalResult dim(Operation *op) {
  return cast<tensor::DimOp>(op).getConstantIndex() ? success() : refuse(op, "its dim is not a constant");
}

static LogicalResult global(Operation *op) {
  auto g = cast<ml_program::GlobalOp>(op);
  if (g.getIsMutable())
    return refuse(op, "it is mutable; state is passed as arguments and results");
  auto type = dyn_cast<RankedTensorType>(g.getType());
  if (!type || !type.hasStaticShape())
    return refuse(op, "a ranked tensor of static shape", g.getType());
  if (failed(checkTensorType(op, type)))
    return failure();
  Attribute value = g.getValueAttr(); // immutable globals have one
  if (isa<ml_program::ExternAttr>(value) && !op->getParentOp()->hasAttr(kWeightsAttr))
    return op->emitOpError() << "expects the module attribute 'seq.weights', which names the file of this weight, but got none";
  return success();
}

//===-- The closed list ---------------------------------------------------------------===//

static const llvm::StringMap<Check> &forms() {
  static const llvm::StringMap<Check> table = [] {
    llvm::StringMap<Check> t;
    auto add = [&](StringRef dialect, std::initializer_list<StringRef> names, Check check) {
      for (StringRef name : names)
        t[(dialect + "." + name).str()] = check;
    };
    add("arith", {"addf",  "subf",   "mulf",   "divf",  "negf",  "remf",  "maximumf", "minimumf", "maxnumf", "minnumf", "addi",  "subi",        "muli",      "divsi",
                  "divui", "remsi",  "remui",  "andi",  "ori",   "xori",  "shli",     "shrsi",    "shrui",   "maxsi",   "minsi", "maxui",       "minui",     "cmpf",
                  "cmpi",  "select", "extf",   "truncf", "sitofp", "uitofp", "fptosi", "fptoui", "extsi",   "extui",   "trunci", "floordivsi", "ceildivsi", "ceildivui", "index_cast"},
        elementwise);
    add("arith", {"constant"}, constant);
    add("math", {"absf", "absi", "exp",  "exp2", "expm1", "log",   "log2", "log1p", "sqrt",      "rsqrt", "sin",
                 "cos",  "tanh", "erf",  "powf", "fma",   "floor", "ceil", "round", "roundeven", "trunc", "copysign", "isnan", "isinf", "isfinite"},
        tensorOnly);
    add("linalg", {"broadcast", "transpose"}, anyTypes);
    add("linalg", {"matmul", "batch_matmul"}, matmul);
    add("linalg", {"reduce"}, reduce);
    add("linalg", {"map"}, map);
    add("complex", {"constant"}, constant);
    add("tensor", {"concat", "expand_shape", "collapse_shape"}, anyTypes);
    add("tensor", {"empty"}, empty);
    add("tensor", {"gather"}, gather);
    add("tensor", {"extract_slice"}, extractSlice);
    add("tensor", {"pad"}, pad);
    add("tensor", {"dim"}, dim);
    add("seq", {"attention", "fft", "rfft", "irfft", "butterfly", "linear_scan", "selective_scan", "ssm_kernel", "iota", "group", "yield"}, anyTypes);
    add("seq", {"long_conv", "short_conv"}, anyTypes);
    add("ml_program", {"global_load_const"}, anyTypes);
    add("func", {"return"}, anyTypes);
    return t;
  }();
  return table;
}

namespace {
/// What to write instead, for ops (or prefixes of names) that programs are likely to contain.
struct Remedy {
  StringRef prefix, text;
};
constexpr Remedy remedies[] = {
    {"linalg.generic", "its body is opaque; write it with arith and math on tensors, linalg.broadcast, linalg.reduce, linalg.transpose"},
    {"linalg.fill", "write a splat constant, or linalg.broadcast of a constant of rank 0"},
    {"linalg.softmax", "write maximum, subtraction, exponential, sum and division, or use seq.attention"},
    {"linalg.conv", "use seq.short_conv or seq.long_conv"},
    {"linalg.", "write it with arith and math on tensors, linalg.matmul, batch_matmul, broadcast, reduce, transpose"},
    {"tensor.cast", "give producer and consumer one type"},
    {"tensor.insert_slice", "write tensor.concat of the parts"},
    {"tensor.splat", "write a splat constant, or linalg.broadcast of a constant of rank 0"},
    {"tensor.from_elements", "write a constant"},
    {"tensor.reshape", "write tensor.collapse_shape and tensor.expand_shape"},
    {"tensor.generate", "write it with seq.iota and arith on tensors"},
    {"tensor.extract", "single elements are read only in regions of seq.attention; write tensor.extract_slice"},
    {"func.call", "inline the callee (mlir-opt --inline)"},
    {"scf.", "control flow is not part of a graph; unroll loops with constant bounds and write arith.select for conditions"},
    {"cf.", "control flow is not part of a graph; write arith.select for conditions"},
    {"affine.", "write index arithmetic with arith"},
    {"complex.", kComplexRemedy},
    {"torch.", "import the exported program with the importer of seqc"},
    {"tosa.", "lower it to linalg and arith first"},
    {"stablehlo.", "lower it to linalg and arith first"},
    {"memref.", "a graph has value semantics; use tensors"},
    {"ml_program.", "weights are read with ml_program.global_load_const"},
};

StringRef remedyFor(StringRef name) {
  for (const Remedy &r : remedies)
    if (name.starts_with(r.prefix))
      return r.text;
  return "rewrite it with the forms of docs/spec/graph-forms.md";
}

//===-- Functions and modules -----------------------------------------------------------===//

struct VerifyGraph : seqc::seq::impl::VerifyGraphPassBase<VerifyGraph> {
  bool ok = true;

  llvm::DenseMap<Value, uint64_t> sizes; ///< of index arithmetic, as Expr::size

  void check(LogicalResult result) { ok &= succeeded(result); }

  /// Sizes are written out over the named dims, so that what an expression uses several times counts several times.
  LogicalResult checkSize(Operation *op) {
    if (hasTensor(op) || op->getNumResults() != 1 || op->getNumOperands() == 0)
      return success();
    uint64_t size = 1;
    for (Value v : op->getOperands())
      size = llvm::SaturatingAdd(size, std::max<uint64_t>(sizes.lookup(v), 1));
    if (size > seqc::Expr::kMaxSize) {
      sizes[op->getResult(0)] = 1; // reported once
      return op->emitOpError() << "expects a size of at most " << seqc::Expr::kMaxSize << " operations, written out over the named dims, but got " << size;
    }
    sizes[op->getResult(0)] = size;
    return success();
  }

  void checkOp(Operation *op) {
    auto form = forms().find(op->getName().getStringRef());
    if (form == forms().end())
      return check(refuse(op, remedyFor(op->getName().getStringRef())));
    if (failed(checkTensorTypes(op)))
      return check(failure());
    check(form->second(op));
    check(checkSize(op));
    if (auto group = dyn_cast<GroupOp>(op))
      checkBlock(group.getBody().front());
  }

  void checkBlock(Block &block) {
    for (Operation &op : block)
      checkOp(&op);
  }

  void checkSignature(func::FuncOp fn) {
    bool exported = fn->hasAttr(kExportAttr);
    for (auto [i, type] : llvm::enumerate(fn.getArgumentTypes())) {
      if (failed(checkTensorType(fn, type)))
        return check(failure());
      if (exported && !cast<RankedTensorType>(type).hasStaticShape() && !fn.getArgAttr(i, kDimsAttr))
        check(fn.emitOpError() << "expects 'seq.dims' on argument " << i << ", which has dynamic dims, but got none");
    }
    for (Type type : fn.getResultTypes())
      if (failed(checkTensorType(fn, type)))
        return check(failure());
  }

  void checkFunction(func::FuncOp fn) {
    if (fn.isExternal())
      return check(refuse(fn, "it has no body; a graph calls nothing outside"));
    checkSignature(fn);
    if (!fn.getBody().hasOneBlock())
      return check(refuse(fn, "it has several blocks; control flow is not part of a graph"));
    checkBlock(fn.getBody().front());
    if (ok && fn->hasAttr(kExportAttr) && fn.getNumResults() == 0)
      check(fn.emitOpError() << "expects results on an entry point, but got none");
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool exported = false;
    for (Operation &op : *module.getBody()) {
      if (auto fn = dyn_cast<func::FuncOp>(op)) {
        exported |= fn->hasAttr(kExportAttr);
        checkFunction(fn);
      } else if (isa<ml_program::GlobalOp>(op)) {
        check(global(&op));
      } else {
        check(refuse(&op, "a module holds func.func and ml_program.global"));
      }
    }
    if (!exported)
      check(seqc::withClass(module.emitOpError(), seqc::DiagnosticClass::NoEntryPoint) << "expects a function with 'seq.export' (an entry point), but got none");
    markAllAnalysesPreserved();
    if (!ok)
      signalPassFailure();
  }
};
} // namespace
