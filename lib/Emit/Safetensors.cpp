// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/Safetensors.h"
#include "seqc_rt/package_format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc {

namespace {
constexpr size_t kLengthBytes = 8;

struct DtypeInfo {
  const char *name, *seqc; // seqc: null if the package format has no such dtype
  int64_t bytes;
};
constexpr DtypeInfo kDtypes[] = {{"F64", "f64", 8}, {"I64", "i64", 8}, {"U64", nullptr, 8}, {"C64", "c64", 8}, {"F32", "f32", 4},     {"I32", "i32", 4},
                                 {"U32", nullptr, 4}, {"F16", "f16", 2}, {"BF16", "bf16", 2}, {"I16", nullptr, 2}, {"U16", nullptr, 2}, {"I8", "i8", 1},
                                 {"U8", nullptr, 1}, {"BOOL", "i1", 1}, {"F8_E5M2", nullptr, 1}, {"F8_E4M3", nullptr, 1}};

const DtypeInfo *findDtype(StringRef name) {
  const auto *it = llvm::find_if(kDtypes, [&](const DtypeInfo &d) { return name == d.name; });
  return it == std::end(kDtypes) ? nullptr : it;
}

Error tensorError(StringRef name, const Twine &rule) { return createStringError("tensor '" + name.take_front(80) + "': expects " + rule); }

/// Elements times element size; no value if it does not fit.
std::optional<int64_t> byteSize(ArrayRef<int64_t> shape, int64_t elementBytes) {
  int64_t bytes = elementBytes;
  for (int64_t d : shape)
    if (d < 0 || MulOverflow(bytes, d, bytes))
      return std::nullopt;
  return bytes;
}

/// The JSON parser of LLVM recurses without a limit, so depth and size are bounded before it sees the text.
Error checkLimits(StringRef text) {
  int depth = 0;
  int64_t values = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      i += c == '\\';
      inString = c != '"';
      continue;
    }
    inString = c == '"';
    depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    values += c == ',' || c == '[' || c == '{';
    if (depth > SEQC_PACKAGE_MAX_JSON_DEPTH || values > SEQC_PACKAGE_MAX_JSON_VALUES)
      return createStringError("expects a header of bounded depth and size");
  }
  return Error::success();
}

Expected<StringRef> readOffsets(const json::Object &entry, const SafetensorsTensor &t, int64_t bytes, StringRef data) {
  const json::Array *offsets = entry.getArray("data_offsets");
  std::optional<int64_t> begin, end;
  if (offsets && offsets->size() == 2) {
    begin = (*offsets)[0].getAsInteger();
    end = (*offsets)[1].getAsInteger();
  }
  if (!begin || !end || *begin < 0 || *end < *begin || static_cast<uint64_t>(*end) > data.size() || *end - *begin != bytes)
    return tensorError(t.name, "data_offsets inside " + Twine(data.size()) + " bytes that hold " + Twine(bytes) + " bytes");
  return data.slice(*begin, *end);
}

Expected<SafetensorsTensor> readTensor(StringRef name, const json::Value &value, StringRef data) {
  SafetensorsTensor t;
  t.name = name.str();
  const json::Object *entry = value.getAsObject();
  std::optional<StringRef> dtype = entry ? entry->getString("dtype") : std::nullopt;
  const json::Array *shape = entry ? entry->getArray("shape") : nullptr;
  int64_t elementBytes = dtype ? safetensorsElementBytes(*dtype) : 0;
  if (!elementBytes)
    return tensorError(name, "a known dtype");
  if (!shape || shape->size() > SEQC_PACKAGE_MAX_RANK)
    return tensorError(name, "a shape of rank <= " + Twine(SEQC_PACKAGE_MAX_RANK));
  t.dtype = dtype->str();
  for (const json::Value &d : *shape)
    t.shape.push_back(d.getAsInteger().value_or(-1));
  std::optional<int64_t> bytes = byteSize(t.shape, elementBytes);
  if (!bytes)
    return tensorError(name, "a shape of sizes >= 0 whose product fits");
  Expected<StringRef> piece = readOffsets(*entry, t, *bytes, data);
  if (!piece)
    return piece.takeError();
  t.data = *piece;
  return t;
}

Error checkOverlap(ArrayRef<SafetensorsTensor> tensors) {
  std::vector<const SafetensorsTensor *> order;
  for (const SafetensorsTensor &t : tensors)
    order.push_back(&t);
  llvm::sort(order, [](const auto *a, const auto *b) {
    return std::make_pair(a->data.data(), a->data.size()) < std::make_pair(b->data.data(), b->data.size());
  });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i - 1]->data.end() > order[i]->data.begin())
      return tensorError(order[i]->name, "data of its own, but it overlaps '" + order[i - 1]->name + "'");
  return Error::success();
}

