// SPDX-License-Identifier: Apache-2.0
// Opening: options, every status, manifests with one fault each, what loading leaves behind.
#include "call_helper.h"
#include <dlfcn.h>
#include "cpu_features.h"
#include <cstring>
#include <dirent.h>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace seqc_rt_test;

namespace {

struct File {
  std::string path;
  explicit File(const std::string &bytes) {
    char name[] = "/tmp/seqc-rt-test-XXXXXX";
    int fd = mkstemp(name);
    path = name;
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    close(fd);
  }
  ~File() { unlink(path.c_str()); }
};

seqc_rt_status_t openPath(const char *path, const seqc_rt_open_options_t *options = nullptr) {
  seqc_rt_package_t *p = nullptr;
  seqc_rt_status_t status = seqc_rt_package_open(path, options, &p);
  EXPECT_EQ(p != nullptr, status == SEQC_RT_OK);
  seqc_rt_package_close(p);
  return status;
}

int countEntries(const char *folder) {
  DIR *dir = opendir(folder);
  int n = 0;
  while (readdir(dir))
    ++n;
  closedir(dir);
  return n;
}

long residentBytes() {
  long pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::string withManifest(const std::string &from, const std::string &to) {
  return makePackage(replaced(kStandardManifest, from, to), standardMembers());
}

} // namespace

TEST(Open, FromPathAndMemory) {
  File file(standardPackage());
  EXPECT_EQ(openPath(file.path.c_str()), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(openStatus(standardPackage()), SEQC_RT_OK) << seqc_rt_last_error();
  // Memory at any alignment.
  std::string bytes = standardPackage();
  for (int shift = 1; shift < 8; ++shift) {
    std::string shifted(shift, 'x');
    shifted += bytes;
    seqc_rt_package_t *p;
    ASSERT_EQ(seqc_rt_package_open_memory(shifted.data() + shift, bytes.size(), nullptr, &p), SEQC_RT_OK);
    const seqc_rt_function_t *fn;
    ASSERT_EQ(seqc_rt_package_find_function(p, "step", &fn), SEQC_RT_OK);
    Tensor<float> state({6}, 1), next({6});
    ASSERT_EQ(call(fn, {&state.dl}, {&next.dl}), SEQC_RT_OK) << seqc_rt_last_error();
    EXPECT_EQ(next[5], 7.0f);
    seqc_rt_package_close(p);
  }
}

TEST(Open, Files) {
  EXPECT_STATUS(openPath("/no/such/file.seqc"), SEQC_RT_NOT_FOUND, "/no/such/file.seqc: cannot be opened: No such file");
  EXPECT_STATUS(openPath("/dev/null/x"), SEQC_RT_NOT_FOUND, "Not a directory");
  EXPECT_STATUS(openPath("/tmp"), SEQC_RT_IO_ERROR, "regular file");
  EXPECT_STATUS(openPath("/dev/zero"), SEQC_RT_IO_ERROR, "regular file");
  File empty("");
  EXPECT_STATUS(openPath(empty.path.c_str()), SEQC_RT_BAD_PACKAGE, "the file is empty");
  File pipe("");
  unlink(pipe.path.c_str());
  ASSERT_EQ(mkfifo(pipe.path.c_str(), 0600), 0);
  EXPECT_STATUS(openPath(pipe.path.c_str()), SEQC_RT_IO_ERROR, "regular file"); // and does not wait for a writer
  std::string longName = "/" + std::string(5000, 'x');
  EXPECT_STATUS(openPath(longName.c_str()), SEQC_RT_IO_ERROR, "File name too long");
}

TEST(Open, NoDescriptorsLeft) {
  File file(standardPackage());
  rlimit before;
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit tight{static_cast<rlim_t>(0), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &tight);
  seqc_rt_status_t fromPath = openPath(file.path.c_str());
  std::string pathMessage = seqc_rt_last_error();
  seqc_rt_status_t fromMemory = openStatus(standardPackage());
  std::string memoryMessage = seqc_rt_last_error();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(fromPath, SEQC_RT_IO_ERROR);
  EXPECT_NE(pathMessage.find("Too many open files"), std::string::npos) << pathMessage;
  EXPECT_EQ(fromMemory, SEQC_RT_DEVICE_ERROR);
  EXPECT_NE(memoryMessage.find("cpu/kernels.so: cannot make an in-memory file"), std::string::npos) << memoryMessage;
  EXPECT_EQ(openPath(file.path.c_str()), SEQC_RT_OK);
}

TEST(Open, NullArguments) {
  seqc_rt_package_t *p = nullptr;
  EXPECT_STATUS(seqc_rt_package_open(nullptr, nullptr, &p), SEQC_RT_INVALID_ARGUMENT, "expects path");
  EXPECT_STATUS(seqc_rt_package_open("x", nullptr, nullptr), SEQC_RT_INVALID_ARGUMENT, "out_package");
  EXPECT_STATUS(seqc_rt_package_open_memory(nullptr, 4, nullptr, &p), SEQC_RT_INVALID_ARGUMENT, "expects data");
  EXPECT_STATUS(seqc_rt_package_open_memory("abcd", 4, nullptr, nullptr), SEQC_RT_INVALID_ARGUMENT, "out_package");
  EXPECT_STATUS(seqc_rt_package_open_memory(nullptr, 0, nullptr, &p), SEQC_RT_BAD_PACKAGE, "0 bytes");
  seqc_rt_package_close(nullptr);
}

TEST(Open, Options) {
  std::string bytes = standardPackage();
  auto status = [&](void (*edit)(seqc_rt_open_options_t &)) {
    seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
    edit(options);
    seqc_rt_package_t *p = nullptr;
    seqc_rt_status_t s = seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p);
    seqc_rt_package_close(p);
    return s;
  };
  EXPECT_STATUS(status([](auto &o) { o.struct_size = 8; }), SEQC_RT_INVALID_ARGUMENT, "struct_size");
  EXPECT_EQ(status([](auto &o) { // a program built before cuda_context was there
              o.struct_size = offsetof(seqc_rt_open_options_t, cuda_context);
              o.cuda_context = &o;
            }),
            SEQC_RT_OK);
  EXPECT_STATUS(status([](auto &o) { o.device.ordinal = 1; }), SEQC_RT_INVALID_ARGUMENT,
                "device: expects {SEQC_RT_CPU, 0} or {SEQC_RT_CUDA, N}, but got {0, 1}");
  EXPECT_STATUS(status([](auto &o) { o.device = {SEQC_RT_CUDA, -1}; }), SEQC_RT_INVALID_ARGUMENT, "but got {1, -1}");
  EXPECT_STATUS(status([](auto &o) { o.cuda_context = &o; }), SEQC_RT_INVALID_ARGUMENT, "cuda_context: expects NULL on the CPU");
  if (!dlopen("libcuda.so.1", RTLD_NOW)) { // gpu_test.cpp tests everything else
    EXPECT_STATUS(status([](auto &o) { o.device.type = SEQC_RT_CUDA; }), SEQC_RT_DEVICE_ERROR, "no NVIDIA driver on this machine");
    int32_t count = 7;
    EXPECT_STATUS(seqc_rt_device_count(SEQC_RT_CUDA, &count), SEQC_RT_DEVICE_ERROR, "no NVIDIA driver on this machine");
    EXPECT_EQ(count, 0);
  }
  EXPECT_STATUS(status([](auto &o) { o.device.type = static_cast<seqc_rt_device_type_t>(3); }), SEQC_RT_INVALID_ARGUMENT, "device");
  EXPECT_STATUS(status([](auto &o) { o.num_threads = -1; }), SEQC_RT_INVALID_ARGUMENT, "num_threads: expects 0 to 1024, but got -1");
  EXPECT_STATUS(status([](auto &o) { o.num_threads = 1025; }), SEQC_RT_INVALID_ARGUMENT, "num_threads");
  EXPECT_STATUS(status([](auto &o) { o.verify = static_cast<seqc_rt_verify_t>(2); }), SEQC_RT_INVALID_ARGUMENT, "verify");
  EXPECT_EQ(status([](auto &o) { o.struct_size += 100; }), SEQC_RT_OK) << "a caller built against a newer header";
}

TEST(Open, InspectOnlyRunsNothing) {
  std::string bytes = makePackage(replaced(kStandardManifest, "\"x86_64-unknown-linux-gnu\"", "\"riscv64-linux\""), standardMembers());
  EXPECT_EQ(openStatus(bytes), SEQC_RT_UNSUPPORTED);
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.inspect_only = 1;
  seqc_rt_package_t *p;
  ASSERT_EQ(seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p), SEQC_RT_OK) << seqc_rt_last_error();
  const seqc_rt_function_t *fn;
  ASSERT_EQ(seqc_rt_package_find_function(p, "scalars", &fn), SEQC_RT_OK);
  Tensor<int64_t> y({8});
  EXPECT_STATUS(call(fn, {}, {&y.dl}), SEQC_RT_UNSUPPORTED, "scalars: the package was opened with inspect_only");
  seqc_rt_package_close(p);
}

