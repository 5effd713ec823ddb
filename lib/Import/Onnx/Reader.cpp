// SPDX-License-Identifier: Apache-2.0
// Protobuf messages to plain structs. The only file that includes ONNX's and protobuf's headers. Messages of newer ONNX versions parse: fields
// that this version of the messages does not have (metadata, device placement) are kept aside by protobuf and not used, but for
// NodeProto.overload, which chooses a function and is read from there.
#include "ExternalData.h"
#include "Model.h"
#include "onnx/onnx_pb.h"
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/unknown_field_set.h>
#include <unistd.h>
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include <cstring>
#include <deque>

using namespace llvm;

namespace seqc::onnx {

namespace pb = ::google::protobuf;

namespace {
/// Levels of messages in messages; two graphs in one another take four.
constexpr int kMaxDepth = 64;
constexpr int kOverloadField = 8;
constexpr int64_t kMaxRank = 64;

struct ElementInfo {
  int32_t type;
  const char *name;
  int64_t bytes; // 0: not read
};
constexpr ElementInfo kElements[] = {{kFloat, "float", 4},    {kUint8, "uint8", 1},      {kInt8, "int8", 1},     {kUint16, "uint16", 2},
                                     {kInt16, "int16", 2},    {kInt32, "int32", 4},      {kInt64, "int64", 8},   {kString, "string", 0},
                                     {kBool, "bool", 1},      {kFloat16, "float16", 2},  {kDouble, "double", 8}, {kUint32, "uint32", 4},
                                     {kUint64, "uint64", 8},  {14, "complex64", 0},      {15, "complex128", 0},  {kBFloat16, "bfloat16", 2},
                                     {17, "float8e4m3fn", 0}, {18, "float8e4m3fnuz", 0}, {19, "float8e5m2", 0},  {20, "float8e5m2fnuz", 0},
                                     {21, "uint4", 0},        {22, "int4", 0},           {23, "float4e2m1", 0},  {24, "float8e8m0", 0}};

const ElementInfo *findElement(int32_t type) {
  for (const ElementInfo &e : kElements)
    if (e.type == type)
      return &e;
  return nullptr;
}

/// Owner of everything that tensors point to.
struct Storage {
  Storage(StringRef folder, const ReadLimits &limits) : external(folder.str(), limits.externalBytes) {}
  std::vector<std::unique_ptr<pb::Message>> messages;
  std::deque<std::string> converted;
  ExternalData external;
};

class Converter {
public:
  explicit Converter(Storage &storage) : storage(storage) {}

  Error model(const ::onnx::ModelProto &p, Model &m) {
    m.irVersion = p.ir_version();
    if (!p.has_graph())
      return createStringError("expects a model with a graph");
    if (Error e = opsets(p.opset_import(), m.opsets))
      return e;
    for (const ::onnx::FunctionProto &f : p.functions()) {
      m.functions.emplace_back();
      if (Error e = function(f, m.functions.back()))
        return e;
    }
    return graph(p.graph(), m.graph);
  }

  Error tensor(const ::onnx::TensorProto &p, TensorData &t);

private:
  template <typename List> Error opsets(const List &list, OpsetVersions &versions) {
    for (const auto &o : list) {
      std::string domain = o.domain() == "ai.onnx" ? "" : o.domain();
      if (!versions.emplace(domain, o.version()).second)
        return createStringError("expects one opset version for domain '" + (domain.empty() ? "ai.onnx" : domain) + "', but got several");
    }
    return Error::success();
  }

  Error function(const ::onnx::FunctionProto &p, Function &f) {
    f.name = p.name();
    f.domain = p.domain();
    f.overload = overloadOf(p.unknown_fields(), 13);
    f.inputs.assign(p.input().begin(), p.input().end());
    f.outputs.assign(p.output().begin(), p.output().end());
    if (Error e = defaults(p.unknown_fields(), f))
      return e;
    if (Error e = opsets(p.opset_import(), f.opsets))
      return e;
    return nodes(p.node(), f.nodes);
  }