Expected<std::vector<SafetensorsTensor>> readTable(StringRef file) {
  if (file.size() < kLengthBytes)
    return createStringError("expects at least 8 bytes, but got " + Twine(file.size()));
  uint64_t length = support::endian::read64le(file.data());
  if (length > file.size() - kLengthBytes || length > SEQC_PACKAGE_MAX_JSON_BYTES)
    return createStringError("expects a header inside " + Twine(file.size()) + " bytes, but its length is " + Twine(length));
  StringRef header = file.substr(kLengthBytes, length), data = file.substr(kLengthBytes + length);
  if (Error e = checkLimits(header))
    return std::move(e);
  Expected<json::Value> root = json::parse(header);
  if (!root)
    return createStringError("expects a JSON header: " + toString(root.takeError()));
  const json::Object *table = root->getAsObject();
  if (!table)
    return createStringError("expects an object as header");
  std::vector<SafetensorsTensor> tensors;
  for (const auto &[key, value] : *table) {
    if (key == "__metadata__")
      continue;
    Expected<SafetensorsTensor> t = readTensor(key, value, data);
    if (!t)
      return t.takeError();
    tensors.push_back(std::move(*t));
  }
  llvm::sort(tensors, [](const auto &a, const auto &b) { return a.name < b.name; });
  if (Error e = checkOverlap(tensors))
    return std::move(e);
  return tensors;
}
} // namespace

StringRef safetensorsDtype(StringRef seqcName) {
  for (const DtypeInfo &d : kDtypes)
    if (d.seqc && seqcName == d.seqc)
      return d.name;
  return "";
}

SafetensorsTensor storedTensor(StringRef name, StringRef seqcName, ArrayRef<int64_t> shape, StringRef data) {
  SafetensorsTensor t{name.str(), safetensorsDtype(seqcName).str(), SmallVector<int64_t, 4>(shape), data};
  if (seqcName == "c128") {
    t.dtype = "F64";
    t.shape.push_back(2);
  }
  return t;
}

bool holds(const SafetensorsTensor &t, StringRef seqcName, ArrayRef<int64_t> shape) {
  StringRef part = seqcName == "c64" ? "F32" : seqcName == "c128" ? "F64" : "";
  bool isPairs = !part.empty() && t.dtype == part && !t.shape.empty() && t.shape.back() == 2 && ArrayRef<int64_t>(t.shape).drop_back() == shape;
  return isPairs || (t.dtype == safetensorsDtype(seqcName) && ArrayRef<int64_t>(t.shape) == shape);
}

StringRef seqcDtype(StringRef name) {
  const DtypeInfo *d = findDtype(name);
  return d && d->seqc ? d->seqc : "";
}

int64_t safetensorsElementBytes(StringRef name) {
  const DtypeInfo *d = findDtype(name);
  return d ? d->bytes : 0;
}

Expected<SafetensorsFile> SafetensorsFile::parse(std::unique_ptr<MemoryBuffer> buffer) {
  Expected<std::vector<SafetensorsTensor>> table = readTable(buffer->getBuffer());
  if (!table)
    return createStringError(buffer->getBufferIdentifier() + ": " + toString(table.takeError()));
  SafetensorsFile file;
  file.buffer = std::move(buffer);
  file.list = std::move(*table);
  return file;
}

Expected<SafetensorsFile> SafetensorsFile::open(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(path + ": cannot be read: " + buffer.getError().message());
  return parse(std::move(*buffer));
}

const SafetensorsTensor *SafetensorsFile::find(StringRef name) const {
  auto it = llvm::partition_point(list, [&](const SafetensorsTensor &t) { return StringRef(t.name) < name; });
  return it != list.end() && it->name == name ? &*it : nullptr;
}

Expected<SafetensorsImage> layoutSafetensors(ArrayRef<SafetensorsTensor> tensors) {
  std::vector<const SafetensorsTensor *> order;
  for (const SafetensorsTensor &t : tensors) {
    std::optional<int64_t> bytes = byteSize(t.shape, safetensorsElementBytes(t.dtype));
    if (!safetensorsElementBytes(t.dtype) || !bytes || static_cast<uint64_t>(*bytes) != t.data.size())
      return tensorError(t.name, "data of the size that shape and dtype " + t.dtype + " give, but got " + Twine(t.data.size()) + " bytes");
    order.push_back(&t);
  }
  llvm::sort(order, [](const auto *a, const auto *b) {
    int64_t x = safetensorsElementBytes(a->dtype), y = safetensorsElementBytes(b->dtype);
    return x != y ? x > y : a->name < b->name;
  });
  json::Object header;
  SafetensorsImage image;
  int64_t offset = 0;
  for (const SafetensorsTensor *t : order) {
    int64_t end = offset + static_cast<int64_t>(t->data.size());
    json::Object entry{{"dtype", t->dtype}, {"shape", json::Array(t->shape)}, {"data_offsets", json::Array{offset, end}}};
    if (t->name == "__metadata__" || !header.try_emplace(t->name, std::move(entry)).second)
      return tensorError(t->name, "a name that occurs once");
    image.pieces.push_back(t->data);
    offset = end;
  }
  std::string text;
  raw_string_ostream(text) << json::Value(std::move(header));
  if (text.size() + SEQC_PACKAGE_ALIGN > SEQC_PACKAGE_MAX_JSON_BYTES)
    return createStringError("expects a header of at most " + Twine(SEQC_PACKAGE_MAX_JSON_BYTES) + " bytes, but got " + Twine(text.size()));
  if (Error e = checkLimits(text)) // what we write we can read
    return std::move(e);
  text.resize(alignTo(text.size() + kLengthBytes, SEQC_PACKAGE_ALIGN) - kLengthBytes, ' ');
  image.header.resize(kLengthBytes);
  support::endian::write64le(image.header.data(), text.size());
  image.header += text;
  return image;
}

} // namespace seqc
