// SPDX-License-Identifier: Apache-2.0
#include "Rewrite.h"
#include "Marshal.h"
#include "Memory.h"
#include "Ops.h"
#include "seqc/Target/AsmForms.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace seqc::sim {
namespace {

// Address spaces of the GPU.
enum Space : unsigned { Generic = 0, Global = 1, Shared = 3, ConstantBank = 4, Local = 5 };

template <typename T> std::string print(const T &x) {
  std::string text;
  raw_string_ostream os(text);
  os << x;
  return StringRef(text).trim().str();
}

Error unsupported(const Twine &what, const Twine &got) { return createStringError(inconvertibleErrorCode(), "expects " + what + ", but got " + got); }

class Rewriter {
public:
  Rewriter(Module &module, const Module &original) : module(module), original(original) {}
  Expected<Rewritten> run(StringRef entry, const DataLayout &layout, const Triple &triple);

private:
  Error checkEntry(StringRef name);
  Error rewriteGlobals();
  Error rewriteFunction(Function &function, const Function &source);
  void countIterations(Function &function, ArrayRef<std::pair<Instruction *, const Instruction *>> pairs);
  Error rewriteInstruction(Instruction &inst, const Instruction &source, Marshal &marshal);
  Error rewriteCall(CallBase &call, const Instruction &source, Marshal &marshal);
  Error rewriteIntrinsic(CallBase &call, StringRef name);
  Error rewriteAccess(Instruction &inst, const Instruction &source, Value *pointer, Type *type, Align align, Mode mode);
  void replaceAccess(Instruction &inst, Value *host);
  void rewriteCast(AddrSpaceCastInst &cast);
  void addEntry();
  void strip();
  uint32_t addSite(Site site) {
    result.sites.push_back(site);
    return result.sites.size() - 1;
  }
  FunctionCallee model(StringRef name, Type *ret, ArrayRef<Type *> args) {
    return module.getOrInsertFunction(name, FunctionType::get(ret, args, false));
  }