TEST(Open, Digests) {
  std::string bytes = standardPackage();
  std::string weights = bytesOf<float>({1, 2, 3, 4, 5, 6});
  size_t at = bytes.find(weights);
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  EXPECT_STATUS(openStatus(bytes), SEQC_RT_DIGEST_MISMATCH, "member 'weights/model.safetensors': its SHA-256 differs");
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.verify = SEQC_RT_VERIFY_CODE;
  seqc_rt_package_t *p;
  ASSERT_EQ(seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p), SEQC_RT_OK) << seqc_rt_last_error();
  seqc_rt_package_close(p);
  bytes[bytes.find("test_add", bytes.find("\x7F" "ELF"))] ^= 1;
  EXPECT_STATUS(seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p), SEQC_RT_DIGEST_MISMATCH, "cpu/kernels.so");
  // Code that hides among the weights is checked all the same.
  auto members = standardMembers();
  members["weights/k.so"] = members["cpu/kernels.so"];
  members.erase("cpu/kernels.so");
  bytes = makePackage(replaced(kStandardManifest, "cpu/kernels.so", "weights/k.so"), members);
  bytes[bytes.find("test_add", bytes.find("\x7F" "ELF"))] ^= 1;
  EXPECT_STATUS(seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p), SEQC_RT_DIGEST_MISMATCH, "weights/k.so");
}

