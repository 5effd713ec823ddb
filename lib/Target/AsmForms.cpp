// SPDX-License-Identifier: Apache-2.0
#include "seqc/Target/AsmForms.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace seqc::target {

static constexpr AsmForm forms[] = {
    {AsmId::Ex2, "ex2.approx.f32", "ex2.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::Ex2Ftz, "ex2.approx.ftz.f32", "ex2.approx.ftz.f32 $0, $1;", "=f,f", false},
    {AsmId::Lg2, "lg2.approx.f32", "lg2.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::Lg2Ftz, "lg2.approx.ftz.f32", "lg2.approx.ftz.f32 $0, $1;", "=f,f", false},
    {AsmId::Rcp, "rcp.approx.f32", "rcp.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::RcpFtz, "rcp.approx.ftz.f32", "rcp.approx.ftz.f32 $0, $1;", "=f,f", false},
    {AsmId::Rsqrt, "rsqrt.approx.f32", "rsqrt.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::RsqrtFtz, "rsqrt.approx.ftz.f32", "rsqrt.approx.ftz.f32 $0, $1;", "=f,f", false},
    {AsmId::Sqrt, "sqrt.approx.f32", "sqrt.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::SqrtFtz, "sqrt.approx.ftz.f32", "sqrt.approx.ftz.f32 $0, $1;", "=f,f", false},
    {AsmId::Sin, "sin.approx.f32", "sin.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::Cos, "cos.approx.f32", "cos.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::Tanh, "tanh.approx.f32", "tanh.approx.f32 $0, $1;", "=f,f", false},
    {AsmId::RedAddF32, "red.global.add.f32", "red.global.add.f32 [$0], $1;", "l,f", true},
    {AsmId::RedAddV2F32, "red.global.add.v2.f32", "red.global.add.v2.f32 [$0], {$1, $2};", "l,f,f", true},
    {AsmId::RedAddV4F32, "red.global.add.v4.f32", "red.global.add.v4.f32 [$0], {$1, $2, $3, $4};", "l,f,f,f,f", true},
    {AsmId::RedAddF16x2, "red.global.add.noftz.f16x2", "red.global.add.noftz.f16x2 [$0], $1;", "l,r", true},
    {AsmId::RedAddBF16x2, "red.global.add.noftz.bf16x2", "red.global.add.noftz.bf16x2 [$0], $1;", "l,r", true},
    {AsmId::PrefetchL2, "prefetch.global.L2", "prefetch.global.L2 [$0];", "l", true},
};

llvm::ArrayRef<AsmForm> asmForms() { return forms; }

const AsmForm &asmForm(AsmId id) {
  const AsmForm &form = forms[static_cast<unsigned>(id)];
  assert(form.id == id && "the table is in the order of the ids");
  return form;
}

static std::string withoutBlanks(llvm::StringRef text) {
  std::string out;
  for (char c : text)
    if (!llvm::isSpace(c))
      out += c;
  return out;
}

static std::string withoutClobbers(llvm::StringRef constraints) {
  llvm::SmallVector<llvm::StringRef> parts;
  constraints.split(parts, ',', -1, /*KeepEmpty=*/false);
  llvm::erase_if(parts, [](llvm::StringRef part) { return part.starts_with("~"); });
  return llvm::join(parts, ",");
}

const AsmForm *findAsmForm(llvm::StringRef text, llvm::StringRef constraints) {
  std::string wanted = withoutBlanks(text), operands = withoutClobbers(constraints);
  for (const AsmForm &form : forms)
    if (withoutBlanks(form.text) == wanted && form.constraints == operands)
      return &form;
  return nullptr;
}

} // namespace seqc::target
