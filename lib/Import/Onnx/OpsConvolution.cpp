// SPDX-License-Identifier: Apache-2.0
// Convolutions along the sequence.
#include "Registry.h"
#include "seqc/Dialect/Seq/IR/Seq.h"

using namespace mlir;

namespace seqc::onnx {

namespace {
/// input [B, C, L], weight [C, 1, K], bias [C], past_state [B, C, K - 1] -> output [B, C, L], present_state [B, C, K - 1]
void causalConvWithState(NodeContext &c) {
  GraphBuilder &g = c.g;
  c.onlyInt("ndim", 1);
  c.onlyInt("state_window", 0);
  std::string activation = c.attrString("activation", "none");
  if (activation == "swish")
    activation = "silu";
  if (activation != "none" && activation != "silu")
    invalid("expects activation silu, swish or none, but got " + activation);
  const Tensor &x = c.in(0), &weight = c.in(1);
  if (!x.isFloat() || x.rank() != 3)
    invalid("expects floats of rank 3 as input, but got " + describe(x));
  if (weight.element != x.element || weight.rank() != 3)
    invalid("expects a weight of rank 3 of the type of the input, but got " + describe(weight));
  g.require(weight.shape[0], x.shape[1], "channels of the weight");
  g.require(weight.shape[1], Size(1), "inputs of a channel");
  if (!weight.shape[2].isConst())
    unsupported("a weight " + describe(weight) + " with an unknown number of taps");
  int64_t taps = weight.shape[2].value();
  if (taps < 1)
    invalid("expects a weight with at least one tap, but got " + describe(weight));
  Shape stateShape{x.shape[0], x.shape[1], Size(taps - 1)};
  Value bias, state;
  if (c.has(2)) {
    const Tensor &b = c.in(2);
    if (b.element != x.element || b.rank() != 1)
      invalid("expects a bias of rank 1 of the type of the input, but got " + describe(b));
    g.require(b.shape[0], x.shape[1], "channels of the bias");
    bias = g.value(b);
  }
  if (c.has(3)) {
    const Tensor &s = c.in(3);
    if (s.element != x.element || s.rank() != 3)
      invalid("expects a state of rank 3 of the type of the input, but got " + describe(s));
    for (int64_t d = 0; d < 3; ++d)
      g.require(s.shape[d], stateShape[d], "sizes of the state");
    state = g.value(s);
  }
  bool wantsState = c.wants(1);
  Value u = g.value(x), w = g.value(g.reshape(weight, {weight.shape[0], weight.shape[2]}));
  SmallVector<Type> types{g.type(x.shape, x.element)};
  if (wantsState)
    types.push_back(g.type(stateShape, x.element));
  auto op = seq::ShortConvOp::create(g.b, g.loc, types, u, w, bias, state, g.b.getStringAttr(activation));
  c.out(0, g.wrap(op.getY(), x.shape));
  if (wantsState)
    c.out(1, g.wrap(op.getStateOut(), stateShape));
}
} // namespace

llvm::ArrayRef<Operator> convolutionOperators() {
  static const Operator list[] = {{"", "CausalConvWithState", 27, 27, causalConvWithState},
                                  {"com.microsoft", "CausalConvWithState", 1, 1, causalConvWithState}};
  return list;
}

} // namespace seqc::onnx