  Module &module;
  const Module &original;
  Function *kernel = nullptr;
  Rewritten result;
};

Expected<Rewritten> Rewriter::run(StringRef entry, const DataLayout &layout, const Triple &triple) {
  if (Error e = checkEntry(entry))
    return e;
  // Pairs first: what follows adds instructions.
  std::vector<std::pair<Function *, const Function *>> functions;
  auto source = original.begin();
  for (Function &function : module) {
    if (!function.isDeclaration())
      functions.push_back({&function, &*source});
    ++source;
  }
  for (auto [function, from] : functions)
    if (Error e = rewriteFunction(*function, *from))
      return e;
  if (Error e = rewriteGlobals())
    return e;
  for (auto [function, from] : functions)
    for (Instruction &inst : make_early_inc_range(instructions(*function)))
      if (auto *cast = dyn_cast<AddrSpaceCastInst>(&inst))
        rewriteCast(*cast);
  strip();
  addEntry();
  module.setDataLayout(layout);
  module.setTargetTriple(triple);
  return std::move(result);
}

Error Rewriter::checkEntry(StringRef name) {
  kernel = module.getFunction(name);
  if (!kernel || kernel->isDeclaration())
    return unsupported("a module that defines the kernel @" + name, "one without");
  if (kernel->getCallingConv() != CallingConv::PTX_Kernel)
    return unsupported("@" + name + " to be a ptx_kernel function", "another calling convention");
  for (Argument &argument : kernel->args()) {
    Type *type = argument.getType();
    if (argument.hasByValAttr())
      return unsupported("parameters by value of @" + name + " to be scalars or pointers", print(argument));
    if (type->isPointerTy())
      result.params.push_back(Param::Kind::Pointer);
    else if (type->isIntegerTy(32))
      result.params.push_back(Param::Kind::I32);
    else if (type->isIntegerTy(64))
      result.params.push_back(Param::Kind::I64);
    else if (type->isFloatTy())
      result.params.push_back(Param::Kind::F32);
    else
      return unsupported("parameters of @" + name + " to be pointers, i32, i64 or float", print(argument));
  }
  return Error::success();
}

//===- Globals ------------------------------------------------------------------------------------------------------------------------===//

Error Rewriter::rewriteGlobals() {
  for (GlobalVariable &global : make_early_inc_range(module.globals())) {
    if (global.getName().starts_with("llvm.")) {
      global.eraseFromParent();
      continue;
    }
    if (global.getAddressSpace() == Shared) {
      if (!global.isDeclaration() || module.getDataLayout().getTypeAllocSize(global.getValueType()) != 0)
        return unsupported("shared memory as one external array of no elements", "@" + global.getName());
      convertUsersOfConstantsToInstructions({&global});
      Constant *window = ConstantInt::get(Type::getInt64Ty(module.getContext()), SharedMemory::window);
      global.replaceAllUsesWith(ConstantExpr::getIntToPtr(window, global.getType()));
      global.eraseFromParent();
      continue;
    }
    if (!global.hasInitializer())
      return unsupported("globals with a value", "@" + global.getName());
    global.setLinkage(GlobalValue::ExternalLinkage);
    global.setVisibility(GlobalValue::DefaultVisibility);
    global.setName("seqc_sim_table." + global.getName());
    result.tables.push_back({global.getName().str(), module.getDataLayout().getTypeAllocSize(global.getValueType()), !global.isConstant()});
  }
  return Error::success();
}

//===- Functions ----------------------------------------------------------------------------------------------------------------------===//

Error Rewriter::rewriteFunction(Function &function, const Function &source) {
  std::vector<std::pair<Instruction *, const Instruction *>> pairs;
  auto from = inst_begin(source);
  for (Instruction &inst : instructions(function))
    pairs.push_back({&inst, &*from++});
  countIterations(function, pairs);
  Marshal marshal(function);
  for (auto [inst, origin] : pairs)
    if (Error e = rewriteInstruction(*inst, *origin, marshal))
      return e;
  return Error::success();
}

/// A loop that never ends must not hang the model.
void Rewriter::countIterations(Function &function, ArrayRef<std::pair<Instruction *, const Instruction *>> pairs) {
  SmallVector<std::pair<const BasicBlock *, const BasicBlock *>> edges;
  FindFunctionBackedges(function, edges);
  SmallPtrSet<const BasicBlock *, 8> ends;
  for (auto [from, to] : edges)
    ends.insert(from);
  for (auto [inst, source] : pairs) {
    if (!inst->isTerminator() || !ends.contains(inst->getParent()))
      continue;
    IRBuilder<> b(inst);
    b.CreateCall(model(iterationName, b.getVoidTy(), {b.getInt32Ty()}), {b.getInt32(addSite({source, nullptr, 0, 1, Mode::Read}))});
  }
}

Error Rewriter::rewriteInstruction(Instruction &inst, const Instruction &source, Marshal &marshal) {
  inst.dropUnknownNonDebugMetadata();
  if (auto *load = dyn_cast<LoadInst>(&inst))
    return rewriteAccess(inst, source, load->getPointerOperand(), load->getType(), load->getAlign(), Mode::Read);
  if (auto *store = dyn_cast<StoreInst>(&inst))
    return rewriteAccess(inst, source, store->getPointerOperand(), store->getValueOperand()->getType(), store->getAlign(), Mode::Write);
  if (auto *rmw = dyn_cast<AtomicRMWInst>(&inst))
    return rewriteAccess(inst, source, rmw->getPointerOperand(), rmw->getType(), rmw->getAlign(), Mode::Atomic);
  if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&inst))
    return rewriteAccess(inst, source, exchange->getPointerOperand(), exchange->getNewValOperand()->getType(), exchange->getAlign(), Mode::Atomic);
  if (auto *call = dyn_cast<CallBase>(&inst))
    return rewriteCall(*call, source, marshal);
  return Error::success();
}

