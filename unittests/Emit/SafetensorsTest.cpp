// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/Safetensors.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <random>

using namespace llvm;
using namespace seqc;

namespace {

std::string join(const SafetensorsImage &image) {
  std::string out = image.header;
  for (StringRef piece : image.pieces)
    out += piece;
  return out;
}

std::string withHeader(StringRef json, StringRef data = "") {
  std::string out(8, '\0');
  support::endian::write64le(out.data(), json.size());
  return out + json.str() + data.str();
}

Expected<SafetensorsFile> parse(StringRef bytes) { return SafetensorsFile::parse(MemoryBuffer::getMemBufferCopy(bytes, "file")); }

std::string parseError(StringRef bytes) {
  Expected<SafetensorsFile> file = parse(bytes);
  return file ? "" : toString(file.takeError());
}

TEST(Safetensors, RoundTrip) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<SafetensorsTensor> tensors;
    std::vector<std::string> storage(random() % 12);
    for (size_t i = 0; i < storage.size(); ++i) {
      const char *dtypes[] = {"F32", "F16", "BF16", "F64", "BOOL", "I8", "I32", "I64"};
      SafetensorsTensor t{"layer." + std::to_string(i) + ".\"weight\"", dtypes[random() % 8], {}, ""};
      int64_t elements = 1;
      for (unsigned r = random() % 4; r > 0; --r)
        t.shape.push_back(random() % 5), elements *= t.shape.back();
      storage[i].resize(elements * safetensorsElementBytes(t.dtype));
      for (char &c : storage[i])
        c = static_cast<char>(random());
      t.data = storage[i];
      tensors.push_back(t);
    }
    Expected<SafetensorsImage> image = layoutSafetensors(tensors);
    ASSERT_TRUE(static_cast<bool>(image));
    EXPECT_EQ(image->header.size() % 64, 0u);
    std::string bytes = join(*image);
    Expected<SafetensorsFile> file = parse(bytes);
    ASSERT_TRUE(static_cast<bool>(file)) << toString(file.takeError());
    ASSERT_EQ(file->tensors().size(), tensors.size());
    for (const SafetensorsTensor &t : tensors) {
      const SafetensorsTensor *read = file->find(t.name);
      ASSERT_NE(read, nullptr) << t.name;
      EXPECT_EQ(read->dtype, t.dtype);
      EXPECT_EQ(read->shape, t.shape);
      EXPECT_EQ(read->data, t.data);
    }
    EXPECT_EQ(file->find("absent"), nullptr);
  }
}

TEST(Safetensors, ElementsAreAligned) {
  std::string data(64, 'x');
  std::vector<SafetensorsTensor> tensors{{"a", "BOOL", {3}, StringRef(data).take_front(3)}, {"b", "F64", {2}, StringRef(data).take_front(16)},
                                         {"c", "BF16", {5}, StringRef(data).take_front(10)}, {"d", "F32", {1}, StringRef(data).take_front(4)}};
  Expected<SafetensorsImage> image = layoutSafetensors(tensors);
  ASSERT_TRUE(static_cast<bool>(image));
  size_t offset = image->header.size();
  for (size_t i = 0; i < 4; ++i) {
    const int64_t bytes[] = {8, 4, 2, 1};
    EXPECT_EQ(offset % bytes[i], 0u);
    offset += image->pieces[i].size();
  }
}

TEST(Safetensors, LayoutErrors) {
  auto error = [](std::vector<SafetensorsTensor> t) {
    Expected<SafetensorsImage> image = layoutSafetensors(t);
    return image ? "" : toString(image.takeError());
  };
  EXPECT_NE(error({{"a", "F32", {1}, "1234"}, {"a", "F32", {1}, "1234"}}).find("a name that occurs once"), std::string::npos);
  EXPECT_NE(error({{"a", "F31", {1}, "1234"}}).find("'a'"), std::string::npos);
  EXPECT_NE(error({{"a", "F32", {2}, "1234"}}).find("but got 4 bytes"), std::string::npos);
  EXPECT_NE(error({{"a", "F32", {-1}, ""}}).find("'a'"), std::string::npos);
  EXPECT_NE(error({{"a", "F32", {int64_t{1} << 62, 8}, ""}}).find("'a'"), std::string::npos);
  std::vector<SafetensorsTensor> many;
  for (int i = 0; i < 25000; ++i)
    many.push_back({"t" + std::to_string(i), "F32", {0}, ""});
  EXPECT_NE(error(many).find("bounded depth and size"), std::string::npos);
  EXPECT_NE(error({{std::string(9 << 20, 'n'), "F32", {0}, ""}}).find("expects a header of at most"), std::string::npos);
  EXPECT_NE(error({{"__metadata__", "F32", {1}, "1234"}}).find("occurs once"), std::string::npos);
}

