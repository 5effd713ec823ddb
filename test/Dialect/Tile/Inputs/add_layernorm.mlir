// SPDX-License-Identifier: Apache-2.0
// XR = X + R; Y = layernorm(XR) * gamma + beta over rows of 24 elements.
!bf = !tile.ptr<bf16>
!f = !tile.ptr<f32>
!V = !tile.view<?x24xbf16, [24, 1]>
!W = !tile.view<24xf32, [1]>
!x = tensor<4x24xf32>
!xb = tensor<4x24xbf16>
!r = tensor<4xf32>
!w = tensor<24xf32>
tile.kernel @add_layernorm(%X: !bf, %R: !bf, %gamma: !f, %beta: !f, %Y: !bf, %XR: !bf, %rows: index, %eps: f32)
    level(block) config(#tile.config<{rows = 4, d = 24}>)
    params(["X", "R", "gamma", "beta", "Y", "XR", "rows", "eps"]) access(["read", "read", "read", "read", "write", "write", "value", "value"])
    grid {
      %c4 = arith.constant 4 : index
      %n = arith.ceildivsi %rows, %c4 : index
      tile.grid_yield %n
    } {
  %c4 = arith.constant 4 : index
  %vx = tile.view %X sizes [%rows, 24] strides [24, 1] : !bf -> !V
  %vr = tile.view %R sizes [%rows, 24] strides [24, 1] : !bf -> !V
  %vy = tile.view %Y sizes [%rows, 24] strides [24, 1] : !bf -> !V
  %vxr = tile.view %XR sizes [%rows, 24] strides [24, 1] : !bf -> !V
  %vg = tile.view %gamma sizes [24] strides [1] : !f -> !W
  %vb = tile.view %beta sizes [24] strides [1] : !f -> !W
  %p = tile.program_id 0
  %i = arith.muli %p, %c4 : index
  %xb = tile.load %vx[%i, 0] : !V -> !xb
  %rb = tile.load %vr[%i, 0] : !V -> !xb
  %xf = arith.extf %xb : !xb to !x
  %rf = arith.extf %rb : !xb to !x
  %x = arith.addf %xf, %rf : !x
  %xo = arith.truncf %x : !x to !xb
  tile.store %xo, %vxr[%i, 0] : !xb, !V
  %d = arith.constant dense<24.0> : !r
  %s = tile.reduce %x {dims = [1], kind = add} : !x -> !r
  %mu = arith.divf %s, %d : !r
  %mub = tile.broadcast %mu {at = 1} : !r -> !x
  %c = arith.subf %x, %mub : !x
  %cc = arith.mulf %c, %c : !x
  %ss = tile.reduce %cc {dims = [1], kind = add} : !x -> !r
  %va = arith.divf %ss, %d : !r
  %epst = tile.splat %eps : f32 -> !r
  %ve = arith.addf %va, %epst : !r
  %rs = math.rsqrt %ve fastmath<afn> : !r
  %rsb = tile.broadcast %rs {at = 1} : !r -> !x
  %g = tile.load %vg[0] : !W -> !w
  %b = tile.load %vb[0] : !W -> !w
  %gb = tile.broadcast %g {at = 0} : !w -> !x
  %bb = tile.broadcast %b {at = 0} : !w -> !x
  %h = arith.mulf %c, %rsb : !x
  %y = math.fma %h, %gb, %bb : !x
  %yo = arith.truncf %y : !x to !xb
  tile.store %yo, %vy[%i, 0] : !xb, !V
}
