// SPDX-License-Identifier: Apache-2.0
//
// Masks of real vocabularies, against reading each token on its own. Llama 3's 128,256 tokens are not in the
// repository: their test looks where STERNA_LLAMA3_VOCAB points.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "format/gguf_file.h"
#include "grammar/constraint.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"

namespace sterna::grammar {
namespace {

std::unique_ptr<const text::Tokenizer> LoadTokenizer(const std::string& path) {
  const auto file = format::GgufFile::Open(path);
  return text::Tokenizer::Create(text::ReadVocabulary(file.value()).value()).value();
}

constexpr const char* kSchema =
    R"({"type":"object","properties":{"title":{"type":"string","maxLength":40},"n":{"type":"integer","minimum":-5},
  "kind":{"enum":["one","two","\u00e9t\u00e9"]},"more":{"type":"array","items":{"$ref":"#"},"maxItems":2},"any":{}},"required":["title","n"]})";
constexpr const char* kProse =
    "root ::= (word [,;]? \" \"){2,} word \".\"\nword ::= [A-Za-z\\u00c0-\\u024f]+ (\"-\" word)?";

// What is allowed, token by token and byte by byte.
TokenSet ByBytes(const Constraint& constraint, const ReadingSet& set, StackPool& stacks) {
  Reader reader(constraint.automaton(), stacks);
  const TokenTree& tree = constraint.tree();
  TokenSet allowed(tree.vocabulary_size());
  for (text::TokenId token = 0; token < text::TokenId(tree.vocabulary_size()); ++token) {
    if (tree.EndsGeneration(token) && set.ends) allowed.Add(token);
    const std::string_view bytes = tree.Bytes(token);
    if (bytes.empty()) continue;
    ReadingSet now = set;
    for (size_t i = 0; i < bytes.size() && !now.empty(); ++i) now = reader.Read(now, uint8_t(bytes[i])).value();
    if (!now.empty()) allowed.Add(token);
  }
  return allowed;
}

// A walk by chance that compares `masks` masks.
void Check(const text::Tokenizer& tokenizer, const Result<Syntax>& syntax, int masks, uint32_t seed) {
  const auto tree = std::make_shared<const TokenTree>(tokenizer);
  const auto constraint = Constraint::Create(Automaton::Compile(syntax.value()).value(), tree).value();
  Matcher matcher(constraint);
  ASSERT_TRUE(matcher.Begin().ok());
  StackPool stacks;
  Reader reader(constraint->automaton(), stacks);
  ReadingSet set = reader.Close({{constraint->automaton().begin(), kBase}}).value();
  std::mt19937 random(seed);
  for (int i = 0; i < masks; ++i) {
    TokenSet allowed(tree->vocabulary_size());
    const Status status = matcher.Allowed(allowed);
    ASSERT_NE(status.code(), StatusCode::kResourceExhausted);
    ASSERT_EQ(allowed, ByBytes(*constraint, set, stacks)) << "mask " << i;
    if (!status.ok()) return;  // a small vocabulary has not every character
    std::vector<text::TokenId> choices;
    for (text::TokenId token = 0; token < text::TokenId(tree->vocabulary_size()); ++token) {
      if (allowed.Holds(token) && !tree->EndsGeneration(token)) choices.push_back(token);
    }
    if (choices.empty()) return;
    const text::TokenId token = choices[random() % choices.size()];
    ASSERT_TRUE(matcher.Accept(token).ok());
    for (const char byte : tree->Bytes(token)) set = reader.Read(set, uint8_t(byte)).value();
  }
}

TEST(VocabularyMasks, SmallVocabulariesTokenByToken) {
  for (const char* const file : {"bpe-llama3.gguf", "bpe-qwen2.gguf", "sp-bpe.gguf", "sp-unigram-open.gguf"}) {
    SCOPED_TRACE(file);
    const auto tokenizer = LoadTokenizer(std::string(STERNA_TEST_DATA) + "/tokenizer/" + file);
    Check(*tokenizer, ParseJsonSchema(kSchema), 25, 1);
    Check(*tokenizer, ParseGbnf(kProse), 25, 2);
  }
}

TEST(VocabularyMasks, TheBuiltInModelsTokenByToken) {
  const auto tokenizer = LoadTokenizer(std::string(STERNA_MODELS) + "/sterna-dictionary-i2_s.gguf");
  for (uint32_t seed = 0; seed < 3; ++seed) {
    Check(*tokenizer, ParseJsonSchema(kSchema), 20, seed);
    Check(*tokenizer, ParseGbnf(kProse), 10, seed);
    Check(*tokenizer, JsonObjectSyntax(), 20, seed);
  }
}

TEST(VocabularyMasks, Llama3TokenByToken) {
  const char* const path = std::getenv("STERNA_LLAMA3_VOCAB");
  if (path == nullptr || !std::ifstream(path))
    GTEST_SKIP() << "STERNA_LLAMA3_VOCAB names no file (tests/data/README.md)";
  const auto tokenizer = LoadTokenizer(path);
  Check(*tokenizer, ParseJsonSchema(kSchema), 8, 1);
  Check(*tokenizer, ParseGbnf(kProse), 4, 2);
}

// What an answer shows is what the grammar reads: control tokens, unknown ones and holes are never allowed.
TEST(VocabularyMasks, OnlyTokensThatShowTextAreAllowed) {
  const auto tokenizer = LoadTokenizer(std::string(STERNA_MODELS) + "/sterna-dictionary-i2_s.gguf");
  const auto tree = std::make_shared<const TokenTree>(*tokenizer);
  Matcher matcher(Constraint::Create(Automaton::Compile(ParseGbnf("root ::= .+").value()).value(), tree).value());
  ASSERT_TRUE(matcher.Begin().ok());
  TokenSet allowed(tree->vocabulary_size());
  ASSERT_TRUE(matcher.Allowed(allowed).ok());
  for (text::TokenId token = 0; token < text::TokenId(tree->vocabulary_size()); ++token) {
    const text::TokenKind kind = tokenizer->vocabulary().kinds[size_t(token)];
    const bool shows =
        kind == text::TokenKind::kNormal || kind == text::TokenKind::kUserDefined || kind == text::TokenKind::kByte;
    EXPECT_TRUE(!allowed.Holds(token) || shows) << token;
    EXPECT_EQ(tree->Bytes(token), tokenizer->IsEndOfGeneration(token) || kind == text::TokenKind::kUnused
                                      ? std::string_view()
                                      : tokenizer->TokenBytes(token));
  }
}

}  // namespace
}  // namespace sterna::grammar
