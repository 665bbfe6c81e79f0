// SPDX-License-Identifier: Apache-2.0
//
// Hostile things on disk under a model's name.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>

#include "support/gguf_builder.h"
#include "support/gguf_expect.h"
#include "support/temporary_folder.h"

namespace sterna::format {
namespace {

using namespace sterna::testing;  // NOLINT(google-build-using-namespace): the whole file speaks this vocabulary

void WriteFile(const std::string& path, const std::vector<std::byte>& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  ASSERT_TRUE(out.good());
}

void ExpectOneLineNaming(const Status& status, const std::string& name) {
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), ::testing::HasSubstr(name));
  EXPECT_THAT(status.message(), ::testing::Not(::testing::HasSubstr("\n")));
}

TEST(HostilePaths, NoSuchFile) {
  const TemporaryFolder folder;
  const Status status = GgufFile::Open(folder.File("absent.gguf")).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  ExpectOneLineNaming(status, "absent.gguf");
}

TEST(HostilePaths, EmptyFile) {
  const TemporaryFolder folder;
  WriteFile(folder.File("empty.gguf"), {});
  ExpectOneLineNaming(GgufFile::Open(folder.File("empty.gguf")).status(), "empty.gguf");
}

TEST(HostilePaths, Directory) {
  const TemporaryFolder folder;
  ExpectOneLineNaming(GgufFile::Open(folder.path().string()).status(), folder.path().filename().string());
}

TEST(HostilePaths, Fifo) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo(folder.File("pipe.gguf").c_str(), 0600), 0);
  ExpectOneLineNaming(GgufFile::Open(folder.File("pipe.gguf")).status(), "pipe.gguf");
}

TEST(HostilePaths, Device) { ExpectOneLineNaming(GgufFile::Open("/dev/zero").status(), "/dev/zero"); }

TEST(HostilePaths, DanglingLink) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("nowhere", folder.File("link.gguf"));
  const Status status = GgufFile::Open(folder.File("link.gguf")).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  ExpectOneLineNaming(status, "link.gguf");
}

// The header claims a tensor of a terabyte and the file has it, as a hole.
TEST(HostilePaths, SparseTerabyteFileIsReadWithoutItsSizeInMemory) {
  const TemporaryFolder folder;
  const std::string path = folder.File("sparse.gguf");
  constexpr int64_t kElements = int64_t{1} << 38;
  const auto head = GgufBuilder().TensorAt("t", {kElements}, 0, 0).Head();
  WriteFile(path, head);
  std::error_code error;
  std::filesystem::resize_file(path, (head.size() + 31) / 32 * 32 + uint64_t(kElements) * 4, error);
  if (error) GTEST_SKIP() << "this file system holds no sparse file of a terabyte: " << error.message();
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const auto file = GgufFile::Open(path);
  getrusage(RUSAGE_SELF, &after);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ((*file->RequireTensor("t"))->bytes.size(), uint64_t(kElements) * 4);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024);  // KiB
}

// The header claims as many entries as a terabyte of zeros can hold.
TEST(HostilePaths, SparseFileOfClaimedEntries) {
  const TemporaryFolder folder;
  const std::string path = folder.File("sparse.gguf");
  GgufBuilder builder;
  builder.claimed_tensors = uint64_t{1} << 20;
  builder.Value("strings", kIdArray, ByteString().U32(kIdString).U64(uint64_t{1} << 30));
  WriteFile(path, builder.Head());
  std::error_code error;
  std::filesystem::resize_file(path, uint64_t{1} << 40, error);
  if (error) GTEST_SKIP() << "this file system holds no sparse file of a terabyte: " << error.message();
  const Status status = GgufFile::Open(path).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("array of 1073741824 elements"));
}

// Two arrays of empty strings, each below the limit of an array: the file's own limit counts both.
TEST(HostilePaths, SparseFileOfStringsInManyArrays) {
  const TemporaryFolder folder;
  const std::string path = folder.File("sparse.gguf");
  constexpr uint64_t kCount = uint64_t{1} << 23, kMore = kCount + 1;
  GgufBuilder builder;
  builder.claimed_values = 2;
  builder.Value("a", kIdArray, ByteString().U32(kIdString).U64(kCount));
  const auto head = builder.Head();
  WriteFile(path, head);
  const auto second = ByteString().Text("b").U32(kIdArray).U32(kIdString).U64(kMore).bytes();
  std::error_code error;
  std::filesystem::resize_file(path, head.size() + 8 * kCount, error);
  if (error) GTEST_SKIP() << "this file system holds no sparse files: " << error.message();
  std::ofstream(path, std::ios::binary | std::ios::app)
      .write(reinterpret_cast<const char*>(second.data()), std::streamsize(second.size()));
  std::filesystem::resize_file(path, head.size() + 8 * kCount + second.size() + 8 * kMore);
  const Status status = GgufFile::Open(path).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("key 'b' brings the file's arrays to 16777217 strings"));
}

TEST(HostilePaths, FileThatShrinksWhileMappedIsNoticed) {
  const TemporaryFolder folder;
  const std::string path = folder.File("m.gguf");
  constexpr size_t kBytes = size_t{1} << 20;
  WriteFile(path, GgufBuilder().Tensor("t", {kBytes / 4}, 0, kBytes).Build());
  const auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto bytes = (*file->RequireTensor("t"))->bytes;
  EXPECT_TRUE(file->CheckStillWhole().ok());
  std::filesystem::resize_file(path, 4096);
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += unsigned(byte);
  EXPECT_EQ(sum, 0u);
  EXPECT_EQ(file->CheckStillWhole().code(), StatusCode::kCorrupt);
  ExpectOneLineNaming(file->CheckStillWhole(), "m.gguf");
}

}  // namespace
}  // namespace sterna::format