bool isLocal(const Value *pointer) { return pointer->getType()->getPointerAddressSpace() == Local || isa<AllocaInst>(getUnderlyingObject(pointer)); }

Error Rewriter::rewriteAccess(Instruction &inst, const Instruction &source, Value *pointer, Type *type, Align align, Mode mode) {
  if (isLocal(pointer))
    return Error::success();
  uint64_t bytes = original.getDataLayout().getTypeStoreSize(type);
  if (bytes > maxAccessBytes)
    return unsupported("accesses of at most " + Twine(maxAccessBytes) + " bytes", "`" + print(source) + "`");
  uint32_t site =
      addSite({&source, nullptr, static_cast<uint32_t>(bytes), static_cast<uint32_t>(align.value()), inst.isAtomic() ? Mode::Atomic : mode});
  IRBuilder<> b(&inst);
  unsigned space = pointer->getType()->getPointerAddressSpace();
  if (space == Generic) {
    FunctionCallee callee = model(genericAccessName, b.getPtrTy(), {b.getPtrTy(), b.getInt32Ty()});
    replaceAccess(inst, b.CreateCall(callee, {pointer, b.getInt32(site)}));
    return Error::success();
  }
  if (space != Shared && space != Global && space != ConstantBank)
    return unsupported("accesses to global, shared, constant or local memory", "`" + print(source) + "`");
  FunctionCallee callee = model(space == Shared ? sharedAccessName : globalAccessName, b.getPtrTy(), {b.getInt64Ty(), b.getInt32Ty()});
  replaceAccess(inst, b.CreateCall(callee, {b.CreatePtrToInt(pointer, b.getInt64Ty()), b.getInt32(site)}));
  return Error::success();
}

/// The same access at a host address of any alignment; one OS thread runs all, so atomicity needs nothing.
void Rewriter::replaceAccess(Instruction &inst, Value *host) {
  IRBuilder<> b(&inst);
  Instruction *replacement = nullptr;
  if (auto *load = dyn_cast<LoadInst>(&inst))
    replacement = b.CreateAlignedLoad(load->getType(), host, Align(1));
  else if (auto *store = dyn_cast<StoreInst>(&inst))
    replacement = b.CreateAlignedStore(store->getValueOperand(), host, Align(1));
  else if (auto *rmw = dyn_cast<AtomicRMWInst>(&inst))
    replacement = b.CreateAtomicRMW(rmw->getOperation(), host, rmw->getValOperand(), rmw->getAlign(), AtomicOrdering::SequentiallyConsistent);
  else {
    auto *exchange = cast<AtomicCmpXchgInst>(&inst);
    replacement = b.CreateAtomicCmpXchg(host, exchange->getCompareOperand(), exchange->getNewValOperand(), exchange->getAlign(),
                                        AtomicOrdering::SequentiallyConsistent, AtomicOrdering::SequentiallyConsistent);
  }
  inst.replaceAllUsesWith(replacement);
  inst.eraseFromParent();
}

Error Rewriter::rewriteCall(CallBase &call, const Instruction &source, Marshal &marshal) {
  std::string name;
  if (auto *text = dyn_cast<InlineAsm>(call.getCalledOperand())) {
    const target::AsmForm *form = target::findAsmForm(text->getAsmString(), text->getConstraintString());
    if (!form)
      return unsupported("asm of the table of forms", "`" + text->getAsmString() + "` with \"" + text->getConstraintString() + "\"");
    name = "asm " + form->name.str();
  } else if (Function *callee = call.getCalledFunction()) {
    if (!callee->isDeclaration()) {
      call.setCallingConv(CallingConv::C);
      call.setAttributes({});
      return Error::success();
    }
    name = callee->getName().str();
    if (!callee->isIntrinsic())
      return unsupported("calls of intrinsics or of functions of the module", "@" + name);
    name = name.substr(strlen("llvm."));
  } else {
    return unsupported("direct calls", "`" + print(source) + "`");
  }
  if (const OpForm *form = findOp(name)) {
    marshal.replace(call, addSite({&source, form, 0, 1, Mode::Read}));
    return Error::success();
  }
  if (isa<InlineAsm>(call.getCalledOperand()))
    return unsupported("an operation of the model", name);
  return rewriteIntrinsic(call, name);
}

