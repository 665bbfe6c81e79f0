// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sterna::dummy_model {

inline constexpr uint64_t kPublishedVocabularyTokens = 128256;  // 128000 and 256 special tokens
inline constexpr uint64_t kLeastVocabularyTokens = 256 + 10;
inline constexpr uint64_t kMostVocabularyTokens = 1000000;

// A byte-level BPE vocabulary in the form of the published files: the 256 bytes, then words of a..z with and without a
// leading space, each with the merge that makes it, and at the end special tokens under Llama 3's names. With
// 128256 tokens the special ones have their published ids 128000 to 128255; else there are the first ten of them.
struct DummyVocabulary {
  std::vector<std::string> tokens;
  std::vector<float> scores;        // 0, and -1000 for special tokens
  std::vector<int32_t> types;       // 1 normal, 3 control
  std::vector<std::string> merges;  // "left right"
  uint32_t begin_of_text = 0, end_of_text = 0;
};

DummyVocabulary MakeVocabulary(uint64_t token_count);

}  // namespace sterna::dummy_model
