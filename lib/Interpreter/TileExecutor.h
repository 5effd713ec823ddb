// SPDX-License-Identifier: Apache-2.0
// State of one running program of a kernel, or of one host function: values of all SSA names so far, and a handler per op.
#ifndef SEQC_LIB_INTERPRETER_TILEEXECUTOR_H
#define SEQC_LIB_INTERPRETER_TILEEXECUTOR_H

#include "TileScalar.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <map>

namespace seqc::interp {

/// A view: memory, first element, bounds and element strides.
struct ViewValue {
  Tensor *memory = nullptr;
  int64_t base = 0;
  llvm::SmallVector<int64_t> shape, strides;
};

/// A tile or scalar (rank 0), a kernel pointer, or a view.
using Datum = std::variant<Tensor, Tensor *, ViewValue>;

class TileExecutor {
public:
  TileExecutor(const TileOptions &options, llvm::ArrayRef<int64_t> programId) : options(options), programId(programId) {}

  void bind(mlir::Value v, Datum d) { values.insert_or_assign(v.getAsOpaquePointer(), std::move(d)); }
  const Tensor &tensor(mlir::Value v) const { return std::get<Tensor>(datum(v)); }
  int64_t integer(mlir::Value v) const { return static_cast<int64_t>(tensor(v).data[0]); }

  /// Runs the ops of a block up to its terminator.
  llvm::Error run(mlir::Block &block);
  /// The values of operands, copied (an op that yields them may overwrite its own operands).
  llvm::SmallVector<Datum> copies(mlir::ValueRange operands) const;

private:
  using Handler = llvm::Error (TileExecutor::*)(mlir::Operation *);
  static const llvm::StringMap<Handler> &handlers();

  const Datum &datum(mlir::Value v) const;
  llvm::Error execute(mlir::Operation *op);
  void bindAll(mlir::ValueRange names, llvm::ArrayRef<Datum> data);
  double rounding(DType t, double x) const { return rounded(options.precision, t, x); }
  llvm::SmallVector<int64_t> mixed(llvm::ArrayRef<int64_t> statics, mlir::ValueRange dynamic) const;

  // Control flow (TileExecutor.cpp).
  llvm::Error constant(mlir::Operation *);
  llvm::Error scfFor(mlir::Operation *);
  llvm::Error scfIf(mlir::Operation *);
  llvm::Error scfWhile(mlir::Operation *);
  llvm::Error programIdOp(mlir::Operation *);
  llvm::Error numSms(mlir::Operation *);
  // Memory (TileMemory.cpp).
  llvm::Error view(mlir::Operation *);
  llvm::Error subview(mlir::Operation *);
  llvm::Error load(mlir::Operation *);
  llvm::Error store(mlir::Operation *);
  llvm::Error gather(mlir::Operation *);
  /// Fills a tile from a view at `coords`; `adjust` may change the coordinate of the element at an index of the tile.
  llvm::Error readTile(mlir::Operation *op, const ViewValue &v, llvm::ArrayRef<int64_t> coords, Tensor &into, double pad,
                       llvm::function_ref<void(llvm::MutableArrayRef<int64_t>, llvm::ArrayRef<int64_t>)> adjust);
  llvm::Error loadScalar(mlir::Operation *);
  llvm::Error accumulate(mlir::Operation *);
  llvm::Expected<double> read(mlir::Operation *op, const ViewValue &v, llvm::ArrayRef<int64_t> at, std::optional<double> pad);
  llvm::Expected<double *> address(mlir::Operation *op, const ViewValue &v, llvm::ArrayRef<int64_t> at);
  llvm::Error write(mlir::Operation *op, mlir::Value value, mlir::Value view, llvm::ArrayRef<int64_t> coords,
                    llvm::function_ref<double(double, double)> combine);
  llvm::Error checkInbounds(mlir::Operation *op, const ViewValue &v, llvm::ArrayRef<int64_t> coords, llvm::ArrayRef<int64_t> tile,
                            std::optional<llvm::ArrayRef<int64_t>> dims);
  // Shapes (TileShape.cpp).
  llvm::Error iota(mlir::Operation *);
  llvm::Error splat(mlir::Operation *);
  llvm::Error scalar(mlir::Operation *);
  llvm::Error broadcast(mlir::Operation *);
  llvm::Error reshape(mlir::Operation *);
  llvm::Error transpose(mlir::Operation *);
  llvm::Error slice(mlir::Operation *);
  llvm::Error split(mlir::Operation *);
  llvm::Error join(mlir::Operation *);
  llvm::Error table(mlir::Operation *);
  // Compute (TileCompute.cpp).
  llvm::Error dot(mlir::Operation *);
  llvm::Error reduce(mlir::Operation *);
  llvm::Error scan(mlir::Operation *);
  llvm::Error recur(mlir::Operation *);
  llvm::Error map(mlir::Operation *);
  llvm::Error scanByRegion(tile::ScanOp op);
  // Host functions (TileHost.cpp).
  llvm::Error launch(mlir::Operation *);
  llvm::Error tensorEmpty(mlir::Operation *);
  llvm::Error tensorDim(mlir::Operation *);
  llvm::Error reinterpret(mlir::Operation *);
  llvm::Error globalLoad(mlir::Operation *);

  const TileOptions &options;
  llvm::SmallVector<int64_t> programId;
  std::map<const void *, Datum> values; // references stay valid while others are bound
};

/// Result type of an op as an empty tensor, for ops whose result shape is static.
llvm::Expected<Tensor> resultTensor(mlir::Operation *op, unsigned i = 0);

/// The slice t[.., i, ..] along dim, without that dim, and its inverse.
Tensor takeAt(const Tensor &t, int64_t dim, int64_t i);
void putAt(Tensor &t, int64_t dim, int64_t i, const Tensor &part);

} // namespace seqc::interp

#endif // SEQC_LIB_INTERPRETER_TILEEXECUTOR_H
