// SPDX-License-Identifier: Apache-2.0
#include "text/stored_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "format/gguf_writer.h"
#include "text/tokenizer.h"
#include "vocabulary_file.h"

namespace sterna::text {
namespace {

using testing::HasSubstr;

// A vocabulary's file, the same with stored tables, and what a test does to those tables first.
class StoredTablesTest : public testing::Test {
 protected:
  StoredTablesTest() : image_(vocabulary_.Bytes()), file_(*format::GgufFile::Parse(image_, "v.gguf")) {
    built_ = *Tokenizer::Create(*ReadVocabulary(file_));
    tables_ = *built_->Tables();
    hash_ = HashVocabulary(file_);
  }

  // The tokenizer of the file with tables_ and hash_ in it.
  Result<std::unique_ptr<const Tokenizer>> Restore() {
    format::GgufWriter writer;
    for (const auto& [key, value] : file_.values()) writer.AddValue(key, value);
    writer.AddU64(kVocabularyHashKey, hash_);
    for (const NamedTable& table : NamedTables(tables_)) {
      writer.AddTensor(table.name, {table.bytes.size()}, quant::TensorType::kI8, table.bytes);
    }
    stored_image_ = *writer.Serialize();
    const auto file = format::GgufFile::Parse(stored_image_, "s.gguf");
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    auto vocabulary = ReadVocabulary(*file);
    if (!vocabulary.ok()) return vocabulary.status();
    used_stored_ = vocabulary->stored_tables.has_value();
    return Tokenizer::Create(std::move(*vocabulary));
  }

  // A copy of a table whose 32-bit word at `byte` is changed.
  std::span<const std::byte> With(std::span<const std::byte> table, size_t byte, uint32_t value) {
    changed_.assign(table.begin(), table.end());
    std::memcpy(changed_.data() + byte, &value, sizeof value);
    return changed_;
  }

  void ExpectCorrupt(const std::string& text) {
    const auto tokenizer = Restore();
    ASSERT_FALSE(tokenizer.ok());
    EXPECT_EQ(StatusCode::kCorrupt, tokenizer.status().code());
    EXPECT_THAT(tokenizer.status().message(), HasSubstr(text));
  }

  VocabularyFile vocabulary_;
  std::vector<std::byte> image_, stored_image_, changed_;
  format::GgufFile file_;
  std::unique_ptr<const Tokenizer> built_;
  StoredTables tables_;
  uint64_t hash_ = 0;
  bool used_stored_ = false;
};

TEST_F(StoredTablesTest, MakeTheSameTokenizerAsTheVocabulary) {
  const auto restored = Restore();
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  EXPECT_TRUE(used_stored_);
  EXPECT_TRUE((*restored)->vocabulary().merges.empty());
  for (const std::string text : {"", "ab", "aab b", "<|eot_id|>ab", "\xff\xc3\xa4"}) {
    EXPECT_EQ(*built_->Encode(text, true, true), *(*restored)->Encode(text, true, true)) << text;
  }
  for (TokenId id = 0; id < TokenId(built_->vocabulary_size()); ++id) {
    EXPECT_EQ(built_->TokenBytes(id, true), (*restored)->TokenBytes(id, true));
  }
}

TEST_F(StoredTablesTest, AreLeftAloneWhenTheVocabularyIsAnother) {
  ++hash_;
  const auto restored = Restore();
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  EXPECT_FALSE(used_stored_);
  EXPECT_EQ(*built_->Encode("aab", true, true), *(*restored)->Encode("aab", true, true));
}

TEST_F(StoredTablesTest, HashTellsEveryPartOfTheVocabulary) {
  const auto hash_with = [](const auto& change) {
    VocabularyFile other;
    change(other);
    const auto image = other.Bytes();
    return HashVocabulary(*format::GgufFile::Parse(image, "o.gguf"));
  };
  EXPECT_EQ(hash_, hash_with([](VocabularyFile&) {}));
  EXPECT_NE(hash_, hash_with([](VocabularyFile& v) { v.pre = "qwen2"; }));
  EXPECT_NE(hash_, hash_with([](VocabularyFile& v) { (*v.tokens)[256] = "ba"; }));
  EXPECT_NE(hash_, hash_with([](VocabularyFile& v) { (*v.kinds)[0] = 6; }));
  EXPECT_NE(hash_, hash_with([](VocabularyFile& v) { v.merges = {{"b a"}}; }));
}

TEST_F(StoredTablesTest, RefuseATokenOutsideTheVocabulary) {
  for (size_t slot = 0; slot < tables_.token_slots.size(); slot += 8) {
    tables_.token_slots = With(built_->Tables()->token_slots, slot + 4, uint32_t(built_->vocabulary_size()));
    ExpectCorrupt("stored token tables");
  }
}

TEST_F(StoredTablesTest, RefuseOffsetsThatFallOrLeaveTheBytes) {
  tables_.token_offsets = With(built_->Tables()->token_offsets, 8, 1u << 30);
  ExpectCorrupt("stored token tables");
  tables_.token_offsets = built_->Tables()->token_offsets.first(16);
  ExpectCorrupt("stored token tables");
  tables_.token_offsets = built_->Tables()->token_offsets;
  tables_.token_bytes = tables_.token_bytes.first(tables_.token_bytes.size() - 1);
  ExpectCorrupt("stored token tables");
}

TEST_F(StoredTablesTest, RefuseAMergeIntoATokenOutsideTheVocabulary) {
  const auto merges = built_->Tables()->merge_slots;
  for (size_t slot = 0; slot < merges.size(); slot += 16) {
    uint64_t key;
    std::memcpy(&key, merges.data() + slot, sizeof key);
    if (key == UINT64_MAX) continue;
    tables_.merge_slots = With(merges, slot + 12, 1u << 31);
    ExpectCorrupt("stored merges");
    tables_.merge_slots = With(merges, slot + 12, uint32_t(built_->vocabulary_size()));
    ExpectCorrupt("stored merges");
  }
}

TEST_F(StoredTablesTest, RefuseTablesThatAreNoPowerOfTwo) {
  tables_.merge_slots = tables_.merge_slots.first(tables_.merge_slots.size() - 16);
  const auto one_less = tables_.merge_slots;
  if (one_less.size() / 16 > 1) ExpectCorrupt("stored merges");
  tables_.merge_slots = built_->Tables()->merge_slots;
  tables_.token_slots = tables_.token_slots.first(tables_.token_slots.size() - 8);
  ExpectCorrupt("stored token tables");
}

}  // namespace
}  // namespace sterna::text