TEST(Open, Machine) {
  EXPECT_STATUS(openStatus(withManifest("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")), SEQC_RT_UNSUPPORTED, "CPU code for aarch64-unknown-linux-gnu, but this machine is x86_64");
  EXPECT_STATUS(openStatus(withManifest("x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc")), SEQC_RT_UNSUPPORTED, "windows");
  EXPECT_STATUS(openStatus(withManifest("\"sse2\"", "\"sse2\",\"avx10.9\"")), SEQC_RT_UNSUPPORTED, "needs the CPU feature 'avx10.9'");
  EXPECT_STATUS(openStatus(withManifest("\"schema\": 1", "\"schema\": 2")), SEQC_RT_UNSUPPORTED, "expects schema <= 1, but got 2; use a newer runtime");
  for (const char *name : {"sse2", "64bit", "cx8", "cmov", "fxsr"})
    EXPECT_TRUE(rt_cpu_has_feature(name)) << name;
  // The kernel's own list must agree.
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line;
  while (std::getline(cpuinfo, line) && line.rfind("flags", 0) != 0) {
  }
  line += " ";
  for (auto [llvm, kernel] : {std::pair("avx", "avx"), {"avx2", "avx2"}, {"fma", "fma"}, {"f16c", "f16c"}, {"bmi2", "bmi2"}, {"avx512f", "avx512f"},
                             {"avx512bf16", "avx512_bf16"}, {"avxvnni", "avx_vnni"}, {"sse4.2", "sse4_2"}, {"lzcnt", "abm"}, {"sahf", "lahf_lm"},
                             {"amx-bf16", "amx_bf16"}, {"vaes", "vaes"}, {"movbe", "movbe"}, {"popcnt", "popcnt"}})
    EXPECT_EQ(rt_cpu_has_feature(llvm), line.find(std::string(" ") + kernel + " ") != std::string::npos) << llvm;
}

