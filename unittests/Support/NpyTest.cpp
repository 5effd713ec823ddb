// SPDX-License-Identifier: Apache-2.0
// .npy files: what NumPy writes is read, what is damaged is refused with the reason.
#include "seqc/Support/Npy.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

using namespace seqc;
using llvm::StringRef;

namespace {
/// A file of version 1.0 with this header text.
std::string file(const std::string &header, const std::string &data) {
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  return text + header + data;
}

std::string errorOf(const std::string &bytes) {
  llvm::Expected<NpyArray> a = parseNpy(bytes);
  return a ? "" : toString(a.takeError());
}
const std::string kHeader = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n";
} // namespace

TEST(Npy, ReadsWhatNumPyWrites) {
  llvm::Expected<NpyArray> a = parseNpy(file(kHeader, std::string(24, 'x')));
  ASSERT_TRUE(bool(a)) << toString(a.takeError());
  EXPECT_EQ(a->dtype, "f32");
  EXPECT_EQ(a->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(a->data.size(), 24u);
}

TEST(Npy, RoundTripOfEveryType) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("seqc", "npy", path));
  for (auto [written, read, bytes] : {std::tuple("f32", "f32", 4), {"f16", "f16", 2}, {"f64", "f64", 8}, {"bf16", "u16", 2}, {"i1", "i1", 1}, {"i8", "i8", 1}, {"i32", "i32", 4}, {"i64", "i64", 8}, {"c64", "c64", 8}, {"c128", "c128", 16}})
    for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {0}, {5}, {0, 7}, {3, 1, 2}}) {
      std::string data;
      int64_t n = bytes;
      for (int64_t d : shape)
        n *= d;
      for (int64_t i = 0; i < n; ++i)
        data += static_cast<char>(i);
      ASSERT_FALSE(bool(writeNpy(path, written, shape, data)));
      llvm::Expected<NpyArray> a = readNpy(path);
      ASSERT_TRUE(bool(a)) << toString(a.takeError());
      EXPECT_EQ(a->dtype, read);
      EXPECT_EQ(a->shape, shape);
      EXPECT_EQ(StringRef(a->data.data(), a->data.size()), data);
    }
  llvm::sys::fs::remove(path);
}

TEST(Npy, EveryTruncationIsRefused) {
  std::string whole = file(kHeader, std::string(24, 'x'));
  EXPECT_EQ(errorOf(whole), "");
  for (size_t n = 0; n < whole.size(); ++n)
    EXPECT_NE(errorOf(whole.substr(0, n)), "") << n;
  EXPECT_NE(errorOf(whole + "x"), "");
}

TEST(Npy, DamagedHeadersSayWhatIsWrong) {
  struct {
    const char *header, *message;
  } cases[] = {{"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "unsupported element type"},
               {"{'descr': '<c32', 'fortran_order': False, 'shape': (1,), }", "unsupported element type"},
               {"{'fortran_order': False, 'shape': (1,), }", "unsupported element type"},
               {"{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "expects C order"},
               {"{'descr': '<f4', 'shape': (1,), }", "expects C order"},
               {"{'descr': '<f4', 'fortran_order': False, }", "not a tuple"},
               {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "the shape holds '-1'"},
               {"{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,), }", "the shape holds"},
               {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "too large"},
               {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "expects 12 bytes of data, but got 4"}};
  for (auto &c : cases)
    EXPECT_NE(errorOf(file(c.header, "abcd")).find(c.message), std::string::npos) << c.header << ": " << errorOf(file(c.header, "abcd"));
  EXPECT_NE(errorOf("not a file").find("not a .npy file"), std::string::npos);
  std::string version = file(kHeader, std::string(24, 'x'));
  version[6] = 9;
  EXPECT_NE(errorOf(version).find("version 9"), std::string::npos);
}

TEST(Npy, MissingFileIsNamed) {
  llvm::Expected<NpyArray> a = readNpy("no/such/file.npy");
  ASSERT_FALSE(bool(a));
  EXPECT_NE(toString(a.takeError()).find("no/such/file.npy"), std::string::npos);
}
