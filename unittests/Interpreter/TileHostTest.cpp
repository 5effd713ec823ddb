// SPDX-License-Identifier: Apache-2.0
// Host functions of launches.
#include "TileTesting.h"

using namespace seqc::interp;

using TileHost = TileTest;

static constexpr const char *kScale = R"(
ml_program.global private @w(dense<[2.0, 3.0, 4.0]> : tensor<3xf32>) : tensor<3xf32>
ml_program.global private @ext(#ml_program.extern : tensor<3xf32>) : tensor<3xf32>
tile.kernel @scale(%x: !tile.ptr<f32>, %w: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
    params(["x", "w", "y", "n", "s"]) access(["read", "read", "write", "value", "value"])
    grid { %c4 = arith.constant 4 : index %g = arith.ceildivsi %n, %c4 : index tile.grid_yield %g } {
  %c4 = arith.constant 4 : index
  %vx = tile.view %x sizes [%n, 3] strides [3, 1] : !tile.ptr<f32> -> !tile.view<?x3xf32, [3, 1]>
  %vy = tile.view %y sizes [%n, 3] strides [3, 1] : !tile.ptr<f32> -> !tile.view<?x3xf32, [3, 1]>
  %vw = tile.view %w sizes [3] strides [1] : !tile.ptr<f32> -> !tile.view<3xf32, [1]>
  %p = tile.program_id 0
  %i = arith.muli %p, %c4 : index
  %t = tile.load %vx[%i, 0] : !tile.view<?x3xf32, [3, 1]> -> tensor<4x3xf32>
  %wt = tile.load %vw[0] : !tile.view<3xf32, [1]> -> tensor<3xf32>
  %wb = tile.broadcast %wt {at = 0} : tensor<3xf32> -> tensor<4x3xf32>
  %st = tile.splat %s : f32 -> tensor<4x3xf32>
  %a = arith.mulf %t, %wb : tensor<4x3xf32>
  %b = arith.mulf %a, %st : tensor<4x3xf32>
  tile.store %b, %vy[%i, 0] : tensor<4x3xf32>, !tile.view<?x3xf32, [3, 1]>
}
func.func @main(%x: tensor<?x?x3xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x3xf32>
  %l = tensor.dim %x, %c1 : tensor<?x?x3xf32>
  %n = arith.muli %b, %l : index
  %s = arith.constant 10.0 : f32
  %w = ml_program.global_load_const @GLOBAL : tensor<3xf32>
  %f = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x3xf32> into tensor<?x3xf32>
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %y = tile.launch @scale ins(%f, %w : tensor<?x3xf32>, tensor<3xf32>) outs(%e : tensor<?x3xf32>) scalars(%n, %s : index, f32) -> tensor<?x3xf32>
  %g = tensor.expand_shape %y [[0, 1], [2]] output_shape [%b, %l, 3] : tensor<?x3xf32> into tensor<?x?x3xf32>
  %h = tensor.collapse_shape %g [[0, 1], [2]] : tensor<?x?x3xf32> into tensor<?x3xf32>
  %e2 = tensor.empty(%n) : tensor<?x3xf32>
  %z = tile.launch @scale ins(%h, %w : tensor<?x3xf32>, tensor<3xf32>) outs(%e2 : tensor<?x3xf32>) scalars(%n, %s : index, f32) -> tensor<?x3xf32>
  return %z : tensor<?x3xf32>
}
)";

static std::string withGlobal(llvm::StringRef symbol) {
  std::string text = kScale;
  text.replace(text.find("GLOBAL"), 6, symbol.str());
  return text;
}

TEST_F(TileHost, LaunchesChainAndReshape) {
  auto main = parse(withGlobal("w")).lookupSymbol<mlir::func::FuncOp>("main");
  Tensor x = random(DType::F32, {2, 3, 3});
  auto results = evaluateHost(main, {x}, TileOptions());
  ASSERT_TRUE(bool(results)) << toString(results.takeError());
  Tensor want(DType::F32, {6, 3});
  for (int64_t i = 0; i < 6; ++i)
    for (int64_t j = 0; j < 3; ++j)
      want.at({i, j}) = x.data[i * 3 + j] * 100 * (2 + j) * (2 + j);
  expectNear((*results)[0], want, 1e-6);
}

TEST_F(TileHost, WeightsComeFromOptions) {
  auto main = parse(withGlobal("ext")).lookupSymbol<mlir::func::FuncOp>("main");
  Tensor x(DType::F32, {1, 1, 3}, 1.0);
  TileOptions options;
  auto missing = evaluateHost(main, {x}, options);
  ASSERT_FALSE(bool(missing));
  EXPECT_NE(toString(missing.takeError()).find("has no value for @ext"), std::string::npos);
  options.weights["ext"] = Tensor(DType::F32, {3}, 0.5);
  auto results = evaluateHost(main, {x}, options);
  ASSERT_TRUE(bool(results)) << toString(results.takeError());
  EXPECT_EQ((*results)[0].data, (std::vector<double>{25, 25, 25}));
}

TEST_F(TileHost, UnwrittenResultsStayNaN) {
  auto f = parse(R"(
tile.kernel @nothing(%y: !tile.ptr<f32>) level(block) params(["y"]) access(["write"]) grid { %c1 = arith.constant 1 : index tile.grid_yield %c1 } {
}
func.func @main() -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  %y = tile.launch @nothing ins() outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
})")
               .lookupSymbol<mlir::func::FuncOp>("main");
  auto results = evaluateHost(f, {}, TileOptions());
  ASSERT_TRUE(bool(results)) << toString(results.takeError());
  EXPECT_TRUE(std::isnan((*results)[0].data[0]) && std::isnan((*results)[0].data[1]));
}