TEST(Open, Code) {
  auto members = standardMembers();
  members["cpu/kernels.so"] = "this is no shared object";
  EXPECT_STATUS(openStatus(makePackage(kStandardManifest, members)), SEQC_RT_DEVICE_ERROR, "cpu/kernels.so: the system loader refuses it");
  EXPECT_STATUS(openStatus(withManifest("\"symbol\": \"test_add\"", "\"symbol\": \"test_sub\"")), SEQC_RT_BAD_PACKAGE, "expects the symbol 'test_sub' of kernel 0");
  std::string noCode = makePackage(R"({"schema": 1, "functions": []})", {});
  EXPECT_STATUS(openStatus(noCode), SEQC_RT_UNSUPPORTED, "the package has no CPU code");
  EXPECT_EQ(openStatus(noCode, /*inspect=*/true), SEQC_RT_OK) << seqc_rt_last_error();
  // A kernel without CPU code matters only to the functions that run it.
  Package partial(withManifest(", \"cpu\": {\"symbol\": \"test_count\", \"scratch_bytes\": 0}", ""));
  Tensor<int8_t> n({3});
  Tensor<int32_t> y({3});
  EXPECT_STATUS(call(partial.function("count"), {&n.dl}, {&y.dl}), SEQC_RT_UNSUPPORTED, "kernel 'count' has no CPU code");
  Tensor<float> state({6}), next({6});
  EXPECT_EQ(call(partial.function("step"), {&state.dl}, {&next.dl}), SEQC_RT_OK);
}

