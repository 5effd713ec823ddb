// Constraints of seq.iota and seq.group, rules of the dialect's attributes.
// RUN: seqc-opt %s --verify-diagnostics --split-input-file

func.func @iota_c1_dim() {
  // expected-error@+1 {{expects dim in 0..1 of 'tensor<3x4xi32>', but got 2}}
  %0 = seq.iota() {dim = 2} : tensor<3x4xi32>
  return
}

// -----

func.func @iota_c2_sizes(%n: index) {
  // expected-error@+1 {{expects one size per dynamic dim of 'tensor<?x4xi32>', but got 2}}
  %0 = seq.iota(%n, %n) {dim = 0} : tensor<?x4xi32>
  return
}

// -----

func.func @iota_type() {
  // expected-error@+1 {{must be ranked tensor of 32-bit signless integer or 64-bit signless integer values, but got 'tensor<3xf32>'}}
  %0 = seq.iota() {dim = 0} : tensor<3xf32>
  return
}

// -----

func.func @group_c1_scheme(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects scheme to be an identifier, but got "a b"}}
  %0 = seq.group "a b" -> tensor<4xf32> {
    seq.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @group_c2_args(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects a body without arguments, but got 1}}
  %0 = seq.group "pointwise" -> tensor<4xf32> {
  ^bb0(%y: tensor<4xf32>):
    seq.yield %y : tensor<4xf32>
  }
  return
}

// -----

