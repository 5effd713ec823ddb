// One case per rule of the closed list.
// RUN: seqc-opt %s --seq-verify-graph --verify-diagnostics --split-input-file --allow-unregistered-dialect

// expected-error@+1 {{expects a function with 'seq.export' (an entry point), but got none}}
module {
  func.func @no_export(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

func.func @generic(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  // expected-error@+1 {{'linalg.generic' op is not a form of a seq graph: its body is opaque; write it with arith and math on tensors}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%x : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @fill(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  // expected-error@+1 {{'arith.constant' op is not a form of a seq graph: scalars}}
  %c = arith.constant 0.0 : f32
  // expected-error@+1 {{'linalg.fill' op is not a form of a seq graph: write a splat constant, or linalg.broadcast of a constant of rank 0}}
  %0 = linalg.fill ins(%c : f32) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @named_elementwise(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  // expected-error@+1 {{'linalg.exp' op is not a form of a seq graph: write it with arith and math on tensors, linalg.matmul}}
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @cast(%x: tensor<4xf32>) -> tensor<?xf32> attributes {seq.export} {
  // expected-error@+1 {{'tensor.cast' op is not a form of a seq graph: give producer and consumer one type}}
  %0 = tensor.cast %x : tensor<4xf32> to tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @unknown_dialect(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  // expected-error@+1 {{'torch.aten.relu' op is not a form of a seq graph: import the exported program with the importer of seqc}}
  %0 = "torch.aten.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error@+1 {{'mine.op' op is not a form of a seq graph: rewrite it with the forms of docs/spec/graph-forms.md}}
  %1 = "mine.op"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @control_flow(%x: tensor<4xf32>, %p: tensor<i1>) -> tensor<4xf32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{'scf.for' op is not a form of a seq graph: control flow is not part of a graph}}
  %0 = scf.for %i = %c0 to %c0 step %c0 iter_args(%a = %x) -> tensor<4xf32> {
    scf.yield %a : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

// expected-error@+1 {{'func.func' op is not a form of a seq graph: it has no body; a graph calls nothing outside}}
func.func private @callee(%x: tensor<4xf32>) -> tensor<4xf32>
func.func @call(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  // expected-error@+1 {{'func.call' op is not a form of a seq graph: inline the callee (mlir-opt --inline)}}
  %0 = call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error@+1 {{'func.func' op expects element type f32, f16, bf16, f64, i1, i8, i32, i64, complex<f32> or complex<f64>, but got 'tensor<4xi16>'}}
func.func @element_type(%x: tensor<4xi16>) attributes {seq.export} {
  return
}

// -----

// expected-error@+1 {{'func.func' op expects ranked tensors, but got 'f32'}}
func.func @scalar_argument(%x: f32) attributes {seq.export} {
  return
}

// -----

// expected-error@+1 {{'func.func' op expects 'seq.dims' on argument 1, which has dynamic dims, but got none}}
func.func @unnamed_dims(%x: tensor<4xf32>, %y: tensor<?xf32>) attributes {seq.export} {
  return
}

// -----

func.func @scalar_math(%x: tensor<4xf32>) attributes {seq.export} {
  // expected-error@+1 {{'arith.constant' op is not a form of a seq graph: scalars are for sizes}}
  %c = arith.constant 2.0 : f32
  // expected-error@+1 {{'math.exp' op is not a form of a seq graph: it is for tensors only}}
  %0 = math.exp %c : f32
  return
}

// -----

func.func @math_op(%x: tensor<4xf32>) attributes {seq.export} {
  // expected-error@+1 {{'math.acosh' op is not a form of a seq graph: rewrite it with the forms}}
  %0 = math.acosh %x : tensor<4xf32>
  return
}

// -----

func.func @index_tensor(%x: tensor<4xi32>) attributes {seq.export} {
  // expected-error@+1 {{'arith.index_cast' op expects element type f32, f16, bf16, f64, i1, i8, i32, i64, complex<f32> or complex<f64>, but got 'tensor<4xindex>'}}
  %0 = arith.index_cast %x : tensor<4xi32> to tensor<4xindex>
  return
}

// -----

func.func @half_accumulator(%a: tensor<4x8xf16>, %b: tensor<8x4xf16>) attributes {seq.export} {
  %c = arith.constant dense<0.0> : tensor<4x4xf16>
  // expected-error@+1 {{'linalg.matmul' op expects an init of type 'f32' for operands of type 'f16', but got 'f16'}}
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xf16>, tensor<8x4xf16>) outs(%c : tensor<4x4xf16>) -> tensor<4x4xf16>
  return
}

// -----

func.func @mixed_operands(%a: tensor<2x4x8xf16>, %b: tensor<2x8x4xf32>) attributes {seq.export} {
  %c = arith.constant dense<0.0> : tensor<2x4x4xf32>
  // expected-error@+1 {{'linalg.batch_matmul' op expects operands of one float type, but got 'f16' and 'f32'}}
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x4x8xf16>, tensor<2x8x4xf32>) outs(%c : tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  return
}

// -----

func.func @nonzero_accumulator(%a: tensor<4x4xf32>) attributes {seq.export} {
  // expected-error@+1 {{'linalg.matmul' op is not a form of a seq graph: its init is not a zero constant or the broadcast of one}}
  %0 = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%a : tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @indexing_maps(%a: tensor<4x4xf32>) attributes {seq.export} {
  %c = arith.constant dense<0.0> : tensor<4x4xf32>
  // expected-error@+1 {{'linalg.matmul' op is not a form of a seq graph: it has indexing maps or a cast of its own}}
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @combiner(%a: tensor<4x4xf32>) attributes {seq.export} {
  %c = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error@+1 {{'linalg.reduce' op is not a form of a seq graph: its combiner is not a single add, mul, max, min, and, or}}
  %0 = linalg.reduce ins(%a : tensor<4x4xf32>) outs(%c : tensor<4xf32>) dimensions = [1] (%in: f32, %acc: f32) {
    %s = arith.mulf %in, %in : f32
    %r = arith.addf %s, %acc : f32
    linalg.yield %r : f32
  }
  // expected-error@+1 {{its combiner is not a single add}}
  %1 = linalg.reduce ins(%a : tensor<4x4xf32>) outs(%c : tensor<4xf32>) dimensions = [1] (%in: f32, %acc: f32) {
    %r = arith.subf %in, %acc : f32
    linalg.yield %r : f32
  }
  // expected-error@+1 {{its combiner is not a single add}}
  %2 = linalg.reduce ins(%a : tensor<4x4xf32>) outs(%c : tensor<4xf32>) dimensions = [1] (%in: f32, %acc: f32) {
    %r = arith.addf %in, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

func.func @reduce_init(%a: tensor<4x4xf32>, %c: tensor<4xf32>) attributes {seq.export} {
  // expected-error@+1 {{'linalg.reduce' op is not a form of a seq graph: its init is not a splat constant}}
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<4x4xf32>) outs(%c : tensor<4xf32>) dimensions = [1]
  return
}

// -----

func.func @reduce_inputs(%a: tensor<4x4xf32>) attributes {seq.export} {
  %c = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error@+1 {{'linalg.reduce' op is not a form of a seq graph: it reduces several tensors at once}}
  %0:2 = linalg.reduce ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c, %c : tensor<4xf32>, tensor<4xf32>) dimensions = [1]
      (%x: f32, %y: f32, %s: f32, %t: f32) {
    linalg.yield %x, %y : f32, f32
  }
  return
}

// -----

func.func @gather_dims(%x: tensor<4x4xf32>, %i: tensor<3x2xi32>) attributes {seq.export} {
  // expected-error@+1 {{'tensor.gather' op is not a form of a seq graph: it gathers along several dims}}
  %0 = tensor.gather %x[%i] gather_dims([0, 1]) : (tensor<4x4xf32>, tensor<3x2xi32>) -> tensor<3xf32>
  return
}

// -----

func.func @gather_index(%x: tensor<4x4xf32>, %i: tensor<3x1xi8>) attributes {seq.export} {
  // expected-error@+1 {{'tensor.gather' op expects indices of type i32 or i64, but got 'i8'}}
  %0 = tensor.gather %x[%i] gather_dims([0]) : (tensor<4x4xf32>, tensor<3x1xi8>) -> tensor<3x4xf32>
  return
}

// -----

func.func @slice_stride(%x: tensor<4xf32>) attributes {seq.export} {
  // expected-error@+1 {{'tensor.extract_slice' op is not a form of a seq graph: its strides are not constants above 0}}
  %0 = tensor.extract_slice %x[3] [4] [-1] : tensor<4xf32> to tensor<4xf32>
  return
}

// -----

func.func @dim_index(%x: tensor<?xf32> {seq.dims = ["N"]}) attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  // expected-error@+1 {{'tensor.dim' op is not a form of a seq graph: its dim is not a constant}}
  %0 = tensor.dim %x, %n : tensor<?xf32>
  return
}

// -----

module {
  // expected-error@+1 {{'ml_program.global' op expects the module attribute 'seq.weights', which names the file of this weight, but got none}}
  ml_program.global private @w(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>
  // expected-error@+1 {{'ml_program.global' op is not a form of a seq graph: it is mutable; state is passed as arguments and results}}
  ml_program.global private mutable @s(dense<1.0> : tensor<8xf32>) : tensor<8xf32>
  // expected-error@+1 {{'ml_program.global' op expects a ranked tensor of static shape, but got 'i64'}}
  ml_program.global private @n(4 : i64) : i64
  func.func @weights() attributes {seq.export} {
    return
  }
}

// -----

func.func @encoding(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  // expected-error@+1 {{'arith.constant' op expects tensors without encoding, but got 'tensor<4xf32, "rows">'}}
  %0 = arith.constant dense<1.0> : tensor<4xf32, "rows">
  return %x : tensor<4xf32>
}

// -----

func.func @pad_value(%x: tensor<4xf32>, %v: tensor<f32>) -> tensor<6xf32> attributes {seq.export} {
  // expected-error@+1 {{'tensor.pad' op is not a form of a seq graph: its padding value is not a constant}}
  %0 = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    %j = arith.index_cast %i : index to i32
    %f = arith.sitofp %j : i32 to f32
    tensor.yield %f : f32
  } : tensor<4xf32> to tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

// expected-error@+1 {{'func.func' op is not a form of a seq graph: it has several blocks; control flow is not part of a graph}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}

// -----

module {
  // expected-error@+1 {{'ml_program.global' op immutable global must have an initial value}}
  ml_program.global private @v : tensor<8xf32>
  func.func @no_value(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
    return %x : tensor<4xf32>
  }
}

// -----

func.func @scalar_float(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  %n = arith.constant 4 : i32
  // expected-error@+1 {{'arith.sitofp' op is not a form of a seq graph: scalars are for sizes (index and integers); write a tensor of rank 0 or a splat constant}}
  %f = arith.sitofp %n : i32 to f32
  return %x : tensor<4xf32>
}

// -----

func.func @empty_result(%x: tensor<4xf32>) -> tensor<3xf32> attributes {seq.export} {
  // expected-error@+1 {{'tensor.empty' op is not a form of a seq graph: its elements, which nothing defines, are used by 'func.return'; write a splat constant, or linalg.broadcast of a constant of rank 0}}
  %0 = tensor.empty() : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @empty_operand(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  // expected-error@+1 {{'tensor.empty' op is not a form of a seq graph: its elements, which nothing defines, are used by 'arith.addf'}}
  %0 = tensor.empty() : tensor<4xf32>
  %1 = arith.addf %x, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// expected-error@+1 {{'func.func' op expects results on an entry point, but got none}}
func.func @no_results(%x: tensor<4xf32>) attributes {seq.export} {
  return
}

// -----

// Every size is used twice in the next one: written out, n12 has 2^13 - 1 operations.
func.func @size(%x: tensor<?xf32> {seq.dims = ["N"]}) -> tensor<?xi32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %n1 = arith.muli %n, %n : index
  %n2 = arith.muli %n1, %n1 : index
  %n3 = arith.muli %n2, %n2 : index
  %n4 = arith.muli %n3, %n3 : index
  %n5 = arith.muli %n4, %n4 : index
  %n6 = arith.muli %n5, %n5 : index
  %n7 = arith.muli %n6, %n6 : index
  %n8 = arith.muli %n7, %n7 : index
  %n9 = arith.muli %n8, %n8 : index
  %n10 = arith.muli %n9, %n9 : index
  %n11 = arith.muli %n10, %n10 : index
  // expected-error@+1 {{'arith.muli' op expects a size of at most 4096 operations, written out over the named dims, but got 8191}}
  %n12 = arith.muli %n11, %n11 : index
  %0 = seq.iota(%n12) {dim = 0} : tensor<?xi32>
  return %0 : tensor<?xi32>
}
