// SPDX-License-Identifier: Apache-2.0
#include "EmitDotCall.h"
#include "EmitCode.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace seqc {

namespace {

/// A product split into its form, as text, and the values it is called with.
class DotCall {
public:
  DotCall(Code &code, const CpuDot &dot) : code(code), form(dot) {
    os << "dot_" << dot.m << "x" << dot.n << "x" << dot.k << "_" << dot.aType << "_" << dot.bType << "_" << dot.accType << (dot.zeroInit ? "_zero" : "");
    for (Value *pointer : {&form.a, &form.b, &form.c, &form.scratch})
      argument(*pointer, "");
    OpFoldResult *strides[] = {&form.aRow, &form.aCol, &form.bRow, &form.bCol, &form.cRow};
    for (OpFoldResult *s : strides)
      stride(*s);
    for (auto [bound, name] : {std::pair(&form.mValid, "_m"), {&form.nValid, "_n"}, {&form.kValid, "_k"}})
      argument(*bound, name);
  }

  StringRef name() const { return text; }
  ArrayRef<Value> arguments() const { return values; }

  /// The form on the arguments of a function.
  CpuDot on(Block &entry) {
    for (auto [place, a] : llvm::zip_equal(valuePlaces, entry.getArguments()))
      place(a);
    return form;
  }

private:
  void argument(Value &value, StringRef mark) {
    if (!value)
      return;
    os << mark;
    values.push_back(isa<LLVM::LLVMPointerType>(value.getType()) ? value : code.val(code.from(value, 0)));
    valuePlaces.push_back([&value](Value a) { value = a; });
  }
  void stride(OpFoldResult &s) {
    Size size = code.from(s);
    if (size.isKnown()) {
      s = code.b.getI64IntegerAttr(size.number);
      os << "_" << size.number;
      return;
    }
    os << "_s";
    values.push_back(size.value);
    valuePlaces.push_back([&s](Value a) { s = a; });
  }

  Code &code;
  CpuDot form;
  std::string text;
  llvm::raw_string_ostream os{text};
  SmallVector<Value> values;
  SmallVector<std::function<void(Value)>> valuePlaces;
};
} // namespace

void emitCpuDotCall(OpBuilder &builder, Location loc, const CpuDot &dot, const CpuTarget &target, ModuleOp module) {
  Code code(builder, loc);
  DotCall call(code, dot);
  auto function = module.lookupSymbol<func::FuncOp>(call.name());
  if (!function) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    function = func::FuncOp::create(builder, loc, call.name(), builder.getFunctionType(ValueRange(call.arguments()).getTypes(), {}));
    function.setPrivate();
    function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
    Block *entry = function.addEntryBlock();
    builder.setInsertionPointToStart(entry);
    emitCpuDot(builder, loc, call.on(*entry), target);
    builder.setInsertionPointToEnd(entry);
    func::ReturnOp::create(builder, loc);
  }
  func::CallOp::create(builder, loc, function, call.arguments());
}

} // namespace seqc
