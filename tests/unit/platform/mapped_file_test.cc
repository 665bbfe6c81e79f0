// SPDX-License-Identifier: Apache-2.0
#include "platform/mapped_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "platform/bus_fault_guard.h"

namespace sterna::platform {
namespace {

// A folder of its own for each test, removed at its end.
class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest() {
    std::string pattern = testing::TempDir() + "/sterna_mapped_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~MappedFileTest() override { std::filesystem::remove_all(folder_); }

  std::string PathOf(const std::string& name) const { return folder_ + "/" + name; }

  std::string Write(const std::string& name, size_t size_bytes, char fill) const {
    std::ofstream(PathOf(name), std::ios::binary) << std::string(size_bytes, fill);
    return PathOf(name);
  }

  std::string folder_;
};

size_t PageBytes() { return size_t(sysconf(_SC_PAGESIZE)); }

StatusCode CodeOfOpening(const std::string& path) {
  const Result<MappedFile> file = MappedFile::Open(path);
  EXPECT_FALSE(file.ok()) << path;
  EXPECT_EQ(0u, file.status().message().find("file '" + path + "': ")) << file.status().message();
  return file.status().code();
}

TEST_F(MappedFileTest, ShowsTheBytesOfAFile) {
  const Result<MappedFile> file = MappedFile::Open(Write("a", 5000, 'x'));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(5000u, file->bytes().size());
  EXPECT_EQ(std::byte{'x'}, file->bytes().back());
  EXPECT_EQ(PathOf("a"), file->path());
  file->AdviseSequential();
  file->AdviseWillNeed(4097, 1 << 20);
  file->AdviseWillNeed(1 << 20, 1);
  EXPECT_TRUE(file->Check().ok());
}

// Pages of `bytes` that this process has mapped now.
size_t ResidentPages(std::span<const std::byte> bytes) {
  std::ifstream maps("/proc/self/smaps");
  std::string begin = fmt::format("{:x}-", reinterpret_cast<uintptr_t>(bytes.data()));
  std::string line;
  while (std::getline(maps, line) && line.compare(0, begin.size(), begin) != 0) {
  }
  while (std::getline(maps, line) && line.compare(0, 4, "Rss:") != 0) {
  }
  return std::stoul(line.substr(4)) * 1024 / PageBytes();
}

TEST_F(MappedFileTest, LetsGoOfPagesThatAreDoneWithAndReadsThemAgain) {
  const size_t size_bytes = 16 * PageBytes();
  const Result<MappedFile> file = MappedFile::Open(Write("a", size_bytes, 'x'));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto count = [&] { return std::count(file->bytes().begin(), file->bytes().end(), std::byte{'x'}); };
  EXPECT_EQ(ptrdiff_t(size_bytes), count());
  EXPECT_EQ(16u, ResidentPages(file->bytes()));
  file->AdviseDone(1, 3 * PageBytes());  // only pages 1 and 2 lie whole in the range
  EXPECT_EQ(14u, ResidentPages(file->bytes()));
  EXPECT_EQ(ptrdiff_t(size_bytes), count());
}

TEST_F(MappedFileTest, OpensAnEmptyFileAsNoBytes) {
  const Result<MappedFile> file = MappedFile::Open(Write("empty", 0, 'x'));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->bytes().empty());
  EXPECT_FALSE(file->Faulted());
  file->AdviseSequential();
  file->AdviseWillNeed(0, 1);
}

TEST_F(MappedFileTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(StatusCode::kNotFound, CodeOfOpening(PathOf("missing")));
  EXPECT_EQ(StatusCode::kNotFound, CodeOfOpening(Write("a", 1, 'x') + "/below_a_file"));
  EXPECT_EQ(StatusCode::kInvalidArgument, CodeOfOpening(""));
  EXPECT_EQ(StatusCode::kInvalidArgument, CodeOfOpening(PathOf("a") + std::string(1, '\0') + "b"));
}

TEST_F(MappedFileTest, RefusesDirectoriesPipesAndDevices) {
  ASSERT_EQ(0, mkfifo(PathOf("pipe").c_str(), 0600));
  EXPECT_EQ(StatusCode::kUnsupported, CodeOfOpening(folder_));
  EXPECT_EQ(StatusCode::kUnsupported, CodeOfOpening(PathOf("pipe")));
  EXPECT_EQ(StatusCode::kUnsupported, CodeOfOpening("/dev/null"));
  EXPECT_NE(std::string::npos, MappedFile::Open(PathOf("pipe")).status().message().find("is a pipe"));
}

TEST_F(MappedFileTest, RefusesAFileThatMayNotBeRead) {
  const std::string path = Write("locked", 10, 'x');
  ASSERT_EQ(0, chmod(path.c_str(), 0));
  if (access(path.c_str(), R_OK) == 0) GTEST_SKIP() << "this user may read every file (root)";
  EXPECT_EQ(StatusCode::kNotFound, CodeOfOpening(path));
}

TEST_F(MappedFileTest, ReadsZerosAndTellsWhenTheFileShrinksWhileMapped) {
  const std::string path = Write("shrinking", 4 * PageBytes() + 10, 'x');
  const Result<MappedFile> file = MappedFile::Open(path);
  const Result<MappedFile> other = MappedFile::Open(Write("whole", 3 * PageBytes(), 'y'));
  ASSERT_TRUE(file.ok() && other.ok());
  std::filesystem::resize_file(path, PageBytes());

  EXPECT_EQ(std::byte{'x'}, file->bytes()[0]);
  EXPECT_FALSE(file->Faulted());
  EXPECT_EQ(std::byte{0}, file->bytes()[2 * PageBytes() + 5]);
  EXPECT_EQ(std::byte{0}, file->bytes()[PageBytes()]);
  EXPECT_EQ(std::byte{0}, file->bytes().back());
  EXPECT_EQ(std::byte{'x'}, file->bytes()[PageBytes() - 1]);

  EXPECT_TRUE(file->Faulted());
  EXPECT_EQ(StatusCode::kCorrupt, file->Check().code());
  EXPECT_NE(std::string::npos, file->Check().message().find("file '" + path + "': shrank"));
  EXPECT_FALSE(other->Faulted());
  EXPECT_EQ(std::byte{'y'}, other->bytes().back());
}

TEST_F(MappedFileTest, KeepsWatchingAfterItIsMoved) {
  const std::string path = Write("moved", 3 * PageBytes(), 'x');
  std::vector<MappedFile> files;
  files.push_back(std::move(*MappedFile::Open(path)));
  files.push_back(std::move(*MappedFile::Open(path)));
  files.erase(files.begin());
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(std::byte{0}, files[0].bytes()[PageBytes()]);
  EXPECT_TRUE(files[0].Faulted());
}

TEST_F(MappedFileTest, ForgetsAFaultWithTheFile) {
  const std::string path = Write("again", 2 * PageBytes(), 'x');
  {
    const Result<MappedFile> file = MappedFile::Open(path);
    ASSERT_TRUE(file.ok());
    std::filesystem::resize_file(path, 0);
    EXPECT_EQ(std::byte{0}, file->bytes()[0]);
  }
  const Result<MappedFile> file = MappedFile::Open(Write("again", 2 * PageBytes(), 'z'));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(std::byte{'z'}, file->bytes()[0]);
  EXPECT_FALSE(file->Faulted());
}

TEST_F(MappedFileTest, RefusesMoreFilesThanTheGuardCanWatch) {
  const std::string path = Write("many", 10, 'x');
  std::vector<MappedFile> files;
  for (size_t i = 0; i < BusFaultGuard::kMaxRanges; ++i) files.push_back(std::move(*MappedFile::Open(path)));
  EXPECT_EQ(StatusCode::kResourceExhausted, CodeOfOpening(path));
  files.pop_back();
  EXPECT_TRUE(MappedFile::Open(path).ok());
}

// A bus fault that is not ours must still end the process.
TEST_F(MappedFileTest, LeavesBusFaultsOfOtherMappingsAlone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::string path = Write("foreign", PageBytes(), 'x');
  const auto fault_elsewhere = [&] {
    const Result<MappedFile> file = MappedFile::Open(path);
    std::FILE* const stream = std::fopen(path.c_str(), "rb");
    const auto* const foreign =
        static_cast<volatile char*>(mmap(nullptr, PageBytes(), PROT_READ, MAP_PRIVATE, fileno(stream), 0));
    std::filesystem::resize_file(path, 0);
    std::exit(foreign[0]);
  };
  EXPECT_DEATH(fault_elsewhere(), "");
}

}  // namespace
}  // namespace sterna::platform
