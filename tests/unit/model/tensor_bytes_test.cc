// SPDX-License-Identifier: Apache-2.0
#include "model/tensor_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "support/temporary_folder.h"

namespace sterna::model {
namespace {

class TensorBytesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy_file(std::string(STERNA_TEST_DATA) + "/models/b158-tiny.i2_s.gguf", path_);
    file_.emplace(format::GgufFile::Open(path_).value());
    ASSERT_TRUE(file_->EnableReads().ok());
  }
  const format::GgufTensor& Tensor(const std::string& name) const { return *file_->FindTensor(name); }

  const testing::TemporaryFolder folder_;
  const std::string path_ = folder_.File("model.gguf");
  std::optional<format::GgufFile> file_;
};

void ExpectSame(std::span<const std::byte> a, std::span<const std::byte> b) {
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

// The three sizes: token_embd, ffn_up, attn_k. Each goes by a rule of its own.
TEST_F(TensorBytesTest, TheSizeDecidesTheRule) {
  const auto& large = Tensor("token_embd.weight");
  const auto& middle = Tensor("blk.0.ffn_up.weight");
  const auto& small = Tensor("blk.0.attn_k.weight");
  TensorBytes bytes(*file_,
                    {.map_bytes = large.bytes.size(), .chunked_bytes = middle.bytes.size(), .chunk_bytes = 999});
  const auto mapped = bytes.ToKeep(large, TensorUse::kHead);
  EXPECT_EQ(mapped->data(), large.bytes.data());
  const auto chunked = bytes.ToKeep(middle, TensorUse::kLayer);
  EXPECT_NE(chunked->data(), middle.bytes.data());
  ExpectSame(*chunked, middle.bytes);
  ExpectSame(*bytes.ToKeep(small, TensorUse::kLayer), small.bytes);
  ExpectSame(*bytes.ToCopy(middle), middle.bytes);
  ExpectSame(*bytes.ToCopy(small), small.bytes);
  ExpectSame(*chunked, middle.bytes);  // still there
  const std::vector<TensorPlacement> expected = {{"token_embd.weight", LoadRule::kMap, large.bytes.size()},
                                                 {"blk.0.ffn_up.weight", LoadRule::kChunkedRead, middle.bytes.size()},
                                                 {"blk.0.attn_k.weight", LoadRule::kOneRead, small.bytes.size()},
                                                 {"blk.0.ffn_up.weight", LoadRule::kChunkedRead, middle.bytes.size()},
                                                 {"blk.0.attn_k.weight", LoadRule::kOneRead, small.bytes.size()}};
  EXPECT_EQ(bytes.placements(), expected);
}

TEST_F(TensorBytesTest, WithoutMappingLargeTensorsAreReadInChunks) {
  const auto& large = Tensor("token_embd.weight");
  TensorBytes bytes(*file_, {.use_memory_mapping = false, .map_bytes = 1, .chunked_bytes = 1, .parallel = false});
  ExpectSame(*bytes.ToKeep(large, TensorUse::kHead), large.bytes);
  EXPECT_EQ(bytes.placements()[0].rule, LoadRule::kChunkedRead);
}

TEST_F(TensorBytesTest, WhatIsStreamedIsNotReadAtAll) {
  const auto& head = Tensor("token_embd.weight");
  const auto& layer = Tensor("blk.0.ffn_up.weight");
  TensorBytes all(*file_, {.streamed = true});
  EXPECT_EQ(all.ToKeep(head, TensorUse::kHead)->data(), head.bytes.data());
  EXPECT_EQ(all.ToCopy(layer)->data(), layer.bytes.data());
  EXPECT_EQ(all.placements()[0].rule, LoadRule::kWindow);
  EXPECT_EQ(all.placements()[1].rule, LoadRule::kWindow);
  TensorBytes but_the_head(*file_, {.streamed = true, .keep_head = true});
  ASSERT_TRUE(but_the_head.ToKeep(head, TensorUse::kHead).ok());
  EXPECT_EQ(but_the_head.placements()[0].rule, LoadRule::kMap);
}

TEST_F(TensorBytesTest, AFileThatIsNotOpenForReadingIsMapped) {
  const auto mapped = format::GgufFile::Open(path_);
  const format::GgufTensor& tensor = *mapped->FindTensor("blk.0.attn_k.weight");
  TensorBytes bytes(*mapped, {});
  EXPECT_EQ(bytes.ToCopy(tensor)->data(), tensor.bytes.data());
}

TEST_F(TensorBytesTest, AReadThatMissesBytesIsAnErrorWhicheverWay) {
  const auto& tensor = *std::max_element(file_->tensors().begin(), file_->tensors().end(),
                                         [](const auto& a, const auto& b) { return a.offset_bytes < b.offset_bytes; });
  std::filesystem::resize_file(path_, tensor.offset_bytes + 1);
  TensorBytes at_once(*file_, {});
  EXPECT_EQ(at_once.ToCopy(tensor).status().code(), StatusCode::kCorrupt);
  TensorBytes chunks(*file_, {.use_memory_mapping = false, .chunked_bytes = 1, .chunk_bytes = 16});
  EXPECT_EQ(chunks.ToKeep(tensor, TensorUse::kLayer).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace sterna::model
