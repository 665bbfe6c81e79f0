// SPDX-License-Identifier: Apache-2.0
//
// Models split into several files.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/gguf_builder.h"
#include "support/gguf_expect.h"
#include "support/temporary_folder.h"

namespace sterna::format {
namespace {

using namespace sterna::testing;  // NOLINT(google-build-using-namespace): the whole file speaks this vocabulary
using ::testing::HasSubstr;

constexpr std::string_view kNames[] = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"};

GgufBuilder Part(uint16_t number, uint16_t count, int32_t tensors = 3) {
  GgufBuilder builder;
  builder.Value("split.no", kIdU16, ByteString().Put(number)).Value("split.count", kIdU16, ByteString().Put(count));
  builder.Value("split.tensors.count", kIdI32, ByteString().I32(tensors));
  return builder;
}

class SplitModel : public ::testing::Test {
 protected:
  SplitModel() {
    Write(0, Part(0, 3).String("general.name", "split").Tensor("a", {8, 2}, 0, 64));
    Write(1, Part(1, 3).Tensor("c", {8, 2}, 0, 64));
    Write(2, Part(2, 3).Tensor("b", {8, 4}, 0, 128));
  }
  std::string Path(size_t part) const { return folder_.File(std::string(kNames[part])); }
  void Write(size_t part, const GgufBuilder& builder) const {
    const auto bytes = builder.Build();
    std::ofstream out(Path(part), std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  }
  Status Opened(size_t part = 0) const { return GgufFile::Open(Path(part)).status(); }

  TemporaryFolder folder_;
};

TEST_F(SplitModel, IsOpenedByItsFirstPart) {
  const auto file = GgufFile::Open(Path(0));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->tensors().size(), 3u);
  uint64_t size_bytes = 0;
  for (size_t part = 0; part < 3; ++part) size_bytes += std::filesystem::file_size(Path(part));
  EXPECT_EQ(file->file_bytes(), size_bytes);
  for (const auto& [name, rows] : {std::pair{"a", 2u}, {"b", 4u}, {"c", 2u}}) {
    const auto tensor = file->RequireTensor(name);
    ASSERT_TRUE(tensor.ok()) << name;
    EXPECT_EQ((*tensor)->bytes.size(), rows * 32) << name;
    file->AdviseDone(**tensor);
    EXPECT_EQ((*tensor)->bytes.back(), std::byte{0}) << name;
  }
  EXPECT_TRUE(file->CheckStillWhole().ok());
}

TEST_F(SplitModel, MayHaveNoTensorInItsFirstPart) {
  Write(0, Part(0, 3, 2).String("general.name", "split"));
  const auto file = GgufFile::Open(Path(0));
  EXPECT_TRUE(file.status().ok()) << file.status().ToString();
}

TEST_F(SplitModel, OfWhichAPartIsMissing) {
  std::filesystem::remove(Path(2));
  EXPECT_EQ(Opened().code(), StatusCode::kNotFound);
  EXPECT_THAT(Opened().message(), HasSubstr(kNames[2]));
  EXPECT_THAT(Opened().message(), HasSubstr("part 3 of 3"));
}

TEST_F(SplitModel, OpenedByAnotherPartNamesTheFirst) {
  EXPECT_EQ(Opened(1).code(), StatusCode::kUnsupported);
  EXPECT_THAT(Opened(1).message(), HasSubstr("part 2 of 3"));
  EXPECT_THAT(Opened(1).message(), HasSubstr(kNames[0]));
}

TEST_F(SplitModel, WithAPartOfAnotherModel) {
  const auto expect_foreign = [&](const GgufBuilder& part, std::string_view why) {
    Write(1, part);
    EXPECT_EQ(Opened().code(), StatusCode::kCorrupt) << why;
    EXPECT_THAT(Opened().message(), HasSubstr(kNames[why == "twice" || why == "hold 4" ? 0 : 1])) << why;
    EXPECT_THAT(Opened().message(), HasSubstr(why));
  };
  expect_foreign(Part(2, 3).Tensor("c", {8, 2}, 0, 64), "part 3 of 3, but part 2 of 3");
  expect_foreign(Part(1, 4).Tensor("c", {8, 2}, 0, 64), "part 2 of 4");
  expect_foreign(GgufBuilder().Tensor("c", {8, 2}, 0, 64), "no part of any model");
  expect_foreign(Part(1, 3).Tensor("c", {8}, 0, 32).Tensor("d", {8}, 0, 32), "hold 4");
  expect_foreign(Part(1, 3).Tensor("a", {8, 2}, 0, 64), "twice");
  expect_foreign(Part(1, 3).Tensor("c", {8, 2}, 0, 63), "takes 64 bytes");
}

TEST_F(SplitModel, UnderAnotherName) {
  std::filesystem::rename(Path(0), folder_.File("other.gguf"));
  const Status status = GgufFile::Open(folder_.File("other.gguf")).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("-00001-of-00003.gguf"));
}

TEST_F(SplitModel, WhoseNumbersMakeNoSense) {
  for (const auto& [number, count] : {std::pair{3, 3}, {0, 0}, {65535, 2}}) {
    Write(0, Part(uint16_t(number), uint16_t(count)).Tensor("a", {8, 2}, 0, 64));
    EXPECT_EQ(Opened().code(), StatusCode::kCorrupt) << number << " of " << count;
    EXPECT_THAT(Opened().message(), HasSubstr("split.no"));
  }
}

TEST_F(SplitModel, OfOnePartIsAFileLikeAnyOther) {
  const std::string path = folder_.File("whole.gguf");
  std::filesystem::rename(Path(0), path);
  Write(0, Part(0, 1, 1).Tensor("a", {8, 2}, 0, 64));
  std::filesystem::rename(Path(0), path);
  EXPECT_TRUE(GgufFile::Open(path).ok());
}

}  // namespace
}  // namespace sterna::format