// Each entry replaces a piece of the standard manifest; the message must name the place.
TEST(Open, ManifestFaults) {
  struct Fault {
    const char *from, *to, *message;
  };
  const Fault faults[] = {
      {"\"schema\": 1", "\"schema\": 0", "seqc.json: expects an integer 'schema' from 1"},
      {"\"schema\": 1", "\"schema\": \"1\"", "expects an integer 'schema'"},
      {"\"schema\": 1,", "", "expects an integer 'schema'"},
      {"\"schema\": 1,", "\"schema\": 1, \"schema\": 1,", "expects the key 'schema' once"},
      {"\"library\": \"cpu/kernels.so\"", "\"library\": \"cpu/other.so\"", "member 'cpu/other.so': named by 'cpu'"},
      {"\"library\": \"cpu/kernels.so\"", "\"library\": \"seqc.json\"", "member 'seqc.json': named by 'cpu'"},
      {"\"library\": \"cpu/kernels.so\"", "\"library\": 3", "seqc.json: cpu: expects a string 'library'"},
      {"[\"sse2\"]", "[1]", "seqc.json: cpu: expects strings in 'features'"},
      {"[\"sse2\"]", "\"sse2\"", "seqc.json: cpu: expects an array 'features'"},
      {"\"kind\": \"ptr\"", "\"kind\": \"pointer\"", "seqc.json: kernels[0].params[0]: expects kind ptr, index or scalar, but got 'pointer'"},
      {"\"dtype\": \"f32\"", "\"dtype\": \"f31\"", "kernels[0].params[0]: unknown dtype 'f31'"},
      {"\"dtype\": \"f32\"", "\"dtype\": \"c64\"", "kernels[0].params[0]: expects the dtype of the parts of complex numbers, but got 'c64'"},
      {"\"access\": \"read\"", "\"access\": \"rw\"", "expects access 'read' or 'write', but got 'rw'"},
      {"{\"name\": \"N\", \"kind\": \"index\"}],", "{\"name\": \"N\", \"kind\": \"index\"}, {\"name\": \"z\", \"kind\": \"ptr\", \"dtype\": \"f32\", \"access\": \"read\"}],",
       "kernels[0].params[4]: expects pointers, then indices, then scalars"},
      {"[[\"ceildiv\", \"N\", 64]]", "[]", "kernels[0]: expects 1 to 3 grid extents, but got 0"},
      {"[[\"ceildiv\", \"N\", 64]]", "[1, 1, 1, 1]", "expects 1 to 3 grid extents, but got 4"},
      {"[[\"ceildiv\", \"N\", 64]]", "[\"M\"]", "kernels[0]: expects a known dim in an expression, but got 'M'"},
      {"\"scratch_bytes\": 4104", "\"scratch_bytes\": -1", "kernels[2]: expects an integer 'scratch_bytes' from 0"},
      {"\"scratch_bytes\": 4104", "\"scratch_bytes\": 1e18", "expects an integer 'scratch_bytes'"},
      {"\"symbol\": \"test_add\"", "\"symbol\": null", "kernels[0]: expects a string 'symbol'"},
      {"\"name\": \"w\"", "\"name\": \"v\"", "member 'weights/model.safetensors': expects a tensor 'v'"},
      {"\"dtype\": \"f32\", \"shape\": [6]}]", "\"dtype\": \"i32\", \"shape\": [6]}]", "functions[1].launches[0][0].args[1]: expects a tensor of f32, but got i32"},
      {"\"file\": \"weights/model.safetensors\", \"dtype\": \"f32\", \"shape\": [6]", "\"file\": \"weights/model.safetensors\", \"dtype\": \"f32\", \"shape\": [3, 2]",
       "tensor 'w': its dtype or shape differs"},
      {"\"file\": \"weights/model.safetensors\"", "\"file\": \"cpu/kernels.so\"", "cpu/kernels.so: expects"},
      {"\"file\": \"weights/model.safetensors\"", "\"file\": \"../x\"", "member '../x': named by weights[0]"},
      {"\"weights\": [{", "\"weights\": [7, {", "seqc.json: weights[0]: expects an object"},
      {"\"dims\": [\"B\"]", "\"dims\": [\"B\", \"B\"]", "functions[0]: expects each dim once, but got 'B' twice"},
      {"\"dims\": [\"B\"]", "\"dims\": [\"B\", \"C\"]", "functions[0]: expects dim 'C' to be an extent of an input"},
      {"\"dims\": [\"B\"]", "\"dims\": [\"sms\"]", "expects names other than 'sms'"},
      {"\"dims\": [\"B\"]", "\"dims\": [1]", "expects names other than 'sms'"},
      {"\"dims\": [\"B\"]", "\"dims\": []", "functions[0].inputs[0]: expects a known dim in an expression, but got 'B'"},
      {"\"shape\": [\"B\", 6]", "\"shape\": [\"B\", -6]", "functions[0].inputs[0]: expects sizes >= 0, but got -6"},
      {"\"shape\": [\"B\", 6]", "\"shape\": [\"B\", 1.5]", "functions[0].inputs[0]: expects an integer, a name"},
      {"[[\"le\", \"B\", 1000]]", "[[\"le\", \"B\"]]", "functions[0]: expects an integer, a name"},
      {"\"states\": [{\"input\": 0, \"output\": 0}]", "\"states\": [{\"input\": 1, \"output\": 0}]", "functions[1]: expects an integer 'input' from 0 to 0"},
      {"\"outputs\": [{\"name\": \"next\", \"dtype\": \"f32\", \"shape\": [6]}]", "\"outputs\": [{\"name\": \"next\", \"dtype\": \"f32\", \"shape\": [6, 1]}]",
       "functions[1]: expects input and output of state 0 to have one dtype and rank"},
      {"\"workspace_bytes\": 0,", "", "functions[1]: expects 'workspace_bytes'"},
      {"\"guard\": 1, \"kernel\": 0", "\"guard\": 0, \"kernel\": 0", "functions[0].launches[0]: expects 1 as guard of the last alternative"},
      {"\"guard\": 1, \"kernel\": 0", "\"kernel\": 0", "functions[0].launches[0][0]: expects a 'guard'"},
      {"\"guard\": 1, \"kernel\": 0", "\"guard\": 1, \"kernel\": 6", "expects an integer 'kernel' from 0 to 5"},
      {"\"guard\": 1, \"kernel\": 0", "\"guard\": 1, \"kernel\": 1", "functions[0].launches[0][0].args[1]: expects an output or workspace for the written param 'y'"},
      {"\"guard\": 1, \"kernel\": 0", "\"guard\": 1, \"kernel\": 3", "expects 9 args for kernel 'scalars', but got 4"},
      {"\"launches\": [[{", "\"launches\": [[], [{", "functions[0].launches[0]: expects a list of at least one alternative"},
      {"\"launches\": [[{", "\"launches\": [3, [{", "functions[0].launches[0]: expects a list"},
      {"{\"workspace\": 0}", "{\"weight\": 0}", "launches[0][0].args[2]: expects an output or workspace for the written param 'y'"},
      {"{\"workspace\": 0}", "{\"workspace\": \"Q\"}", "launches[0][0].args[2]: expects a known dim"},
      {"{\"input\": 1}", "{\"input\": 2}", "launches[0][0].args[1]: expects 'input' from 0 to 1"},
      {"{\"input\": 1}", "{\"input\": -1}", "expects 'input' from 0 to 1"},
      {"{\"input\": 1}", "{\"expr\": 1}", "'expr' does not fit the kind of param 'b'"},
      {"{\"input\": 1}", "{}", "expects input, output, weight, workspace, expr or value"},
      {"{\"input\": 1}", "[]", "args[1]: expects an object"},
      {"{\"weight\": 0}", "{\"weight\": 1}", "functions[1].launches[0][0].args[1]: expects 'weight' from 0 to 0"},
      {"{\"value\": 2}", "{\"value\": \"two\"}", "functions[0].launches[1][0].args[3]: expects a value of f32 for param 's'"},
      {"{\"value\": -128}", "{\"value\": -129}", "expects a value of i8"},
      {"{\"value\": -5}", "{\"value\": 2147483648}", "expects a value of i32"},
      {"{\"value\": -5}", "{\"value\": 0.5}", "expects a value of i32"},
      {"{\"value\": true}", "{\"value\": 2}", "expects a value of i1"},
      {"{\"name\": \"step\"", "{\"name\": \"main\"", "functions[1]: expects function names to differ, but got 'main' twice"},
      {"\"name\": \"main\"", "\"name\": 4", "functions[0]: expects a string 'name'"},
  };
  for (const Fault &f : faults)
    EXPECT_STATUS(openStatus(withManifest(f.from, f.to)), SEQC_RT_BAD_PACKAGE, f.message);
  EXPECT_STATUS(openStatus(withManifest("\"producer\": {\"name\": \"test\"}", "\"future\": [{\"x\": 1}]")), SEQC_RT_OK, "");
}

