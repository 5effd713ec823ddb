// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/Package.h"
#include "seqc_rt/seqc_rt.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"
#include <csignal>
#include <limits>
#include <sys/resource.h>

using namespace llvm;
using namespace seqc;

namespace {

/// A folder that vanishes with the test.
struct Folder {
  SmallString<128> path;
  Folder() { EXPECT_FALSE(sys::fs::createUniqueDirectory("seqc-package-test", path)); }
  ~Folder() { sys::fs::remove_directories(path); }
  std::string file(StringRef name) const { return (path + "/" + name).str(); }
  int numEntries() const {
    std::error_code error;
    int n = 0;
    for (sys::fs::directory_iterator it(path, error), end; it != end && !error; it.increment(error))
      ++n;
    return n;
  }
};

std::string readFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

json::Object emptyManifest() { return json::Object{{"schema", 1}, {"producer", json::Object{{"name", "test"}}}, {"functions", json::Array{}}}; }

void fill(PackageWriter &writer, bool reversed) {
  std::vector<std::pair<std::string, std::string>> members{
      {"weights/a.bin", std::string(1000, 'a')}, {"cpu/kernels.so", std::string(63, 'k')}, {"src/llvm.mlir", "x"}, {"a", ""}, {"zz/z", std::string(64, 'z')}};
  if (reversed)
    std::reverse(members.begin(), members.end());
  for (const auto &[name, data] : members)
    writer.add(name, data);
}

bool pythonAccepts(StringRef path, bool quiet = false) {
  std::optional<StringRef> inherit, devNull = "";
  return sys::ExecuteAndWait(SEQC_TEST_PYTHON, {SEQC_TEST_PYTHON, SEQC_TEST_CHECK_ZIP, path}, std::nullopt,
                             {inherit, inherit, quiet ? devNull : inherit}) == 0;
}

seqc_rt_status_t runtimeOpens(StringRef path) {
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.inspect_only = 1;
  seqc_rt_package_t *package = nullptr;
  seqc_rt_status_t status = seqc_rt_package_open(path.str().c_str(), &options, &package);
  seqc_rt_package_close(package);
  return status;
}

#define EXPECT_WRITE_ERROR(expression, text)                                                                                               \
  do {                                                                                                                                     \
    std::string message = toString(expression);                                                                                            \
    EXPECT_NE(message.find(text), std::string::npos) << message;                                                                           \
  } while (0)

TEST(PackageWriter, ReadByPythonAndRuntime) {
  Folder folder;
  for (uint64_t wideFrom : {uint64_t{0xFFFFFFFF}, uint64_t{1}, uint64_t{64}, uint64_t{500}}) {
    PackageWriter writer(wideFrom);
    fill(writer, false);
    std::string path = folder.file("p.seqc");
    ASSERT_FALSE(errorToBool(writer.write(path, emptyManifest())));
    EXPECT_TRUE(pythonAccepts(path)) << "wideFrom " << wideFrom;
    EXPECT_EQ(runtimeOpens(path), SEQC_RT_OK) << seqc_rt_last_error() << " wideFrom " << wideFrom;
  }
}

TEST(PackageWriter, PythonCheckFindsADamagedByte) {
  Folder folder;
  PackageWriter writer;
  fill(writer, false);
  std::string path = folder.file("p.seqc");
  ASSERT_FALSE(errorToBool(writer.write(path, emptyManifest())));
  std::string bytes = readFile(path);
  bytes[bytes.find(std::string(100, 'a')) + 50] = 'b';
  std::error_code error;
  raw_fd_ostream(path, error) << bytes;
  EXPECT_FALSE(pythonAccepts(path, /*quiet=*/true));
  EXPECT_EQ(runtimeOpens(path), SEQC_RT_DIGEST_MISMATCH);
}

TEST(PackageWriter, SameBytesInAnyOrder) {
  Folder folder;
  PackageWriter a, b;
  fill(a, false);
  fill(b, true);
  ASSERT_FALSE(errorToBool(a.write(folder.file("a"), emptyManifest())));
  ASSERT_FALSE(errorToBool(b.write(folder.file("b"), emptyManifest())));
  ASSERT_FALSE(errorToBool(a.write(folder.file("c"), emptyManifest()))) << "a writer can write twice";
  EXPECT_FALSE(readFile(folder.file("a")).empty());
  EXPECT_EQ(readFile(folder.file("a")), readFile(folder.file("b")));
  EXPECT_EQ(readFile(folder.file("a")), readFile(folder.file("c")));
}

TEST(PackageWriter, PiecesEqualWhole) {
  Folder folder;
  PackageWriter a, b;
  a.add("m", "hello world");
  b.addPieces("m", {"hello", "", " ", "world"});
  ASSERT_FALSE(errorToBool(a.write(folder.file("a"), emptyManifest())));
  ASSERT_FALSE(errorToBool(b.write(folder.file("b"), emptyManifest())));
  EXPECT_EQ(readFile(folder.file("a")), readFile(folder.file("b")));
}

TEST(PackageWriter, BadNames) {
  Folder folder;
  for (StringRef name : {"", "/abs", "../up", "a/../b", "a//b", "a/", "./a", "a\\b", "c:d", "a\nb", "seqc.json"}) {
    PackageWriter writer;
    writer.add(name, "x");
    EXPECT_WRITE_ERROR(writer.write(folder.file("p"), emptyManifest()), "expects a relative path");
  }
  PackageWriter writer;
  writer.add("a", "1");
  writer.add("a", "2");
  EXPECT_WRITE_ERROR(writer.write(folder.file("p"), emptyManifest()), "member 'a': expects to be added once");
  EXPECT_EQ(folder.numEntries(), 0);
}

TEST(PackageWriter, FailureLeavesTheOldFile) {
  Folder folder;
  std::string path = folder.file("p.seqc");
  PackageWriter writer;
  writer.add("big", std::string(1 << 20, 'b'));
  EXPECT_WRITE_ERROR(writer.write(folder.file("no/such/p.seqc"), emptyManifest()), "cannot be written");
  EXPECT_WRITE_ERROR(writer.write(folder.path, emptyManifest()), "expects a regular file");
  PackageWriter small;
  ASSERT_FALSE(errorToBool(small.write(path, emptyManifest())));
  std::string old = readFile(path);
  // A limit on file size behaves like a full disk.
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  auto *handler = signal(SIGXFSZ, SIG_IGN);
  rlimit tight{100000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  Error error = writer.write(path, emptyManifest());
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_WRITE_ERROR(std::move(error), "cannot be written");
  EXPECT_EQ(readFile(path), old);
  EXPECT_EQ(folder.numEntries(), 1);
  ASSERT_FALSE(errorToBool(writer.write(path, emptyManifest())));
  EXPECT_EQ(runtimeOpens(path), SEQC_RT_OK);
}

TEST(PackageWriter, SafetensorsMember) {
  Folder folder;
  PackageWriter writer;
  std::vector<SafetensorsTensor> tensors{{"b", "F32", {2}, StringRef("12345678")}, {"a", "BOOL", {3}, StringRef("\0\1\0", 3)}};
  ASSERT_FALSE(errorToBool(writer.addSafetensors("weights/model.safetensors", tensors)));
  EXPECT_WRITE_ERROR(writer.addSafetensors("weights/x.safetensors", {{"a", "F32", {3}, StringRef("1234")}}), "weights/x.safetensors: tensor 'a'");
  json::Object manifest = emptyManifest();
  manifest["weights"] = json::Array{json::Object{{"name", "a"}, {"file", "weights/model.safetensors"}, {"dtype", "i1"}, {"shape", json::Array{3}}},
                                    json::Object{{"name", "b"}, {"file", "weights/model.safetensors"}, {"dtype", "f32"}, {"shape", json::Array{2}}}};
  ASSERT_FALSE(errorToBool(writer.write(folder.file("p"), std::move(manifest))));
  EXPECT_TRUE(pythonAccepts(folder.file("p")));
  EXPECT_EQ(runtimeOpens(folder.file("p")), SEQC_RT_OK) << seqc_rt_last_error();
}

TEST(PackageScalar, NonFinite) {
  double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(packageScalar(inf), json::Value("inf"));
  EXPECT_EQ(packageScalar(-inf), json::Value("-inf"));
  EXPECT_EQ(packageScalar(std::numeric_limits<double>::quiet_NaN()), json::Value("nan"));
  EXPECT_EQ(packageScalar(0.5), json::Value(0.5));
}

} // namespace