  /// Default values of attributes (field 11) are younger than the messages of some distributions.
  Error defaults(const pb::UnknownFieldSet &fields, Function &f) {
    for (int i = 0; i < fields.field_count(); ++i) {
      const pb::UnknownField &field = fields.field(i);
      if (field.number() != 11 || field.type() != pb::UnknownField::TYPE_LENGTH_DELIMITED)
        continue;
      auto a = std::make_unique<::onnx::AttributeProto>();
      if (!a->ParseFromString(field.length_delimited()))
        return createStringError("function '" + f.name + "': expects readable default attributes");
      f.defaults.emplace_back();
      if (Error e = attribute(*a, f.defaults.back()))
        return e;
      storage.messages.push_back(std::move(a));
    }
    return Error::success();
  }

  static std::string overloadOf(const pb::UnknownFieldSet &fields, int number) {
    for (int i = 0; i < fields.field_count(); ++i)
      if (fields.field(i).number() == number && fields.field(i).type() == pb::UnknownField::TYPE_LENGTH_DELIMITED)
        return fields.field(i).length_delimited();
    return "";
  }

  Error nodes(const pb::RepeatedPtrField<::onnx::NodeProto> &list, std::vector<Node> &nodes) {
    nodes.reserve(list.size());
    for (const ::onnx::NodeProto &p : list) {
      nodes.emplace_back();
      Node &n = nodes.back();
      n.name = p.name();
      n.op = p.op_type();
      n.domain = p.domain() == "ai.onnx" ? "" : p.domain();
      n.overload = overloadOf(p.unknown_fields(), kOverloadField);
      n.inputs.assign(p.input().begin(), p.input().end());
      n.outputs.assign(p.output().begin(), p.output().end());
      for (const ::onnx::AttributeProto &a : p.attribute()) {
        n.attributes.emplace_back();
        if (Error e = attribute(a, n.attributes.back()))
          return createStringError("node '" + n.name + "': " + toString(std::move(e)));
      }
    }
    return Error::success();
  }

  Error attribute(const ::onnx::AttributeProto &p, Attribute &a);

  Error graph(const ::onnx::GraphProto &p, Graph &g) {
    g.name = p.name();
    if (p.sparse_initializer_size())
      return createStringError("expects dense initializers, but got a sparse one");
    g.initializers.reserve(p.initializer_size());
    for (const ::onnx::TensorProto &t : p.initializer()) {
      g.initializers.emplace_back();
      if (Error e = tensor(t, g.initializers.back()))
        return e;
    }
    for (const auto &[from, to] : {std::pair(&p.input(), &g.inputs), std::pair(&p.output(), &g.outputs), std::pair(&p.value_info(), &g.values)})
      for (const ::onnx::ValueInfoProto &v : *from)
        to->push_back(valueInfo(v));
    return nodes(p.node(), g.nodes);
  }

  static ValueInfo valueInfo(const ::onnx::ValueInfoProto &p) {
    ValueInfo v;
    v.name = p.name();
    const ::onnx::TypeProto &type = p.type();
    v.kind = type.has_tensor_type()          ? "tensor"
             : type.has_sequence_type()      ? "sequence"
             : type.has_map_type()           ? "map"
             : type.has_optional_type()      ? "optional"
             : type.has_sparse_tensor_type() ? "sparse tensor"
                                             : "";
    if (!type.has_tensor_type())
      return v;
    v.type = type.tensor_type().elem_type();
    if (!type.tensor_type().has_shape())
      return v;
    v.shape.emplace();
    for (const auto &d : type.tensor_type().shape().dim())
      v.shape->push_back({d.has_dim_value() ? d.dim_value() : -1, d.has_dim_param() ? d.dim_param() : std::string()});
    return v;
  }

  Error typedData(const ::onnx::TensorProto &p, int64_t elements, TensorData &t);
  Error externalData(const ::onnx::TensorProto &p, uint64_t bytes, TensorData &t);

