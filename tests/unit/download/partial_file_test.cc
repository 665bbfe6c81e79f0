// SPDX-License-Identifier: Apache-2.0
#include "download/partial_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "../../support/temporary_folder.h"
#include "download/sha256.h"

namespace sterna::download {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::string SumOf(std::string_view text) {
  Sha256 sum;
  sum.Add(Bytes(text));
  return sum.Finish();
}

TEST(Sha256, IsTheStandardsOwn) {  // FIPS 180-2, appendix B
  EXPECT_EQ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", SumOf("abc"));
  EXPECT_EQ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", SumOf(""));
}

class PartialFileTest : public ::testing::Test {
 protected:
  Result<PartialFile> Open(const FileRecord& wanted) { return PartialFile::Open(target_, wanted, Hooks{}); }

  testing::TemporaryFolder folder_;
  std::filesystem::path target_ = folder_.path() / "m.gguf";
  FileRecord wanted_{"commit", SumOf("GGUF rest"), "", 9};
};

TEST_F(PartialFileTest, GoesOnInAnotherProcessAndFinishesWithTheRightSum) {
  {
    auto file = Open(wanted_);
    ASSERT_TRUE(file.ok() && file->Append(Bytes("GG")).ok() && file->Append(Bytes("UF r")).ok());
  }
  auto file = Open(wanted_);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(6u, file->bytes());
  ASSERT_TRUE(file->Append(Bytes("est")).ok());
  ASSERT_TRUE(file->Finish().ok());
  std::ifstream in(target_);
  EXPECT_EQ("GGUF rest", std::string(std::istreambuf_iterator<char>(in), {}));
  EXPECT_EQ(9u, ReadRecord(target_.string() + ".json")->bytes);
  EXPECT_FALSE(std::filesystem::exists(target_.string() + ".partial"));
}

TEST_F(PartialFileTest, BytesOfAnotherFileGo) {
  const auto leave = [&](const FileRecord& record) {
    auto file = Open(record);
    ASSERT_TRUE(file.ok() && file->Restart().ok() && file->SetRecord(record).ok() && file->Append(Bytes("GGUF")).ok());
  };
  const auto kept = [&](const FileRecord& record) { return Open(record)->bytes(); };
  leave(wanted_);
  EXPECT_EQ(4u, kept({"other commit", wanted_.sha256, "", 9}));  // the sum alone says what it is
  EXPECT_EQ(0u, kept({"commit", SumOf("other"), "", 9}));
  leave(wanted_);
  EXPECT_EQ(0u, kept({"commit", wanted_.sha256, "", 3}));  // longer than the file
  leave({"commit", "", "\"tag\"", 9});
  EXPECT_EQ(4u, kept({"commit", "", "", 9}));
  EXPECT_EQ(0u, kept({"other commit", "", "", 9}));
  leave({"commit", "", "", 9});  // nothing could tell
  EXPECT_EQ(0u, kept({"commit", "", "", 9}));
}

TEST_F(PartialFileTest, AWrongSumRemovesEverything) {
  auto file = Open(wanted_);
  ASSERT_TRUE(file->Append(Bytes("GGUF REST")).ok());
  EXPECT_EQ(StatusCode::kCorrupt, file->Finish().code());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(PartialFileTest, ItBeginsAsModelFilesDo) {
  auto file = Open(wanted_);
  EXPECT_TRUE(file->Append(Bytes("GG")).ok());
  EXPECT_EQ(StatusCode::kCorrupt, file->Append(Bytes("ml")).code());
}

TEST_F(PartialFileTest, ALinkInItsPlaceIsNotFollowed) {
  std::filesystem::create_symlink(folder_.path() / "elsewhere", target_.string() + ".partial");
  EXPECT_FALSE(Open(wanted_).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "elsewhere"));
}

}  // namespace
}  // namespace sterna::download
