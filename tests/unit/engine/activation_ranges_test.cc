// SPDX-License-Identifier: Apache-2.0
#include "engine/activation_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace sterna::engine {
namespace {

using ::testing::HasSubstr;

class ActivationRangesFile : public ::testing::Test {
 protected:
  Status Read(const std::string& text) {
    std::ofstream(path_) << text;
    return ReadRanges(path_).status();
  }

  const testing::TemporaryFolder folder_;
  const std::string path_ = folder_.File("scales.txt");
  const std::string head_ = "# scales of activations\nmodel 00000000000000ff\n";
};

TEST_F(ActivationRangesFile, GivesBackWhatWasWritten) {
  const ActivationRanges ranges = {0xfedcba9876543210, 99.9, 7, {0.1f, 3.4028e38f, 1e-5f, 2, 5}};
  ASSERT_TRUE(WriteRanges(path_, ranges).ok());
  EXPECT_EQ(ranges, ReadRanges(path_).value());
}

TEST_F(ActivationRangesFile, NamesTheLineThatIsWrong) {
  EXPECT_TRUE(Read(head_ + "blk.0.attn_qkv 1.5\n").ok());
  for (const char* line :
       {"blk.0.attn_qkv nan", "blk.0.attn_qkv inf", "blk.0.attn_qkv -1", "blk.0.attn_qkv 0", "blk.0.attn_qkv 1.5x",
        "blk.0.attn_qkv", "blk.0.attn_output 1", "model 12345678901234567", "samples -1", "percentile", "", "x"}) {
    const Status status = Read(head_ + line + "\n");
    EXPECT_EQ(StatusCode::kCorrupt, status.code()) << line;
    EXPECT_THAT(status.message(), HasSubstr("line 3: it says nothing that belongs here; remove it"));
  }
}

TEST_F(ActivationRangesFile, IsNoOtherFile) {
  EXPECT_THAT(Read("GGUF\n").message(), HasSubstr("holds no activation scales"));
  EXPECT_THAT(Read("").message(), HasSubstr("holds no activation scales"));
  EXPECT_EQ(StatusCode::kNotFound, ReadRanges(folder_.File("none")).status().code());
}

TEST_F(ActivationRangesFile, CannotBeWrittenWhereNobodyMay) {
  EXPECT_EQ(StatusCode::kUnavailable, WriteRanges(folder_.File("none/scales.txt"), {}).code());
}

}  // namespace
}  // namespace sterna::engine
