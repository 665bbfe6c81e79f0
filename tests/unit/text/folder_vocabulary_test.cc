// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies of Hugging Face folders: the ids that the tokenizers package gives, and what is refused.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "format/gguf_file.h"
#include "golden_vectors.h"
#include "text/folder_vocabulary.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"

namespace sterna::text {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string FolderOf(const std::string& name) { return STERNA_TEST_DATA "/tokenizer/folders/" + name; }

json ReadJson(const std::string& path) {
  std::ifstream in(path);
  return json::parse(in);
}

uint32_t SizeOf(const json& tokenizer) {
  size_t size = tokenizer.at("model").at("vocab").size();
  for (const json& token : tokenizer.at("added_tokens")) size = std::max(size, token.at("id").get<size_t>() + 1);
  return uint32_t(size);
}

std::unique_ptr<const Tokenizer> OpenFolder(const std::string& name) {
  auto vocabulary = ReadFolderVocabulary(FolderOf(name), SizeOf(ReadJson(FolderOf(name) + "/tokenizer.json")));
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  if (!vocabulary.ok()) return nullptr;
  auto tokenizer = Tokenizer::Create(std::move(*vocabulary));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().ToString();
  return tokenizer.ok() ? std::move(*tokenizer) : nullptr;
}

class FolderVocabulary : public testing::TestWithParam<std::string> {};

TEST_P(FolderVocabulary, GivesTheIdsOfTheReference) {
  const auto tokenizer = OpenFolder(GetParam());
  ASSERT_NE(tokenizer, nullptr);
  const GoldenTexts golden = ReadGoldenTexts();
  const json hashes = ReadJson(FolderOf(GetParam()) + "/hashes.json");
  const auto check = [&](const std::vector<std::string>& texts, const std::string& expected) {
    ASSERT_EQ(expected.size(), 8 * texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto ids = tokenizer->Encode(texts[i], /*trusted=*/false, /*add_special=*/false);
      ASSERT_TRUE(ids.ok()) << ids.status().ToString();
      EXPECT_EQ(HashIds(*ids), expected.substr(8 * i, 8)) << "text " << i << ": " << testing::PrintToString(texts[i]);
    }
  };
  check(golden.texts, hashes.at("texts"));
  check(golden.fuzz_texts, hashes.at("fuzz"));
}

// All but one: where a text has two ways of nearly the same score, it matters that the package adds unigram scores in
// double, and SentencePiece and Sterna in float.
class FolderVocabularyOnManyTexts : public testing::TestWithParam<std::string> {};

TEST_P(FolderVocabularyOnManyTexts, GivesTheIdsOfTheReference) {
  const auto tokenizer = OpenFolder(GetParam());
  ASSERT_NE(tokenizer, nullptr);
  CheckManyTexts(*tokenizer, ReadManyTexts("folders/" + GetParam() + "/hashes"));
}

// Written to a GGUF file and read again it is the same.
TEST_P(FolderVocabulary, SurvivesTheFile) {
  const uint32_t size = SizeOf(ReadJson(FolderOf(GetParam()) + "/tokenizer.json"));
  const auto vocabulary = ReadFolderVocabulary(FolderOf(GetParam()), size);
  ASSERT_TRUE(vocabulary.ok());
  format::GgufWriter writer;
  writer.AddString("general.architecture", "llama");
  AddVocabulary(*vocabulary, writer);
  const auto bytes = *writer.Serialize();
  const auto file = format::GgufFile::Parse(bytes, "made");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto again = ReadVocabulary(*file);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->model, vocabulary->model);
  EXPECT_EQ(again->pre_tokenizer, vocabulary->pre_tokenizer);
  EXPECT_EQ(again->tokens, vocabulary->tokens);
  EXPECT_EQ(again->kinds, vocabulary->kinds);
  EXPECT_EQ(again->scores, vocabulary->scores);
  EXPECT_EQ(again->merges, vocabulary->merges);
  EXPECT_EQ(again->unknown, vocabulary->unknown);
  EXPECT_EQ(again->end_of_generation, vocabulary->end_of_generation);
  EXPECT_EQ(again->add_bos, vocabulary->add_bos);
  EXPECT_EQ(again->add_eos, vocabulary->add_eos);
  EXPECT_EQ(again->ignore_merges, vocabulary->ignore_merges);
  EXPECT_EQ(again->add_space_prefix, vocabulary->add_space_prefix);
  EXPECT_EQ(again->remove_extra_spaces, vocabulary->remove_extra_spaces);
}