TEST(Open, FilesFaults) {
  auto manifest = [](const std::string &files) { return R"({"schema":1,"functions":[],"files":)" + files + "}"; };
  auto open = [&](const std::string &files) { return openStatus(makeZip({{"a", "xyz"}, {"seqc.json", manifest(files)}}), true); };
  std::string digest = sha256Hex("xyz");
  EXPECT_EQ(open("{\"a\":{\"bytes\":3,\"sha256\":\"" + digest + "\"}}"), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_STATUS(open("{}"), SEQC_RT_BAD_PACKAGE, "member 'a': expects an entry in 'files'");
  EXPECT_STATUS(open("[]"), SEQC_RT_BAD_PACKAGE, "expects an object 'files'");
  EXPECT_STATUS(open("{\"a\":3}"), SEQC_RT_BAD_PACKAGE, "files[\"a\"]: expects an object");
  EXPECT_STATUS(open("{\"a\":{\"bytes\":4,\"sha256\":\"" + digest + "\"}}"), SEQC_RT_BAD_PACKAGE, "member 'a': expects 4 bytes, but got 3");
  EXPECT_STATUS(open("{\"a\":{\"bytes\":3,\"sha256\":\"" + digest.substr(1) + "\"}}"), SEQC_RT_BAD_PACKAGE, "64 lower-case hex digits");
  EXPECT_STATUS(open("{\"a\":{\"bytes\":3,\"sha256\":\"" + std::string(64, 'A') + "\"}}"), SEQC_RT_BAD_PACKAGE, "64 lower-case hex digits");
  EXPECT_STATUS(open("{\"a\":{\"bytes\":3,\"sha256\":\"" + std::string(64, '0') + "\"}}"), SEQC_RT_DIGEST_MISMATCH, "member 'a'");
  std::string entry = "{\"bytes\":3,\"sha256\":\"" + digest + "\"}";
  EXPECT_STATUS(open("{\"a\":" + entry + ",\"b\":" + entry + "}"), SEQC_RT_BAD_PACKAGE, "member 'b': listed in seqc.json, but not in the package");
  EXPECT_STATUS(open("{\"a\":" + entry + ",\"a\":" + entry + "}"), SEQC_RT_BAD_PACKAGE, "member 'a': listed twice");
  EXPECT_STATUS(open("{\"seqc.json\":" + entry + "}"), SEQC_RT_BAD_PACKAGE, "member 'seqc.json': listed");
}

TEST(Query, EverythingAndItsLimits) {
  Package p(standardPackage(), 3);
  seqc_rt_package_t *pkg = p.pkg.get();
  EXPECT_EQ(seqc_rt_package_num_functions(pkg), 7);
  EXPECT_EQ(seqc_rt_package_num_threads(pkg), 3);
  const char *text;
  size_t size;
  ASSERT_EQ(seqc_rt_package_manifest(pkg, &text, &size), SEQC_RT_OK);
  EXPECT_EQ(std::string(text, 1) + text[size - 1], "{}");
  EXPECT_STATUS(seqc_rt_package_manifest(nullptr, &text, &size), SEQC_RT_INVALID_ARGUMENT, "NULL");
  const seqc_rt_function_t *fn = p.function("main"), *same;
  ASSERT_EQ(seqc_rt_package_function(pkg, 0, &same), SEQC_RT_OK);
  EXPECT_EQ(fn, same);
  EXPECT_STATUS(seqc_rt_package_function(pkg, 7, &same), SEQC_RT_INVALID_ARGUMENT, "expects an index below 7, but got 7");
  EXPECT_EQ(same, nullptr);
  EXPECT_EQ(seqc_rt_package_function(pkg, -1, &same), SEQC_RT_INVALID_ARGUMENT);
  EXPECT_EQ(seqc_rt_package_function(nullptr, 0, &same), SEQC_RT_INVALID_ARGUMENT);
  EXPECT_EQ(seqc_rt_package_function(pkg, 0, nullptr), SEQC_RT_INVALID_ARGUMENT);
  EXPECT_STATUS(seqc_rt_package_find_function(pkg, "x", &same), SEQC_RT_NOT_FOUND, "no function 'x' in the package; it has: 'main', 'step'");
  EXPECT_STATUS(seqc_rt_package_find_function(pkg, nullptr, &same), SEQC_RT_NOT_FOUND, "because the package has 7 functions");
  EXPECT_EQ(seqc_rt_package_find_function(nullptr, "x", &same), SEQC_RT_INVALID_ARGUMENT);

  EXPECT_STREQ(seqc_rt_function_name(fn), "main");
  EXPECT_EQ(seqc_rt_function_num_inputs(fn), 2);
  EXPECT_EQ(seqc_rt_function_num_outputs(fn), 1);
  EXPECT_EQ(seqc_rt_function_num_states(fn), 0);
  EXPECT_EQ(seqc_rt_function_num_dims(fn), 1);
  EXPECT_STREQ(seqc_rt_function_dim_name(fn, 0), "B");
  EXPECT_EQ(seqc_rt_function_dim_name(fn, 1), nullptr);
  EXPECT_EQ(seqc_rt_function_dim_name(fn, -1), nullptr);
  const seqc_rt_tensor_info_t *x = seqc_rt_function_input(fn, 0);
  EXPECT_STREQ(x->name, "x");
  EXPECT_STREQ(x->dtype_name, "f32");
  ASSERT_EQ(x->rank, 2);
  EXPECT_STREQ(x->dims[0].text, "B");
  EXPECT_EQ(x->dims[0].dim_index, 0);
  EXPECT_EQ(x->dims[0].size, -1);
  EXPECT_STREQ(x->dims[1].text, "6");
  EXPECT_EQ(x->dims[1].size, 6);
  EXPECT_EQ(x->dims[1].dim_index, -1);
  EXPECT_STREQ(seqc_rt_function_output(p.function("grid"), 0)->dims[0].text, "[\"mul\",[\"mul\",\"X\",\"Y\"],\"Z\"]");
  EXPECT_EQ(seqc_rt_function_input(fn, 2), nullptr);
  EXPECT_EQ(seqc_rt_function_output(fn, 1), nullptr);
  EXPECT_EQ(seqc_rt_function_state(fn, 0), nullptr);
  EXPECT_EQ(seqc_rt_function_state(p.function("step"), 0)->input, 0);

  EXPECT_STREQ(seqc_rt_function_name(nullptr), "");
  EXPECT_EQ(seqc_rt_function_num_inputs(nullptr) + seqc_rt_function_num_outputs(nullptr) + seqc_rt_function_num_states(nullptr) +
                seqc_rt_function_num_dims(nullptr) + seqc_rt_package_num_functions(nullptr) + seqc_rt_package_num_threads(nullptr),
            0);
  EXPECT_EQ(seqc_rt_function_input(nullptr, 0), nullptr);
  EXPECT_STREQ(seqc_rt_version(), "0.1.0");
  EXPECT_STREQ(seqc_rt_status_name(SEQC_RT_BAD_PACKAGE), "SEQC_RT_BAD_PACKAGE");
  EXPECT_STREQ(seqc_rt_status_name(SEQC_RT_DEVICE_ERROR), "SEQC_RT_DEVICE_ERROR");
  EXPECT_STREQ(seqc_rt_status_name(static_cast<seqc_rt_status_t>(12)), "SEQC_RT_UNKNOWN");
  EXPECT_STREQ(seqc_rt_status_name(static_cast<seqc_rt_status_t>(-1)), "SEQC_RT_UNKNOWN");
}

TEST(Lifetime, OpeningStartsNoThreadAndClosingLeavesNothing) {
  File file(standardPackage());
  int descriptors = countEntries("/proc/self/fd"), threads = countEntries("/proc/self/task");
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.num_threads = 4;
  seqc_rt_package_t *p;
  ASSERT_EQ(seqc_rt_package_open(file.path.c_str(), &options, &p), SEQC_RT_OK);
  EXPECT_EQ(countEntries("/proc/self/task"), threads);
  const seqc_rt_function_t *fn;
  ASSERT_EQ(seqc_rt_package_find_function(p, "count", &fn), SEQC_RT_OK);
  Tensor<int8_t> n({1000});
  Tensor<int32_t> y({1000});
  ASSERT_EQ(call(fn, {&n.dl}, {&y.dl}), SEQC_RT_OK);
  EXPECT_EQ(countEntries("/proc/self/task"), threads + 3);
  seqc_rt_package_close(p);
  EXPECT_EQ(countEntries("/proc/self/task"), threads);
  EXPECT_EQ(countEntries("/proc/self/fd"), descriptors);
}

TEST(Lifetime, ThousandCyclesKeepMemoryFlat) {
  File file(standardPackage());
  long before = 0;
  for (int i = 0; i < 1000; ++i) {
    seqc_rt_package_t *p;
    ASSERT_EQ(seqc_rt_package_open(file.path.c_str(), nullptr, &p), SEQC_RT_OK);
    const seqc_rt_function_t *fn;
    ASSERT_EQ(seqc_rt_package_find_function(p, "main", &fn), SEQC_RT_OK);
    Tensor<float> x({200, 6}, 1), bias({200, 6}, 2), y({200, 6});
    ASSERT_EQ(call(fn, {&x.dl, &bias.dl}, {&y.dl}), SEQC_RT_OK);
    ASSERT_EQ(y[1199], 1.5f);
    seqc_rt_package_close(p);
    EXPECT_EQ(openStatus("broken"), SEQC_RT_BAD_PACKAGE);
    if (i == 200)
      before = residentBytes();
  }
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  return; // the allocator of the sanitizer keeps freed memory
#endif
#endif
  EXPECT_LE(residentBytes() - before, before / 100 + (1 << 18));
}

// Two libraries of one name must not be taken for each other, whatever descriptor number they get.
TEST(Lifetime, PackagesDoNotShareCode) {
  Package a, b(withManifest("\"value\": 0.5", "\"value\": 4"));
  a.pkg.reset();
  Package c(withManifest("\"symbol\": \"test_scale\", \"scratch_bytes\": 0", "\"symbol\": \"test_denormal\", \"scratch_bytes\": 0"));
  Tensor<float> x({3, 6}, 1), bias({3, 6}, 1), y({3, 6});
  ASSERT_EQ(call(b.function("main"), {&x.dl, &bias.dl}, {&y.dl}), SEQC_RT_OK);
  EXPECT_EQ(y[0], 8.0f);
}