/// Generic intrinsics: hints go, values stay, those on memory may only touch local variables.
Error Rewriter::rewriteIntrinsic(CallBase &call, StringRef name) {
  if (name.starts_with("nvvm."))
    return unsupported("an operation of the model", "@llvm." + name);
  auto *intrinsic = cast<IntrinsicInst>(&call);
  bool isHint = intrinsic->isAssumeLikeIntrinsic() || name.starts_with("prefetch.");
  if (isHint && call.getType()->isVoidTy()) {
    call.eraseFromParent();
    return Error::success();
  }
  for (Value *argument : call.args())
    if (argument->getType()->isPtrOrPtrVectorTy() && (!argument->getType()->isPointerTy() || !isLocal(argument)))
      return unsupported("intrinsics on memory to touch local variables", "@llvm." + name);
  call.setAttributes(Intrinsic::getAttributes(module.getContext(), intrinsic->getIntrinsicID(), intrinsic->getFunctionType()));
  return Error::success();
}

//===- Address spaces -----------------------------------------------------------------------------------------------------------------===//

void Rewriter::rewriteCast(AddrSpaceCastInst &cast) {
  bool fromShared = cast.getSrcAddressSpace() == Shared, toShared = cast.getDestAddressSpace() == Shared;
  if (fromShared == toShared)
    return;
  IRBuilder<> b(&cast);
  Value *value;
  if (fromShared) {
    Value *host = b.CreateCall(model(toGenericName, b.getPtrTy(), {b.getInt64Ty()}), {b.CreatePtrToInt(cast.getPointerOperand(), b.getInt64Ty())});
    value = b.CreateAddrSpaceCast(host, cast.getType());
  } else {
    Value *host = b.CreateAddrSpaceCast(cast.getPointerOperand(), b.getPtrTy());
    value = b.CreateIntToPtr(b.CreateCall(model(toSharedName, b.getInt64Ty(), {b.getPtrTy()}), {host}), cast.getType());
  }
  cast.replaceAllUsesWith(value);
  cast.eraseFromParent();
}

//===- The rest -----------------------------------------------------------------------------------------------------------------------===//

/// Drops what concerns the GPU only.
void Rewriter::strip() {
  StripDebugInfo(module);
  for (NamedMDNode &node : make_early_inc_range(module.named_metadata()))
    node.eraseFromParent();
  for (Function &function : make_early_inc_range(module)) {
    if (function.isDeclaration()) {
      if (function.use_empty())
        function.eraseFromParent();
      continue;
    }
    function.setAttributes({});
    function.addFnAttr(Attribute::NoUnwind);
    function.clearMetadata();
    function.setCallingConv(CallingConv::C);
    function.setLinkage(GlobalValue::InternalLinkage);
    function.setVisibility(GlobalValue::DefaultVisibility);
    function.setComdat(nullptr);
  }
}

void Rewriter::addEntry() {
  IRBuilder<> b(module.getContext());
  auto *type = FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false);
  auto *entry = Function::Create(type, GlobalValue::ExternalLinkage, entryName, module);
  b.SetInsertPoint(BasicBlock::Create(module.getContext(), "", entry));
  SmallVector<Value *> values;
  for (Argument &argument : kernel->args())
    values.push_back(b.CreateLoad(argument.getType(), b.CreateConstGEP1_32(b.getInt64Ty(), entry->getArg(0), argument.getArgNo())));
  b.CreateCall(kernel, values);
  b.CreateRetVoid();
}

} // namespace

Expected<Rewritten> rewriteForHost(Module &module, const Module &original, StringRef entry, const DataLayout &layout, const Triple &triple) {
  return Rewriter(module, original).run(entry, layout, triple);
}

} // namespace seqc::sim