std::string NameOf(const testing::TestParamInfo<std::string>& instance) {
  std::string name = instance.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(SmallVocabularies, FolderVocabulary,
                         testing::Values("bpe-llama3", "bpe-llama3-merges", "bpe-qwen2", "sp-bpe", "sp-bpe-open",
                                         "sp-unigram", "sp-unigram-open"),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(SmallVocabularies, FolderVocabularyOnManyTexts,
                         testing::Values("bpe-llama3", "bpe-llama3-merges", "bpe-qwen2", "sp-bpe", "sp-bpe-open",
                                         "sp-unigram"),
                         NameOf);

// A folder with a small vocabulary and whatever else a test writes.
class FolderFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    tokenizer_ = {{"added_tokens",
                   {{{"id", 3}, {"content", "<s>"}, {"special", true}},
                    {{"id", 4}, {"content", "</s>"}, {"special", true}},
                    {{"id", 5}, {"content", "<|eot_id|>"}, {"special", true}}}},
                  {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
                  {"model", {{"type", "BPE"}, {"vocab", {{"a", 0}, {"b", 1}, {"ab", 2}}}, {"merges", {"a b"}}}}};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_ + "/" + name) << text; }
  Result<Vocabulary> Read(uint32_t size = 8) {
    Write("tokenizer.json", tokenizer_.dump());
    return ReadFolderVocabulary(folder_, size);
  }
  std::string Refusal(const std::function<void(json&)>& change) {
    const json before = tokenizer_;
    change(tokenizer_);
    const auto vocabulary = Read();
    tokenizer_ = before;
    return vocabulary.ok() ? "accepted" : vocabulary.status().message();
  }

  // Of its own for each test: they run beside each other.
  const std::string folder_ =
      testing::TempDir() + "sterna_folder_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  json tokenizer_;
};

TEST_F(FolderFiles, SpecialTokensComeFromTheirFiles) {
  Write("tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null,
                                     "chat_template": [{"name": "tool", "template": "t"},
                                                       {"name": "default", "template": "{{ x }}"}]})");
  Write("generation_config.json", R"({"eos_token_id": [4, 5], "pad_token_id": 0})");
  const auto vocabulary = Read();
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(vocabulary->bos, 3);
  EXPECT_EQ(vocabulary->eos, 4);
  EXPECT_EQ(vocabulary->eot, 5);
  EXPECT_EQ(vocabulary->padding, 0);
  EXPECT_EQ(vocabulary->chat_template, "{{ x }}");
  EXPECT_EQ(vocabulary->end_of_generation, (std::vector<TokenId>{4, 5}));
  EXPECT_EQ(vocabulary->pre_tokenizer, "gpt-2");
  EXPECT_EQ(vocabulary->tokens[7], "[PAD7]");
  EXPECT_EQ(vocabulary->kinds[7], TokenKind::kUnused);
  EXPECT_EQ(vocabulary->kinds[3], TokenKind::kControl);
  EXPECT_FALSE(vocabulary->add_bos);

  Write("chat_template.jinja", "of its own file");
  tokenizer_["post_processor"] = {
      {"type", "Sequence"},
      {"processors",
       {{{"type", "ByteLevel"}},
        {{"type", "TemplateProcessing"},
         {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}}}}}};
  const auto other = Read();
  ASSERT_TRUE(other.ok()) << other.status().ToString();
  EXPECT_EQ(other->chat_template, "of its own file");
  EXPECT_TRUE(other->add_bos);
  EXPECT_FALSE(other->add_eos);
}

TEST_F(FolderFiles, WhatEndsGenerationIsSaidByTheFirstFileThatSaysIt) {
  tokenizer_["added_tokens"].push_back({{"id", 6}, {"content", "odd"}, {"special", true}});
  Write("tokenizer_config.json", R"({"eos_token": "</s>"})");
  Write("config.json", R"({"eos_token_id": [0, 1]})");
  Write("generation_config.json", R"({"eos_token_id": 5})");
  auto vocabulary = Read();
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(vocabulary->end_of_generation, (std::vector<TokenId>{4, 5}));
  Write("generation_config.json", R"({"eos_token_id": [5, 6]})");
  vocabulary = Read();
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(vocabulary->end_of_generation, (std::vector<TokenId>{4, 5, 6}));

  format::GgufWriter writer;
  writer.AddString("general.architecture", "llama");
  AddVocabulary(*vocabulary, writer);
  const auto bytes = *writer.Serialize();
  const auto file = format::GgufFile::Parse(bytes, "made");
  const auto again = ReadVocabulary(*file);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->end_of_generation, vocabulary->end_of_generation);

  std::filesystem::remove(folder_ + "/generation_config.json");
  EXPECT_EQ(Read()->end_of_generation, (std::vector<TokenId>{0, 1, 4, 5}));
}

