// SPDX-License-Identifier: Apache-2.0
//
// The tokenizer vectors of tests/data/tokenizer (their README says what each field is and which program made them).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace sterna::text {

struct GoldenTexts {
  std::vector<std::string> texts;
  std::vector<std::string> fuzz_texts;
};
GoldenTexts ReadGoldenTexts();

struct GoldenVectors {
  std::string vocabulary_file;  // full path; for llama3 the name only
  bool ignore_merges = false;
  std::vector<std::vector<TokenId>> special;
  std::vector<std::optional<std::vector<TokenId>>> plain;  // nullopt: equal to special
  std::string fuzz_special, fuzz_plain;                    // 8 hex digits a fuzz text
};
GoldenVectors ReadGoldenVectors(const std::string& name);

// Generated texts that are hashed in groups.
struct ManyTexts {
  std::vector<std::string> texts;
  size_t group = 0;    // texts that are hashed together
  std::string hashes;  // 8 hex digits a group
};
// Of a JSON file in tests/data/tokenizer, by its name without the ending.
ManyTexts ReadManyTexts(const std::string& name);

// Every group's ids, control tokens being text, hash to what the reference gives.
void CheckManyTexts(const Tokenizer& tokenizer, const ManyTexts& many);

// Of a SentencePiece vocabulary.
struct PieceVectors {
  std::string vocabulary_file;  // full path
  std::vector<std::vector<TokenId>> ids;
  std::vector<std::optional<std::string>> decoded;  // nullopt: the text itself
  std::string fuzz;                                 // 8 hex digits a fuzz text
  ManyTexts many;
};
PieceVectors ReadPieceVectors(const std::string& name);

// What the real Gemma 3 vocabulary gives: 8 hex digits a text.
struct HashedIds {
  std::string texts, fuzz;
};
HashedIds ReadGemmaHashes();

// FNV-1a of the ids as 8 hex digits.
std::string HashIds(const std::vector<TokenId>& ids);

}  // namespace sterna::text