TEST(Safetensors, Dtypes) {
  for (StringRef name : {"f32", "f16", "bf16", "f64", "i1", "i8", "i32", "i64", "c64"})
    EXPECT_EQ(seqcDtype(safetensorsDtype(name)), name);
  EXPECT_EQ(safetensorsDtype("i7"), "");
  EXPECT_EQ(seqcDtype("U8"), "");
  EXPECT_EQ(safetensorsElementBytes("Q4"), 0);
}

TEST(Safetensors, ComplexNumbersMayBePairs) {
  EXPECT_TRUE(holds({"a", "C64", {3}, ""}, "c64", {3}));
  EXPECT_TRUE(holds({"a", "F32", {3, 2}, ""}, "c64", {3}));
  EXPECT_TRUE(holds({"a", "F64", {2}, ""}, "c128", {}));
  EXPECT_FALSE(holds({"a", "F64", {3, 2}, ""}, "c64", {3}));
  EXPECT_FALSE(holds({"a", "F32", {3, 3}, ""}, "c64", {3}));
  EXPECT_FALSE(holds({"a", "F32", {2, 3}, ""}, "c64", {3}));
  EXPECT_FALSE(holds({"a", "F32", {3}, ""}, "c64", {3}));
  EXPECT_TRUE(holds({"a", "F32", {3, 2}, ""}, "f32", {3, 2}));
  EXPECT_FALSE(holds({"a", "F32", {3, 2}, ""}, "f32", {3}));
  std::string data(48, 'x');
  SafetensorsTensor stored = storedTensor("a", "c128", {3}, data);
  EXPECT_EQ(stored.dtype, "F64");
  EXPECT_TRUE(holds(stored, "c128", {3}));
  EXPECT_TRUE(bool(layoutSafetensors({stored})));
}

TEST(Safetensors, HostileHeaders) {
  struct Case {
    std::string bytes, message;
  };
  std::string huge = withHeader("{}");
  support::endian::write64le(huge.data(), ~uint64_t{0});
  const Case cases[] = {
      {"", "at least 8 bytes"},
      {"1234567", "at least 8 bytes"},
      {huge, "its length is 18446744073709551615"},
      {withHeader("[1]"), "expects an object"},
      {withHeader("{"), "JSON"},
      {withHeader(std::string(1 << 20, '[')), "bounded depth"},
      {withHeader("{\"a\": 3}"), "tensor 'a': expects a known dtype"},
      {withHeader(R"({"a": {"dtype": 4, "shape": [], "data_offsets": [0, 0]}})"), "known dtype"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": 4, "data_offsets": [0, 0]}})"), "a shape of rank"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 0]}})"), "sizes >= 0"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]}})", "1234"), "sizes >= 0"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]}})"), "product fits"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", "123"), "data_offsets inside 3 bytes"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}})", "12345678"), "data_offsets"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}})", "12345678"), "data_offsets"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}})", "12345678"), "hold 4 bytes"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [9223372036854775807, 9223372036854775807]}})", "1234"), "data_offsets"},
      {withHeader(R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})", "12345678"),
       "overlaps"},
  };
  for (const Case &c : cases) {
    std::string message = parseError(c.bytes);
    EXPECT_NE(message.find(c.message), std::string::npos) << "got '" << message << "', want '" << c.message << "'";
  }
  EXPECT_EQ(parseError(withHeader(R"({"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}})")), "");
}

TEST(Safetensors, EveryTruncationAndByteEdit) {
  std::string bytes = withHeader(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[8,10]}})", "0123456789");
  int cases = 0, accepted = 0;
  for (size_t n = 0; n < bytes.size(); ++n, ++cases)
    EXPECT_NE(parseError(StringRef(bytes).take_front(n)), "") << n;
  for (size_t i = 0; i < bytes.size() - 10; ++i)
    for (int value = 0; value < 256; ++value, ++cases) {
      std::string edited = bytes;
      edited[i] = static_cast<char>(value);
      Expected<SafetensorsFile> file = parse(edited);
      if (!file) {
        consumeError(file.takeError());
        continue;
      }
      ++accepted;
      for (const SafetensorsTensor &t : file->tensors()) // reads every byte it points at
        for (char c : t.data)
          ASSERT_TRUE(c >= '0' && c <= '9');
    }
  outs() << "safetensors: " << cases << " damaged files, " << accepted << " still consistent\n";
}

TEST(Safetensors, MissingFile) {
  Expected<SafetensorsFile> file = SafetensorsFile::open("/no/such/file.safetensors");
  ASSERT_FALSE(static_cast<bool>(file));
  EXPECT_NE(toString(file.takeError()).find("/no/such/file.safetensors: cannot be read"), std::string::npos);
}

} // namespace