TEST_F(FolderFiles, TheTemplateSaysWhichTokensAreAdded) {
  const auto single = [](json parts) { return json{{"type", "TemplateProcessing"}, {"single", std::move(parts)}}; };
  const auto special = [](const char* id) { return json{{"SpecialToken", {{"id", id}}}}; };
  const json text = {{"Sequence", {{"id", "A"}}}};
  tokenizer_["post_processor"] = single({special("<s>"), text, special("</s>")});
  const auto vocabulary = Read();
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
  EXPECT_EQ(vocabulary->bos, 3);
  EXPECT_EQ(vocabulary->eos, 4);
  EXPECT_TRUE(vocabulary->add_bos);
  EXPECT_TRUE(vocabulary->add_eos);
  EXPECT_THAT(Refusal([&](json& root) {
                root["post_processor"] = single({special("<x>"), text});
              }),
              HasSubstr("names '<x>', which is no token"));
  EXPECT_THAT(Refusal([&](json& root) {
                root["post_processor"] = single({special("<s>"), special("<s>"), text});
              }),
              HasSubstr("more than a text between two special tokens"));
  EXPECT_THAT(Refusal([&](json& root) {
                root["post_processor"] = {{"type", "BertProcessing"}};
              }),
              HasSubstr("a step 'BertProcessing' that is not built in"));
}

TEST_F(FolderFiles, PiecesSayHowTheyTakeSpaces) {
  tokenizer_["model"]["byte_fallback"] = true;
  const auto flags = [&](json normalizer, json pre) {
    tokenizer_["normalizer"] = std::move(normalizer);
    tokenizer_["pre_tokenizer"] = std::move(pre);
    const auto vocabulary = Read();
    EXPECT_TRUE(vocabulary.ok()) << vocabulary.status().ToString();
    return std::pair(vocabulary->add_space_prefix, vocabulary->remove_extra_spaces);
  };
  const json replace = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}};
  const json prepend = {{"type", "Prepend"}, {"prepend", "\u2581"}};
  const json runs = {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", "\u2581"}};
  const json strip = {{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}};
  const auto all = [](json steps) { return json{{"type", "Sequence"}, {"normalizers", std::move(steps)}}; };
  EXPECT_EQ(flags(replace, nullptr), std::pair(false, false));
  EXPECT_EQ(flags(all({prepend, replace}), nullptr), std::pair(true, false));
  EXPECT_EQ(flags(all({strip, runs}), {{"type", "Metaspace"}, {"prepend_scheme", "always"}}), std::pair(true, true));
  EXPECT_EQ(flags(nullptr, {{"type", "Metaspace"}, {"prepend_scheme", "never"}}), std::pair(false, false));
  EXPECT_EQ(flags(nullptr, {{"type", "Metaspace"}, {"add_prefix_space", true}}), std::pair(true, false));
  EXPECT_EQ(flags(replace, {{"type", "Split"}, {"pattern", {{"String", " "}}}, {"behavior", "MergedWithPrevious"}}),
            std::pair(false, false));
}

TEST_F(FolderFiles, WhatIsNotBuiltInIsNamed) {
  const auto set = [](const char* key, json value) { return [=](json& root) { root[key] = value; }; };
  EXPECT_THAT(Refusal([](json& root) { root["model"]["type"] = "WordPiece"; }),
              HasSubstr("'model': 'type' is 'WordPiece'; BPE and Unigram are built in"));
  EXPECT_THAT(Refusal(set("normalizer", {{"type", "Lowercase"}})),
              HasSubstr("'normalizer' has a step 'Lowercase' that is not built in"));
  EXPECT_THAT(Refusal(set("pre_tokenizer", {{"type", "Whitespace"}})), HasSubstr("a step 'Whitespace'"));
  EXPECT_THAT(Refusal(set("pre_tokenizer", nullptr)), HasSubstr("no step ByteLevel"));
  const json odd = {{{"type", "Split"}, {"pattern", {{"Regex", "[a-z]+"}}}, {"behavior", "Isolated"}},
                    {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}};
  EXPECT_THAT(Refusal(set("pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", odd}})),
              HasSubstr("an expression that is not built in: '[a-z]+'"));
  EXPECT_THAT(Refusal([](json& root) {
                root["model"]["byte_fallback"] = true;
                root["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "_"}};
              }),
              HasSubstr("a step 'Metaspace'"));
  EXPECT_THAT(Refusal([](json& root) {
                root["model"] = {{"type", "Unigram"}, {"vocab", json::array({json::array({"a", 1e300})})}};
                root["added_tokens"] = json::array();
              }),
              HasSubstr("has the score 1e+300 at place 0"));
  EXPECT_THAT(Refusal([](json& root) { root["model"]["end_of_word_suffix"] = "</w>"; }),
              HasSubstr("'end_of_word_suffix' is given"));
}

