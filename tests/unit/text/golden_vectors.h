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

// Of a SentencePiece vocabulary.
struct PieceVectors {
  std::string vocabulary_file;  // full path
  std::vector<std::vector<TokenId>> ids;
  std::vector<std::optional<std::string>> decoded;  // nullopt: the text itself
  std::string fuzz;                                 // 8 hex digits a fuzz text
  std::vector<std::string> many;
  size_t group = 0;         // texts of `many` that are hashed together
  std::string many_hashes;  // 8 hex digits a group
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