  Storage &storage;
};

Error Converter::attribute(const ::onnx::AttributeProto &p, Attribute &a) {
  using Kind = Attribute::Kind;
  a.name = p.name();
  if (!p.ref_attr_name().empty()) {
    a.kind = Kind::Reference;
    a.s = p.ref_attr_name();
    return Error::success();
  }
  switch (p.type()) {
  case ::onnx::AttributeProto::FLOAT:
    a.kind = Kind::Float;
    a.f = p.f();
    break;
  case ::onnx::AttributeProto::INT:
    a.kind = Kind::Int;
    a.i = p.i();
    break;
  case ::onnx::AttributeProto::STRING:
    a.kind = Kind::String;
    a.s = p.s();
    break;
  case ::onnx::AttributeProto::FLOATS:
    a.kind = Kind::Floats;
    a.floats.assign(p.floats().begin(), p.floats().end());
    break;
  case ::onnx::AttributeProto::INTS:
    a.kind = Kind::Ints;
    a.ints.assign(p.ints().begin(), p.ints().end());
    break;
  case ::onnx::AttributeProto::STRINGS:
    a.kind = Kind::Strings;
    a.strings.assign(p.strings().begin(), p.strings().end());
    break;
  case ::onnx::AttributeProto::TENSOR: {
    a.kind = Kind::Tensor;
    auto t = std::make_shared<TensorData>();
    if (Error e = tensor(p.t(), *t))
      return e;
    a.tensor = std::move(t);
    break;
  }
  case ::onnx::AttributeProto::GRAPH: {
    a.kind = Kind::Graph;
    auto g = std::make_shared<Graph>();
    if (Error e = graph(p.g(), *g))
      return e;
    a.graph = std::move(g);
    break;
  }
  default:
    a.kind = Kind::Other;
  }
  return Error::success();
}

Error Converter::tensor(const ::onnx::TensorProto &p, TensorData &t) {
  t.name = p.name();
  t.type = p.data_type();
  t.dims.assign(p.dims().begin(), p.dims().end());
  auto fail = [&](const Twine &rule) { return createStringError("tensor '" + StringRef(t.name).take_front(120) + "': expects " + rule); };
  if (static_cast<int64_t>(t.dims.size()) > kMaxRank)
    return fail("a rank of at most " + Twine(kMaxRank) + ", but got " + Twine(t.dims.size()));
  int64_t elements = 1, bytes = 0;
  for (int64_t d : t.dims)
    if (d < 0 || MulOverflow(elements, d, elements))
      return fail("dims of at least 0 whose product fits 63 bits");
  int64_t size = elementBytes(t.type);
  if (!size) {
    t.problem = "element type " + elementName(t.type);
    return Error::success();
  }
  if (MulOverflow(elements, size, bytes))
    return fail("dims whose product fits 63 bits");
  if (p.has_segment())
    return fail("data in one piece, but got a segment");
  if (p.has_data_location() && p.data_location() == ::onnx::TensorProto::EXTERNAL) {
    if (Error e = externalData(p, bytes, t))
      return fail("readable data: " + toString(std::move(e)));
  } else if (p.has_raw_data()) {
    t.bytes = p.raw_data();
  } else if (Error e = typedData(p, elements, t)) {
    return fail("readable data: " + toString(std::move(e)));
  }
  if (t.bytes.size() != static_cast<uint64_t>(bytes))
    return fail(Twine(bytes) + " bytes of data, but got " + Twine(t.bytes.size()));
  if (t.type == kBool && llvm::any_of(t.bytes, [](char c) { return c != 0 && c != 1; }))
    return fail("bools of 0 and 1");
  return Error::success();
}

/// float_data, int32_data, ..: one entry per element, narrow types in int32.
Error Converter::typedData(const ::onnx::TensorProto &p, int64_t elements, TensorData &t) {
  std::string bytes;
  auto copy = [&](const auto &list, auto example) -> Error {
    using To = decltype(example);
    if (list.size() != elements)
      return createStringError(Twine(elements) + " elements, but got " + Twine(list.size()));
    bytes.resize(list.size() * sizeof(To));
    for (int i = 0; i < list.size(); ++i) {
      To x = static_cast<To>(list.Get(i));
      std::memcpy(bytes.data() + i * sizeof(To), &x, sizeof(To));
    }
    return Error::success();
  };
  auto read = [&]() -> Error {
    switch (t.type) {
    case kFloat:
      return copy(p.float_data(), float());
    case kDouble:
      return copy(p.double_data(), double());
    case kInt64:
      return copy(p.int64_data(), int64_t());
    case kUint32:
      return copy(p.uint64_data(), uint32_t());
    case kUint64:
      return copy(p.uint64_data(), uint64_t());
    case kInt32:
      return copy(p.int32_data(), int32_t());
    default: // 8 and 16 bits
      return elementBytes(t.type) == 1 ? copy(p.int32_data(), uint8_t()) : copy(p.int32_data(), uint16_t());
    }
  };
  if (Error e = read())
    return e;
  storage.converted.push_back(std::move(bytes));
  t.bytes = storage.converted.back();
  return Error::success();
}

Error Converter::externalData(const ::onnx::TensorProto &p, uint64_t bytes, TensorData &t) {
  std::string location;
  uint64_t offset = 0;
  for (const ::onnx::StringStringEntryProto &entry : p.external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    if (entry.key() == "offset" && StringRef(entry.value()).getAsInteger(10, offset))
      return createStringError("a number as offset of external data");
    uint64_t length = 0;
    if (entry.key() == "length" && (StringRef(entry.value()).getAsInteger(10, length) || length != bytes))
      return createStringError("external data of length " + Twine(bytes) + ", but got " + entry.value());
  }
  Expected<StringRef> data = storage.external.read(location, offset, bytes);
  if (!data)
    return data.takeError();
  t.bytes = *data;
  return Error::success();
}

/// Warnings of protobuf say no more than the error.
struct Silence {
  pb::LogSilencer silencer;
};

Expected<Model> convert(std::shared_ptr<Storage> storage, const ::onnx::ModelProto &proto) {
  Model m;
  if (Error e = Converter(*storage).model(proto, m))
    return std::move(e);
  m.storage = std::move(storage);
  return m;
}

Expected<Model> parse(pb::io::ZeroCopyInputStream &stream, StringRef folder, const ReadLimits &limits) {
  Silence silence;
  auto storage = std::make_shared<Storage>(folder, limits);
  auto proto = std::make_unique<::onnx::ModelProto>();
  pb::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(static_cast<int>(std::min<uint64_t>(limits.fileBytes, INT_MAX)));
  coded.SetRecursionLimit(kMaxDepth);
  if (!proto->ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    return createStringError("expects an ONNX model, but the bytes are not a ModelProto message");
  const ::onnx::ModelProto &model = *proto;
  storage->messages.push_back(std::move(proto));
  return convert(std::move(storage), model);
}
} // namespace

std::string elementName(int32_t type) {
  const ElementInfo *e = findElement(type);
  return e ? e->name : "number " + std::to_string(type);
}

int64_t elementBytes(int32_t type) {
  const ElementInfo *e = findElement(type);
  return e ? e->bytes : 0;
}

const Attribute *Node::find(StringRef attribute) const {
  for (const Attribute &a : attributes)
    if (a.name == attribute)
      return &a;
  return nullptr;
}

Expected<Model> readModel(StringRef path, const ReadLimits &limits) {
  sys::fs::file_status status;
  if (std::error_code ec = sys::fs::status(path, status))
    return createStringError(ec, path + ": " + ec.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError(std::make_error_code(std::errc::invalid_argument), path + ": expects a regular file");
  if (status.getSize() > limits.fileBytes)
    return createStringError(path + ": expects at most " + Twine(limits.fileBytes) + " bytes, but got " + Twine(status.getSize()) +
                             "; keep weights as external data");
  int fd = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    std::error_code ec(errno, std::generic_category());
    return createStringError(ec, path + ": " + ec.message());
  }
  pb::io::FileInputStream stream(fd);
  stream.SetCloseOnDelete(true);
  SmallString<256> folder = sys::path::parent_path(path);
  if (folder.empty())
    folder = ".";
  Expected<Model> model = parse(stream, folder, limits);
  if (!model)
    return createStringError(path + ": " + toString(model.takeError()));
  return model;
}

Expected<Model> parseModel(StringRef bytes, StringRef folder, const ReadLimits &limits) {
  if (bytes.size() > std::min<uint64_t>(limits.fileBytes, INT_MAX))
    return createStringError("expects at most " + Twine(limits.fileBytes) + " bytes, but got " + Twine(bytes.size()));
  pb::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  return parse(stream, folder, limits);
}

} // namespace seqc::onnx
