// SPDX-License-Identifier: Apache-2.0
#include "Marshal.h"
#include "Rewrite.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace seqc::sim {

static constexpr unsigned maxWords = 32;

Marshal::Marshal(Function &function) : function(function) {}

Value *Marshal::slot(IRBuilder<> &b, Value *buffer, unsigned word) {
  assert(word < maxWords && "an operation with more operands than the buffer has words");
  return b.CreateConstInBoundsGEP1_32(b.getInt32Ty(), buffer, word);
}

/// The integer type that carries `type` in a register, or the type itself where its memory image is the wanted words already.
static Type *carrier(IRBuilder<> &b, Type *type) {
  unsigned bits = type->getPrimitiveSizeInBits();
  return bits <= 16 ? b.getIntNTy(bits) : type;
}

unsigned Marshal::store(IRBuilder<> &b, Value *value, unsigned word) {
  Type *type = value->getType();
  if (type->isPointerTy()) {
    b.CreateAlignedStore(b.CreatePtrToInt(value, b.getInt64Ty()), slot(b, in, word), Align(4));
    return word + 2;
  }
  unsigned bits = type->getPrimitiveSizeInBits();
  if (bits < 32)
    value = b.CreateZExt(b.CreateBitCast(value, carrier(b, type)), b.getInt32Ty());
  b.CreateAlignedStore(value, slot(b, in, word), Align(4));
  return word + std::max(1u, bits / 32);
}

Value *Marshal::load(IRBuilder<> &b, Type *type, unsigned &word) {
  if (auto *record = dyn_cast<StructType>(type)) {
    Value *value = PoisonValue::get(type);
    for (unsigned i = 0; i < record->getNumElements(); ++i)
      value = b.CreateInsertValue(value, load(b, record->getElementType(i), word), i);
    return value;
  }
  unsigned bits = type->getPrimitiveSizeInBits(), at = word;
  word += std::max(1u, bits / 32);
  if (bits >= 32)
    return b.CreateAlignedLoad(type, slot(b, out, at), Align(4));
  Value *value = b.CreateAlignedLoad(b.getInt32Ty(), slot(b, out, at), Align(4));
  return b.CreateBitCast(b.CreateTrunc(value, b.getIntNTy(bits)), type);
}

void Marshal::replace(CallBase &call, uint32_t site) {
  if (!in) {
    IRBuilder<> entry(&*function.getEntryBlock().begin());
    in = entry.CreateAlloca(ArrayType::get(entry.getInt32Ty(), maxWords));
    out = entry.CreateAlloca(ArrayType::get(entry.getInt32Ty(), maxWords));
  }
  IRBuilder<> b(&call);
  unsigned word = 0;
  for (Value *argument : call.args())
    word = store(b, argument, word);
  FunctionCallee callee =
      function.getParent()->getOrInsertFunction(operationName, FunctionType::get(b.getVoidTy(), {b.getInt32Ty(), b.getPtrTy(), b.getPtrTy()}, false));
  b.CreateCall(callee, {b.getInt32(site), in, out});
  if (!call.getType()->isVoidTy()) {
    unsigned result = 0;
    call.replaceAllUsesWith(load(b, call.getType(), result));
  }
  call.eraseFromParent();
}

} // namespace seqc::sim