TEST_F(FolderFiles, HostileVocabulariesAreRefused) {
  const auto model = [](const char* key, json value) { return [=](json& root) { root["model"][key] = value; }; };
  EXPECT_THAT(Refusal(model("vocab", json::array({1, 2}))), HasSubstr("'vocab' must be an object"));
  EXPECT_THAT(Refusal(model("vocab", {{"a", -1}})), HasSubstr("no id for 'a'"));
  EXPECT_THAT(Refusal(model("vocab", {{"a", "0"}})), HasSubstr("no id for 'a'"));
  EXPECT_THAT(Refusal(model("vocab", {{"a", 1e300}})), HasSubstr("no id for 'a'"));
  EXPECT_THAT(Refusal(model("vocab", {{"a", 8}})), HasSubstr("id 8; config.json says vocab_size 8"));
  EXPECT_THAT(Refusal(model("vocab", {{"a", 18446744073709551615u}})), HasSubstr("config.json says vocab_size 8"));
  EXPECT_THAT(Refusal(model("vocab", {{"a", 1}, {"b", 1}})), HasSubstr("gives id 1 to 'a' and to 'b'"));
  EXPECT_THAT(Refusal(model("vocab", {{std::string(70000, 'a'), 1}})), HasSubstr("a token of 70000 bytes"));
  EXPECT_THAT(Refusal(model("merges", 5)), HasSubstr("'merges' must be a list"));
  EXPECT_THAT(Refusal(model("merges", json::array({"ab"}))), HasSubstr("no two parts without spaces at place 0"));
  EXPECT_THAT(Refusal(model("merges", json::array({"a b", json::array({"a", 1})}))), HasSubstr("at place 1"));
  EXPECT_THAT(Refusal(model("unk_token", "zz")), HasSubstr("'unk_token' is no token"));
  EXPECT_THAT(Refusal([](json& root) { root["model"] = "BPE"; }), HasSubstr("'model' must be an object"));
  EXPECT_THAT(Refusal([](json& root) {
                root["added_tokens"] = {{{"id", 9}, {"content", "x"}}};
              }),
              HasSubstr("'id' is 9; at most 7 is possible"));
  EXPECT_THAT(Refusal([](json& root) { root["added_tokens"] = {5}; }), HasSubstr("must be there for each token"));
  EXPECT_THAT(Refusal([](json& root) { root = json::array(); }), HasSubstr("'vocab' must be an object"));
  EXPECT_EQ(Read(0).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(Read(UINT32_MAX).status().code(), StatusCode::kUnsupported);
}

TEST_F(FolderFiles, HostileFilesAreRefused) {
  for (const std::string& text : {std::string(), std::string("{"), std::string(1 << 20, '['), std::string("\xff\xfe{}"),
                                  std::string("{\"model\": {\"type\": \"BPE\""), std::string("null\0{}", 7)}) {
    Write("tokenizer.json", text);
    const auto vocabulary = ReadFolderVocabulary(folder_, 8);
    EXPECT_EQ(vocabulary.status().code(), StatusCode::kCorrupt) << text.substr(0, 20);
    EXPECT_THAT(vocabulary.status().message(), HasSubstr("tokenizer.json"));
  }
  std::filesystem::remove(folder_ + "/tokenizer.json");
  EXPECT_EQ(ReadFolderVocabulary(folder_, 8).status().code(), StatusCode::kNotFound);
  for (const char* name : {"tokenizer_config.json", "generation_config.json", "special_tokens_map.json"}) {
    for (const char* text :
         {"[", R"({"bos_token": 5, "eos_token_id": "x"})", R"({"bos_token": {}, "eos_token_id": [9]})"}) {
      Write(name, text);
      const auto vocabulary = Read();
      EXPECT_EQ(vocabulary.status().code(), StatusCode::kCorrupt) << name << " " << text;
      EXPECT_THAT(vocabulary.status().message(), HasSubstr(name));
    }
    std::filesystem::remove(folder_ + "/" + name);
  }
}

}  // namespace
}  // namespace sterna::text
