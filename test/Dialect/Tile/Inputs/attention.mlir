// SPDX-License-Identifier: Apache-2.0
// Causal attention, bottom-right alignment, ALiBi score map, grouped heads; Q, O: [B, H, M, 32], K, V: [B, H / G, N, 32], LSE: [B, H, M].
!V4 = !tile.view<?x?x?x32xbf16, [?, ?, 32, 1]>
!V3 = !tile.view<?x?x?xf32, [?, ?, 1]>
!T = tensor<32x32xbf16>
!S = tensor<32x32xf32>
!st = tensor<32xf32>
tile.kernel @attn_fwd(%Q: !tile.ptr<bf16>, %K: !tile.ptr<bf16>, %V: !tile.ptr<bf16>, %slope: !tile.ptr<f32>, %O: !tile.ptr<bf16>, %L: !tile.ptr<f32>,
    %B: index, %H: index, %G: index, %M: index, %N: index, %scale: f32)
    level(block) config(#tile.config<{bm = 32, bn = 32, d = 32}>)
    params(["Q", "K", "V", "slope", "O", "LSE", "B", "H", "G", "M", "N", "scale"]) access(["read", "read", "read", "read", "write", "write", "value", "value", "value", "value", "value", "value"])
    grid {
      %c32 = arith.constant 32 : index
      %x = arith.ceildivsi %M, %c32 : index
      %y = arith.muli %B, %H : index
      tile.grid_yield %x, %y
    } {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c32 = arith.constant 32 : index
  %log2e = arith.constant 1.44269502 : f32
  %ln2 = arith.constant 0.693147182 : f32
  %fninf = arith.constant 0xFF800000 : f32
  %c = arith.mulf %scale, %log2e : f32
  %sH = arith.muli %M, %c32 : index
  %sB = arith.muli %sH, %H : index
  %HK = arith.divsi %H, %G : index
  %tH = arith.muli %N, %c32 : index
  %tB = arith.muli %tH, %HK : index
  %lB = arith.muli %M, %H : index
  %vq = tile.view %Q sizes [%B, %H, %M, 32] strides [%sB, %sH, 32, 1] : !tile.ptr<bf16> -> !V4
  %vk = tile.view %K sizes [%B, %HK, %N, 32] strides [%tB, %tH, 32, 1] : !tile.ptr<bf16> -> !V4
  %vv = tile.view %V sizes [%B, %HK, %N, 32] strides [%tB, %tH, 32, 1] : !tile.ptr<bf16> -> !V4
  %vo = tile.view %O sizes [%B, %H, %M, 32] strides [%sB, %sH, 32, 1] : !tile.ptr<bf16> -> !V4
  %vl = tile.view %L sizes [%B, %H, %M] strides [%lB, %M, 1] : !tile.ptr<f32> -> !V3
  %vsl = tile.view %slope sizes [%H] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %zero = arith.constant dense<0.0> : !S
  %ninf = arith.constant dense<0xFF800000> : !st
  %zeros = arith.constant dense<0.0> : !st
  %ones = arith.constant dense<1.0> : !st
  %im = tile.program_id 0
  %bh = tile.program_id 1
  %b = arith.divsi %bh, %H : index
  %h = arith.remsi %bh, %H : index
  %hk = arith.divsi %h, %G : index
  %m0 = arith.muli %im, %c32 : index
  %off = arith.subi %N, %M : index
  %m0o = arith.addi %m0, %off : index
  %nb = arith.ceildivsi %N, %c32 : index
  %h1 = arith.addi %m0o, %c32 : index
  %h2 = arith.ceildivsi %h1, %c32 : index
  %h3 = arith.maxsi %h2, %c0 : index
  %hi = arith.minsi %h3, %nb : index
  %w1 = arith.addi %m0o, %c1 : index
  %w2 = arith.floordivsi %w1, %c32 : index
  %w3 = arith.maxsi %w2, %c0 : index
  %lo = arith.minsi %w3, %hi : index
  %q = tile.load %vq[%b, %h, %m0, 0] {pad = 0.0} : !V4 -> !T
  %sl = tile.load_scalar %vsl[%h] : !tile.view<?xf32, [1]>
  %slope1 = arith.divf %sl, %scale : f32
  %cst = tile.splat %c : f32 -> !st
  %cS = tile.splat %c : f32 -> !S
  %r:3 = scf.for %n = %c0 to %lo step %c1 iter_args(%o = %zero, %m = %ninf, %l = %zeros) -> (!S, !st, !st) {
    %j0 = arith.muli %n, %c32 : index
    %k = tile.load %vk[%b, %hk, %j0, 0] {pad = 0.0} : !V4 -> !T
    %v = tile.load %vv[%b, %hk, %j0, 0] {pad = 0.0} : !V4 -> !T
    %kT = tile.transpose %k [1, 0] : !T
    %s = tile.dot %q, %kT : !T, !T -> !S
    %t = tile.map %s at [%m0o, %j0] (%x: f32, %ei: index, %ej: index) {
      %dd = arith.subi %ej, %ei : index
      %di = arith.index_cast %dd : index to i32
      %dx = arith.sitofp %di : i32 to f32
      %y = math.fma %dx, %slope1, %x : f32
      tile.yield %y : f32
    } : !S -> !S
    %tm = tile.reduce %t {dims = [1], kind = max} : !S -> !st
    %m1 = arith.maximumf %m, %tm : !st
    %df = arith.subf %m, %m1 : !st
    %dfc = arith.mulf %df, %cst : !st
    %a = math.exp2 %dfc fastmath<afn> : !st
    %nm = arith.negf %m1 : !st
    %nmc = arith.mulf %nm, %cst : !st
    %nmb = tile.broadcast %nmc {at = 1} : !st -> !S
    %ea = math.fma %t, %cS, %nmb : !S
    %p = math.exp2 %ea fastmath<afn> : !S
    %ls = tile.reduce %p {dims = [1], kind = add} : !S -> !st
    %l1 = math.fma %l, %a, %ls : !st
    %pb = arith.truncf %p : !S to !T
    %ab = tile.broadcast %a {at = 1} : !st -> !S
    %oa = arith.mulf %o, %ab : !S
    %o1 = tile.dot %pb, %v, %oa : !T, !T, !S -> !S
    scf.yield %o1, %m1, %l1 : !S, !st, !st
  }
  %r2:3 = scf.for %n = %lo to %hi step %c1 iter_args(%o = %r#0, %m = %r#1, %l = %r#2) -> (!S, !st, !st) {
    %j0 = arith.muli %n, %c32 : index
    %k = tile.load %vk[%b, %hk, %j0, 0] {pad = 0.0} : !V4 -> !T
    %v = tile.load %vv[%b, %hk, %j0, 0] {pad = 0.0} : !V4 -> !T
    %kT = tile.transpose %k [1, 0] : !T
    %s = tile.dot %q, %kT : !T, !T -> !S
    %t = tile.map %s at [%m0o, %j0] (%x: f32, %ei: index, %ej: index) {
      %dd = arith.subi %ej, %ei : index
      %di = arith.index_cast %dd : index to i32
      %dx = arith.sitofp %di : i32 to f32
      %y = math.fma %dx, %slope1, %x : f32
      %c_1 = arith.cmpi sle, %ej, %ei : index
      %c_2 = arith.cmpi slt, %ej, %N : index
      %c_3 = arith.andi %c_1, %c_2 : i1
      %ym = arith.select %c_3, %y, %fninf : f32
      tile.yield %ym : f32
    } : !S -> !S
    %tm = tile.reduce %t {dims = [1], kind = max} : !S -> !st
    %m1 = arith.maximumf %m, %tm : !st
    %e0 = arith.cmpf oeq, %m1, %ninf : !st
    %mz = arith.select %e0, %zeros, %m1 : tensor<32xi1>, !st
    %df = arith.subf %m, %mz : !st
    %dfc = arith.mulf %df, %cst : !st
    %a = math.exp2 %dfc fastmath<afn> : !st
    %nm = arith.negf %mz : !st
    %nmc = arith.mulf %nm, %cst : !st
    %nmb = tile.broadcast %nmc {at = 1} : !st -> !S
    %ea = math.fma %t, %cS, %nmb : !S
    %p = math.exp2 %ea fastmath<afn> : !S
    %ls = tile.reduce %p {dims = [1], kind = add} : !S -> !st
    %l1 = math.fma %l, %a, %ls : !st
    %pb = arith.truncf %p : !S to !T
    %ab = tile.broadcast %a {at = 1} : !st -> !S
    %oa = arith.mulf %o, %ab : !S
    %o1 = tile.dot %pb, %v, %oa : !T, !T, !S -> !S
    scf.yield %o1, %m1, %l1 : !S, !st, !st
  }
  %le = arith.cmpf oeq, %r2#2, %zeros : !st
  %inv0 = arith.divf %ones, %r2#2 fastmath<afn> : !st
  %inv = arith.select %le, %zeros, %inv0 : tensor<32xi1>, !st
  %invb = tile.broadcast %inv {at = 1} : !st -> !S
  %of = arith.mulf %r2#0, %invb : !S
  %ob = arith.truncf %of : !S to !T
  tile.store %ob, %vo[%b, %h, %m0, 0] : !T, !V4
  %ssc = tile.splat %scale : f32 -> !st
  %sln2 = tile.splat %ln2 : f32 -> !st
  %lg = math.log2 %r2#2 fastmath<afn> : !st
  %lgn = arith.mulf %lg, %sln2 : !st
  %lse0 = math.fma %r2#1, %ssc, %lgn : !st
  %lse = arith.select %le, %ninf, %lse0 : tensor<32xi1>, !st
  tile.store %lse, %vl[%b, %h, %m0] : !st, !V3
}
