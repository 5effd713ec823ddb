// The opt tools say what they are, and the tile tool does not know the graph level.
// RUN: seqc-opt --help | FileCheck %s --check-prefix=HELP
// RUN: not seqc-tile-opt %s 2>&1 | FileCheck %s --check-prefix=TILE
// HELP: seqc optimizer driver
// TILE: error: {{.*}}seq
%0 = seq.iota() {dim = 0} : tensor<4xi32>
