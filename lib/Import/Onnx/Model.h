// SPDX-License-Identifier: Apache-2.0
// An ONNX model as plain structs. Only Reader.cpp knows the protobuf messages; bytes of tensors stay where the file's data is.
#ifndef SEQC_LIB_IMPORT_ONNX_MODEL_H
#define SEQC_LIB_IMPORT_ONNX_MODEL_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace seqc::onnx {

/// TensorProto.DataType, as far as it is named here.
enum ElementType : int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBFloat16 = 16
};
/// "float16", ...; "element type 23" for those that have no name here.
std::string elementName(int32_t type);
/// Bytes of an element, 0 for types that seqc does not read.
int64_t elementBytes(int32_t type);

/// A constant. `bytes` is row-major, little endian, and has the size of dims and type. Where that cannot be (an unsupported type), `problem` says
/// why.
struct TensorData {
  std::string name;
  int32_t type = kUndefined;
  std::vector<int64_t> dims;
  llvm::StringRef bytes;
  std::string problem;
};

/// An extent: a number, a name or expression, or neither.
struct Dim {
  int64_t value = -1;
  std::string name;
};

struct ValueInfo {
  std::string name;
  int32_t type = kUndefined; ///< kUndefined: not a tensor, or not said
  std::optional<std::vector<Dim>> shape;
  std::string kind; ///< "tensor", "sequence", ..; empty: not said
};

struct Graph;

struct Attribute {
  enum class Kind : uint8_t { Float, Int, String, Tensor, Graph, Floats, Ints, Strings, Reference, Other };
  std::string name;
  Kind kind = Kind::Other;
  double f = 0;
  int64_t i = 0;
  std::string s; ///< also the name of the function's attribute for Reference
  std::vector<double> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::shared_ptr<const TensorData> tensor;
  std::shared_ptr<const struct Graph> graph;
};

struct Node {
  std::string name, op, domain, overload;
  std::vector<std::string> inputs, outputs;
  std::vector<Attribute> attributes;

  const Attribute *find(llvm::StringRef attribute) const;
};

struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::vector<TensorData> initializers;
  std::vector<ValueInfo> inputs, outputs, values;
};

using OpsetVersions = std::map<std::string, int64_t>; ///< domain ("" is ai.onnx) -> version

struct Function {
  std::string name, domain, overload;
  std::vector<std::string> inputs, outputs;
  std::vector<Attribute> defaults;
  std::vector<Node> nodes;
  OpsetVersions opsets;
};

struct Model {
  int64_t irVersion = 0;
  OpsetVersions opsets;
  Graph graph;
  std::vector<Function> functions;
  std::shared_ptr<void> storage; ///< owns the bytes of all tensors
};

/// What a file may cost.
struct ReadLimits {
  uint64_t fileBytes = 0x7FFFFFFF; ///< protobuf cannot hold more
  uint64_t externalBytes = uint64_t{1} << 40;
};

/// Reads a model; external data is looked for in the folder of `path` and below.
llvm::Expected<Model> readModel(llvm::StringRef path, const ReadLimits &limits);
/// The same of bytes in memory; `folder` empty: external data is refused.
llvm::Expected<Model> parseModel(llvm::StringRef bytes, llvm::StringRef folder, const ReadLimits &limits);

} // namespace seqc::onnx

#endif // SEQC_LIB_IMPORT_ONNX_MODEL_H
