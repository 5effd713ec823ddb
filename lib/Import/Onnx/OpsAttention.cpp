// SPDX-License-Identifier: Apache-2.0
#include "Registry.h"
namespace seqc::onnx {
llvm::ArrayRef<Operator> attentionOperators() { return {}; }
llvm::ArrayRef<Operator> contribOperators() { return {}; }
} // namespace seqc::onnx
