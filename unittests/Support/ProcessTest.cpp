// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Process.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

using namespace seqc;

namespace {

TEST(ProcessTest, OutputAndExitCode) {
  llvm::Expected<ProgramResult> result = runProgram("/bin/sh", {"-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(bool(result));
  EXPECT_EQ(result->exitCode, 3);
  EXPECT_EQ(result->output, "out\nerr\n");
}

TEST(ProcessTest, StandardInputIsEmpty) {
  llvm::Expected<ProgramResult> result = runProgram("/bin/sh", {"-c", "cat; echo end"});
  ASSERT_TRUE(bool(result));
  EXPECT_EQ(result->exitCode, 0);
  EXPECT_EQ(result->output, "end\n");
}

TEST(ProcessTest, MissingProgram) {
  llvm::Expected<ProgramResult> result = runProgram("/no/such/program", {});
  if (result) { // some systems find out in the child
    EXPECT_NE(result->exitCode, 0);
    return;
  }
  EXPECT_NE(llvm::toString(result.takeError()).find("/no/such/program: cannot be started"), std::string::npos);
}

TEST(ProcessTest, TemporaryFilesGoAway) {
  std::string path;
  {
    llvm::Expected<TemporaryFile> file = TemporaryFile::create("seqc-test", "txt");
    ASSERT_TRUE(bool(file));
    TemporaryFile moved = std::move(*file);
    path = moved.path().str();
    EXPECT_TRUE(llvm::sys::fs::exists(path));
  }
  EXPECT_FALSE(llvm::sys::fs::exists(path));
}

} // namespace
