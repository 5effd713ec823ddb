// SPDX-License-Identifier: Apache-2.0
#include "seqc/Dialect/Tile/IR/Tile.h"
using namespace mlir;
using namespace seqc::tile;

LogicalResult KernelOp::verify() { return success(); }
LogicalResult ViewOp::verify() { return success(); }
LogicalResult SubviewOp::verify() { return success(); }
LogicalResult LoadOp::verify() { return success(); }
LogicalResult StoreOp::verify() { return success(); }
LogicalResult GatherOp::verify() { return success(); }
LogicalResult LoadScalarOp::verify() { return success(); }
LogicalResult AccumulateOp::verify() { return success(); }
LogicalResult LaunchOp::verify() { return success(); }
LogicalResult IotaOp::verify() { return success(); }
LogicalResult SplatOp::verify() { return success(); }
LogicalResult BroadcastOp::verify() { return success(); }
LogicalResult ReshapeOp::verify() { return success(); }
LogicalResult TransposeOp::verify() { return success(); }
LogicalResult SliceOp::verify() { return success(); }
LogicalResult SplitOp::verify() { return success(); }
LogicalResult JoinOp::verify() { return success(); }
LogicalResult ConstantOp::verify() { return success(); }
LogicalResult DotOp::verify() { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
LogicalResult KernelOp::verifyRegions() { return success(); }
LogicalResult ScanOp::verifyRegions() { return success(); }
LogicalResult RecurOp::verifyRegions() { return success(); }
LogicalResult MapOp::verifyRegions() { return success(); }
