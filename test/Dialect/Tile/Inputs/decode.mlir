// SPDX-License-Identifier: Apache-2.0
// Split-KV decode: 16 rows (query heads of one group) against len[b] keys in 4 splits, then the merge.
// Q: [B, HK, 16, 32], K, V: [B, HK, Nmax, 32], Op: [4, B * HK * 16, 32], Lp: [4, B * HK * 16] (base 2), O: [B * HK * 16, 32].
!bf = !tile.ptr<bf16>
!f = !tile.ptr<f32>
!V4 = !tile.view<?x?x?x32xbf16, [?, ?, 32, 1]>
!V2 = !tile.view<?x32xbf16, [32, 1]>
!VO = !tile.view<4x?x32xf32, [?, 32, 1]>
!VL = !tile.view<4x?xf32, [?, 1]>
!VN = !tile.view<?xi32, [1]>
!q = tensor<16x32xbf16>
!kt = tensor<8x32xbf16>
!s = tensor<16x8xf32>
!o = tensor<16x32xf32>
!r = tensor<16xf32>
tile.kernel @decode_split(%Q: !bf, %K: !bf, %V: !bf, %len: !tile.ptr<i32>, %Op: !f, %Lp: !f, %B: index, %HK: index, %Nmax: index, %c: f32)
    level(block) config(#tile.config<{rows = 16, bn = 8, d = 32, splits = 4}>)
    params(["Q", "K", "V", "len", "Op", "Lp", "B", "HK", "Nmax", "c"])
    access(["read", "read", "read", "read", "write", "write", "value", "value", "value", "value"])
    grid {
      %c4 = arith.constant 4 : index
      %bh = arith.muli %B, %HK : index
      tile.grid_yield %c4, %bh
    } {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %split = tile.program_id 0
  %bh = tile.program_id 1
  %b = arith.divsi %bh, %HK : index
  %hk = arith.remsi %bh, %HK : index
  %rows = arith.muli %bh, %c16 : index
  %R0 = arith.muli %B, %HK : index
  %R = arith.muli %R0, %c16 : index
  %RO = arith.muli %R, %c32 : index
  %sK = arith.muli %Nmax, %c32 : index
  %sKB = arith.muli %sK, %HK : index
  %c512 = arith.constant 512 : index
  %sQB = arith.muli %HK, %c512 : index
  %vq = tile.view %Q sizes [%B, %HK, %c16, 32] strides [%sQB, %c512, 32, 1] : !bf -> !V4
  %vk = tile.view %K sizes [%B, %HK, %Nmax, 32] strides [%sKB, %sK, 32, 1] : !bf -> !V4
  %vv = tile.view %V sizes [%B, %HK, %Nmax, 32] strides [%sKB, %sK, 32, 1] : !bf -> !V4
  %vlen = tile.view %len sizes [%B] strides [1] : !tile.ptr<i32> -> !VN
  %vo = tile.view %Op sizes [4, %R, 32] strides [%RO, 32, 1] : !f -> !VO
  %vl = tile.view %Lp sizes [4, %R] strides [%R, 1] : !f -> !VL
  %n32 = tile.load_scalar %vlen[%b] : !VN
  %n = arith.index_cast %n32 : i32 to index
  %per0 = arith.ceildivsi %n, %c4 : index
  %per1 = arith.ceildivsi %per0, %c8 : index
  %per = arith.muli %per1, %c8 : index
  %lo = arith.muli %split, %per : index
  %hi0 = arith.addi %lo, %per : index
  %hi = arith.minsi %hi0, %n : index
  %vkb = tile.subview %vk[%b, %hk, 0, 0] sizes [1, 1, %n, 32] {drop = [0, 1]} : !V4 -> !V2
  %vvb = tile.subview %vv[%b, %hk, 0, 0] sizes [1, 1, %n, 32] {drop = [0, 1]} : !V4 -> !V2
  %q = tile.load %vq[%b, %hk, 0, 0] : !V4 -> !q
  %z = arith.constant dense<0.0> : !o
  %zl = arith.constant dense<0.0> : !r
  %ninf = arith.constant dense<0xFF800000> : !r
  %fninf = arith.constant 0xFF800000 : f32
  %cr = tile.splat %c : f32 -> !r
  %cs = tile.splat %c : f32 -> !s
  %r:3 = scf.for %j = %lo to %hi step %c8 iter_args(%o = %z, %m = %ninf, %l = %zl) -> (!o, !r, !r) {
    %k = tile.load %vkb[%j, 0] {pad = 0.0} : !V2 -> !kt
    %v = tile.load %vvb[%j, 0] {pad = 0.0} : !V2 -> !kt
    %kT = tile.transpose %k [1, 0] : !kt
    %s0 = tile.dot %q, %kT : !q, tensor<32x8xbf16> -> !s
    %s = tile.map %s0 at [0, %j] (%x: f32, %i: index, %t: index) {
      %in = arith.cmpi slt, %t, %hi : index
      %y = arith.select %in, %x, %fninf : f32
      tile.yield %y : f32
    } : !s -> !s
    %tm = tile.reduce %s {dims = [1], kind = max} : !s -> !r
    %m1 = arith.maximumf %m, %tm : !r
    %df = arith.subf %m, %m1 : !r
    %dfc = arith.mulf %df, %cr : !r
    %a = math.exp2 %dfc fastmath<afn> : !r
    %m1b = tile.broadcast %m1 {at = 1} : !r -> !s
    %d = arith.subf %s, %m1b : !s
    %dc = arith.mulf %d, %cs : !s
    %p = math.exp2 %dc fastmath<afn> : !s
    %ls = tile.reduce %p {dims = [1], kind = add} : !s -> !r
    %l1 = math.fma %l, %a, %ls : !r
    %pb = arith.truncf %p : !s to tensor<16x8xbf16>
    %ab = tile.broadcast %a {at = 1} : !r -> !o
    %oa = arith.mulf %o, %ab : !o
    %o1 = tile.dot %pb, %v, %oa : tensor<16x8xbf16>, !kt, !o -> !o
    scf.yield %o1, %m1, %l1 : !o, !r, !r
  }
  // Split outputs are normalised by the merge: o / l with weight 2^(m c + log2 l).
  %e = arith.cmpf oeq, %r#2, %zl : !r
  %one = arith.constant dense<1.0> : !r
  %ld = arith.select %e, %one, %r#2 : tensor<16xi1>, !r
  %ldb = tile.broadcast %ld {at = 1} : !r -> !o
  %on = arith.divf %r#0, %ldb : !o
  %ons = tile.reshape %on : !o -> tensor<1x16x32xf32>
  tile.store %ons, %vo[%split, %rows, 0] : tensor<1x16x32xf32>, !VO
  %lg = math.log2 %ld fastmath<afn> : !r
  %w = math.fma %r#1, %cr, %lg : !r
  %we = arith.select %e, %ninf, %w : tensor<16xi1>, !r
  tile.store %we, %vl[%split, %rows] : !r, !VL
}
tile.kernel @decode_merge(%Op: !f, %Lp: !f, %O: !bf, %R: index)
    level(block) config(#tile.config<{rows = 4, splits = 4, d = 32}>) params(["Op", "Lp", "O", "R"]) access(["read", "read", "write", "value"])
    grid {
      %c4 = arith.constant 4 : index
      %x = arith.ceildivsi %R, %c4 : index
      tile.grid_yield %x
    } {
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %p = tile.program_id 0
  %row = arith.muli %p, %c4 : index
  %RO = arith.muli %R, %c32 : index
  %vo = tile.view %Op sizes [4, %R, 32] strides [%RO, 32, 1] : !f -> !VO
  %vl = tile.view %Lp sizes [4, %R] strides [%R, 1] : !f -> !VL
  %vy = tile.view %O sizes [%R, 32] strides [32, 1] : !bf -> !V2
  %l = tile.load %vl[0, %row] {pad = -inf} : !VL -> tensor<4x4xf32>
  %mx = tile.reduce %l {dims = [0], kind = max} : tensor<4x4xf32> -> tensor<4xf32>
  %ninf = arith.constant dense<0xFF800000> : tensor<4xf32>
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %one = arith.constant dense<1.0> : tensor<4xf32>
  %e = arith.cmpf oeq, %mx, %ninf : tensor<4xf32>
  %mz = arith.select %e, %zero, %mx : tensor<4xi1>, tensor<4xf32>
  %mb = tile.broadcast %mz {at = 0} : tensor<4xf32> -> tensor<4x4xf32>
  %d = arith.subf %l, %mb : tensor<4x4xf32>
  %w = math.exp2 %d : tensor<4x4xf32>
  %ws = tile.reduce %w {dims = [0], kind = add} : tensor<4x4xf32> -> tensor<4xf32>
  %wz = arith.cmpf oeq, %ws, %zero : tensor<4xf32>
  %wd = arith.select %wz, %one, %ws : tensor<4xi1>, tensor<4xf32>
  %wdb = tile.broadcast %wd {at = 0} : tensor<4xf32> -> tensor<4x4xf32>
  %wn = arith.divf %w, %wdb : tensor<4x4xf32>
  %o = tile.load %vo[0, %row, 0] : !VO -> tensor<4x4x32xf32>
  %wb = tile.broadcast %wn {at = 2} : tensor<4x4xf32> -> tensor<4x4x32xf32>
  %ow = arith.mulf %o, %wb : tensor<4x4x32xf32>
  %y = tile.reduce %ow {dims = [0], kind = add} : tensor<4x4x32xf32> -> tensor<4x32xf32>
  %yb = arith.truncf %y : tensor<4x32xf32> to tensor<4x32xbf16>
  tile.store %yb, %vy[%row, 0] : tensor<4x32xbf16>, !V2
}
