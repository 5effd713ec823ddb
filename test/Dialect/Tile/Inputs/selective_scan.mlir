// SPDX-License-Identifier: Apache-2.0
// Selective scan; u, dt, z, y: [B, C, L], Bm, Cm: [B, 16, L], A: [C, 16], h0, h1: [B, C, 16].
!bf = !tile.ptr<bf16>
!f = !tile.ptr<f32>
!V = !tile.view<?x?x?xbf16, [?, ?, 1]>
!VB = !tile.view<?x16x?xbf16, [?, ?, 1]>
!VH = !tile.view<?x?x16xf32, [?, 16, 1]>
!VA = !tile.view<?x16xf32, [16, 1]>
!V1 = !tile.view<?xf32, [1]>
!h = tensor<64x16xf32>
!x = tensor<64x8xf32>
!xb = tensor<64x8xbf16>
!bb = tensor<16x8xbf16>
!b = tensor<16x8xf32>
!c = tensor<64xf32>
tile.kernel @selective_scan(%u: !bf, %dt: !bf, %z: !bf, %A: !f, %Bm: !bf, %Cm: !bf, %D: !f, %bias: !f, %h0: !f, %y: !bf, %h1: !f, %B: index, %C: index, %L: index)
    level(block) config(#tile.config<{rows = 64, chunk = 64, sub = 8, n = 16}>)
    params(["u", "dt", "z", "A", "Bm", "Cm", "D", "bias", "h0", "y", "h1", "B", "C", "L"])
    access(["read", "read", "read", "read", "read", "read", "read", "read", "read", "write", "write", "value", "value", "value"])
    grid {
      %c64 = arith.constant 64 : index
      %x = arith.ceildivsi %C, %c64 : index
      tile.grid_yield %x, %B
    } {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %c16 = arith.constant 16 : index
  %CL = arith.muli %C, %L : index
  %NL = arith.muli %c16, %L : index
  %CN = arith.muli %C, %c16 : index
  %vu = tile.view %u sizes [%B, %C, %L] strides [%CL, %L, 1] : !bf -> !V
  %vdt = tile.view %dt sizes [%B, %C, %L] strides [%CL, %L, 1] : !bf -> !V
  %vz = tile.view %z sizes [%B, %C, %L] strides [%CL, %L, 1] : !bf -> !V
  %vy = tile.view %y sizes [%B, %C, %L] strides [%CL, %L, 1] : !bf -> !V
  %vB = tile.view %Bm sizes [%B, 16, %L] strides [%NL, %L, 1] : !bf -> !VB
  %vC = tile.view %Cm sizes [%B, 16, %L] strides [%NL, %L, 1] : !bf -> !VB
  %vA = tile.view %A sizes [%C, 16] strides [16, 1] : !f -> !VA
  %vD = tile.view %D sizes [%C] strides [1] : !f -> !V1
  %vbias = tile.view %bias sizes [%C] strides [1] : !f -> !V1
  %vh0 = tile.view %h0 sizes [%B, %C, 16] strides [%CN, 16, 1] : !f -> !VH
  %vh1 = tile.view %h1 sizes [%B, %C, 16] strides [%CN, 16, 1] : !f -> !VH
  %ic = tile.program_id 0
  %b = tile.program_id 1
  %c = arith.muli %ic, %c64 : index
  %a0 = tile.load %vA[%c, 0] {pad = 0.0} : !VA -> !h
  %l2eh = arith.constant dense<1.44269502> : !h
  %a2 = arith.mulf %a0, %l2eh : !h
  %bi = tile.load %vbias[%c] {pad = 0.0} : !V1 -> !c
  %bib = tile.broadcast %bi {at = 1} : !c -> !x
  %Dv = tile.load %vD[%c] {pad = 0.0} : !V1 -> !c
  %Db = tile.broadcast %Dv {at = 1} : !c -> !x
  %l2e = arith.constant dense<1.44269502> : !x
  %ln2 = arith.constant dense<0.693147182> : !x
  %one = arith.constant dense<1.0> : !x
  %zero = arith.constant dense<0.0> : !x
  %thr = arith.constant dense<20.0> : !x
  %hi = tile.load %vh0[%b, %c, 0] {pad = 0.0} : !VH -> !h
  %h = scf.for %t0 = %c0 to %L step %c8 iter_args(%hs = %hi) -> (!h) {
    %ut = tile.load %vu[%b, %c, %t0] {pad = 0.0} : !V -> !xb
    %dtt = tile.load %vdt[%b, %c, %t0] {pad = 0.0} : !V -> !xb
    %zt = tile.load %vz[%b, %c, %t0] {pad = 0.0} : !V -> !xb
    %Bt = tile.load %vB[%b, 0, %t0] {pad = 0.0} : !VB -> !bb
    %Ct = tile.load %vC[%b, 0, %t0] {pad = 0.0} : !VB -> !bb
    %uf = arith.extf %ut : !xb to !x
    %df = arith.extf %dtt : !xb to !x
    %zf = arith.extf %zt : !xb to !x
    %Bf = arith.extf %Bt : !bb to !b
    %Cf = arith.extf %Ct : !bb to !b
    %dd = arith.addf %df, %bib : !x
    %sx = arith.mulf %dd, %l2e : !x
    %se = math.exp2 %sx fastmath<afn> : !x
    %s1p = arith.addf %se, %one : !x
    %slg = math.log2 %s1p fastmath<afn> : !x
    %ssp = arith.mulf %slg, %ln2 : !x
    %sbig = arith.cmpf ogt, %dd, %thr : !x
    %dsp = arith.select %sbig, %dd, %ssp : tensor<64x8xi1>, !x
    %dl = tile.map %dsp at [0, %t0] (%v: f32, %i: index, %t: index) {
      %in = arith.cmpi slt, %t, %L : index
      %f0 = arith.constant 0.0 : f32
      %m = arith.select %in, %v, %f0 : f32
      tile.yield %m : f32
    } : !x -> !x
    %x = arith.mulf %dl, %uf : !x
    %hn, %yt = tile.recur %dl, %x, %Bf, %Cf init(%hs) (%s: !h, %d: !c, %xx: !c, %bv: tensor<16xf32>, %cv: tensor<16xf32>) {
      %db = tile.broadcast %d {at = 1} : !c -> !h
      %ea = arith.mulf %db, %a2 : !h
      %e = math.exp2 %ea fastmath<afn> : !h
      %xb = tile.broadcast %xx {at = 1} : !c -> !h
      %bvb = tile.broadcast %bv {at = 0} : tensor<16xf32> -> !h
      %xB = arith.mulf %xb, %bvb : !h
      %sn = math.fma %e, %s, %xB : !h
      %cvb = tile.broadcast %cv {at = 0} : tensor<16xf32> -> !h
      %sc = arith.mulf %sn, %cvb : !h
      %o = tile.reduce %sc {dims = [1], kind = add} : !h -> !c
      tile.yield %sn, %o : !h, !c
    } {dim = 1} : !x, !x, !b, !b init(!h) -> !h, !x
    %y1 = math.fma %Db, %uf, %yt : !x
    %nz = arith.negf %zf : !x
    %nzl = arith.mulf %nz, %l2e : !x
    %ez = math.exp2 %nzl fastmath<afn> : !x
    %ez1 = arith.addf %ez, %one : !x
    %sg = arith.divf %zf, %ez1 fastmath<afn> : !x
    %yf = arith.mulf %y1, %sg : !x
    %yo = arith.truncf %yf : !x to !xb
    tile.store %yo, %vy[%b, %c, %t0] : !xb, !V
    scf.yield %hn : !h
  }
  tile.store %h, %vh1[%b, %c, 0] : !h, !VH
}