func.func @group_c3_yield(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects the body to yield ('tensor<5xf32>'), but got ('tensor<4xf32>')}}
  %0 = seq.group "pointwise" -> tensor<5xf32> {
    seq.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @group_c4_config(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects config to hold integers, but got "wide" for 'width'}}
  %0 = seq.group "pointwise" config {width = "wide"} -> tensor<4xf32> {
    seq.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @group_c5_nested(%x: tensor<4xf32>) {
  %0 = seq.group "pointwise" -> tensor<4xf32> {
    // expected-error@+1 {{expects no enclosing 'seq.group'}}
    %1 = seq.group "pointwise" -> tensor<4xf32> {
      seq.yield %x : tensor<4xf32>
    }
    seq.yield %1 : tensor<4xf32>
  }
  return
}

// -----

// expected-error@+1 {{expects 'seq.dims' on an argument of ranked tensor type, but got 'f32'}}
func.func @dims_scalar(%x: f32 {seq.dims = []}) {
  return
}

// -----

// expected-error@+1 {{expects 'seq.dims' of argument 0 to be an array, but got "B"}}
func.func @dims_array(%x: tensor<?xf32> {seq.dims = "B"}) {
  return
}

// -----

// expected-error@+1 {{expects 'seq.dims' of argument 0 to have 2 entries, but got 1}}
func.func @dims_length(%x: tensor<?x4xf32> {seq.dims = ["B"]}) {
  return
}

// -----

// expected-error@+1 {{expects entry 0 of 'seq.dims' of argument 0 to be the name of a dynamic dim, but got 5}}
func.func @dims_size_of_dynamic(%x: tensor<?xf32> {seq.dims = [5]}) {
  return
}

// -----

// expected-error@+1 {{expects entry 1 of 'seq.dims' of argument 0 to be the static size 4, but got 5}}
func.func @dims_wrong_size(%x: tensor<?x4xf32> {seq.dims = ["B", 5]}) {
  return
}

// -----

// expected-error@+1 {{expects entry 0 of 'seq.dims' of argument 0 to be a name or an integer, but got 1.000000e+00}}
func.func @dims_kind(%x: tensor<?xf32> {seq.dims = [1.0]}) {
  return
}

// -----

// expected-error@+1 {{expects entry 0 of 'seq.dims' of argument 0 to be an identifier other than min, max, ceildiv, sms, but got "2L"}}
func.func @dims_identifier(%x: tensor<?xf32> {seq.dims = ["2L"]}) {
  return
}

// -----

// expected-error@+1 {{to be an identifier other than min, max, ceildiv, sms, but got "min"}}
func.func @dims_reserved(%x: tensor<?xf32> {seq.dims = ["min"]}) {
  return
}

// -----

// expected-error@+1 {{expects dim "L" to have one static size, but got 4 and 8}}
func.func @dims_conflict(%x: tensor<?x4xf32> {seq.dims = ["B", "L"]}, %y: tensor<8xf32> {seq.dims = ["L"]}) {
  return
}

// -----

// expected-error@+1 {{expects 'seq.name' of argument 0 to be an identifier, but got "a-b"}}
func.func @name_identifier(%x: tensor<4xf32> {seq.name = "a-b"}) {
  return
}

// -----

// expected-error@+1 {{expects 'seq.name' of argument 1 to be unique, but got "x" as of argument 0}}
func.func @name_unique(%x: tensor<4xf32> {seq.name = "x"}, %y: tensor<4xf32> {seq.name = "x"}) {
  return
}

// -----

// expected-error@+1 {{expects 'seq.name' of result 1 to be unique, but got "y" as of result 0}}
func.func @name_unique_result(%x: tensor<4xf32>) -> (tensor<4xf32> {seq.name = "y"}, tensor<4xf32> {seq.name = "y"}) {
  return %x, %x : tensor<4xf32>, tensor<4xf32>
}

// -----

// expected-error@+1 {{expects 'seq.state' of result 0 to be the 'seq.name' of an argument, but got "y"}}
func.func @state_unknown(%x: tensor<4xf32> {seq.name = "x"}) -> (tensor<4xf32> {seq.state = "y"}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{expects 'seq.state' of result 0 to be the 'seq.name' of an argument, but got 0}}
func.func @state_no_name(%x: tensor<4xf32> {seq.name = "x"}) -> (tensor<4xf32> {seq.state = 0}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{expects result 0 to have the dtype and rank of argument "x", its state, but got 'tensor<4xf32>' and 'tensor<4x1xf32>'}}
func.func @state_rank(%x: tensor<4x1xf32> {seq.name = "x"}, %y: tensor<4xf32>) -> (tensor<4xf32> {seq.state = "x"}) {
  return %y : tensor<4xf32>
}

// -----

// expected-error@+1 {{expects result 0 to have the dtype and rank of argument "x", its state, but got 'tensor<4xf32>' and 'tensor<4xf16>'}}
func.func @state_dtype(%x: tensor<4xf16> {seq.name = "x"}, %y: tensor<4xf32>) -> (tensor<4xf32> {seq.state = "x"}) {
  return %y : tensor<4xf32>
}

// -----

// expected-error@+1 {{expects one result for state "x", but got results 0 and 1}}
func.func @state_twice(%x: tensor<4xf32> {seq.name = "x"}) -> (tensor<4xf32> {seq.state = "x"}, tensor<4xf32> {seq.state = "x"}) {
  return %x, %x : tensor<4xf32>, tensor<4xf32>
}

// -----

// expected-error@+1 {{expects 'seq.name' or 'seq.state' on result 0, but got 'seq.dims'}}
func.func @dims_on_result(%x: tensor<4xf32>) -> (tensor<4xf32> {seq.dims = [4]}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{expects 'seq.dims' or 'seq.name' on argument 0, but got 'seq.dim'}}
func.func @unknown_argument_attribute(%x: tensor<4xf32> {seq.dim = [4]}) {
  return
}

// -----

// expected-error@+1 {{expects fact "L %% 2" to be an expression over dims}}
func.func @assume_syntax(%x: tensor<?xf32> {seq.dims = ["L"]}) attributes {seq.assume = ["L %% 2"]} {
  return
}

// -----

// expected-error@+1 {{expects fact "M > 0" to use names of 'seq.dims', but got "M"}}
func.func @assume_name(%x: tensor<?xf32> {seq.dims = ["L"]}) attributes {seq.assume = ["M > 0"]} {
  return
}

// -----

// expected-error@+1 {{expects 'seq.assume' to be an array on a function, but got "L > 0"}}
func.func @assume_array(%x: tensor<?xf32> {seq.dims = ["L"]}) attributes {seq.assume = "L > 0"} {
  return
}

// -----

// expected-error@+1 {{expects an exported function to have a body}}
func.func private @export_body(%x: tensor<4xf32>) attributes {seq.export}

// -----

// expected-error@+1 {{expects an exported function to be public, but got "private"}}
func.func private @export_public(%x: tensor<4xf32>) attributes {seq.export} {
  return
}

// -----

// expected-error@+1 {{expects 'seq.export' to be a unit attribute on a function, but got "main"}}
func.func @export_unit(%x: tensor<4xf32>) attributes {seq.export = "main"} {
  return
}

// -----

// expected-error@+1 {{expects the name of an exported function to be an identifier, but got "a.b"}}
func.func @a.b(%x: tensor<4xf32>) attributes {seq.export} {
  return
}

// -----

// expected-error@+1 {{expects 'seq.weights' to be the name of a file on a module, but got 3 : i64}}
module attributes {seq.weights = 3} {
}

// -----

// expected-error@+1 {{expects 'seq.assume', 'seq.export' or 'seq.weights', but got 'seq.exports'}}
func.func @unknown_attribute(%x: tensor<4xf32>) attributes {seq.exports} {
  return
}
