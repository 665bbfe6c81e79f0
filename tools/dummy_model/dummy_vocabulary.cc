// SPDX-License-Identifier: Apache-2.0
#include "dummy_vocabulary.h"

#include <fmt/format.h>

#include <string_view>

namespace sterna::dummy_model {
namespace {

constexpr uint64_t kPublishedSpecials = 256;
constexpr uint64_t kSmallSpecials = 10;

std::string Utf8(unsigned code_point) {  // below U+0800
  if (code_point < 0x80) return {char(code_point)};
  return {char(0xc0 | code_point >> 6), char(0x80 | (code_point & 0x3f))};
}

// Byte-level BPE writes each byte as a printable character: itself where it is one, else the next one from U+0100.
std::vector<std::string> ByteTokens() {
  std::vector<std::string> tokens;
  unsigned next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    tokens.push_back(Utf8(printable ? byte : next));
    if (!printable) ++next;
  }
  return tokens;
}

// Words in order of length: every longer one is a shorter one and a letter.
void AddWords(uint64_t token_count, DummyVocabulary& vocabulary) {
  const std::string space = vocabulary.tokens[' '];
  std::vector<std::string> shorter{""}, words;
  while (true) {
    words.clear();
    for (const std::string& start : shorter) {
      for (char letter = 'a'; letter <= 'z'; ++letter) {
        for (const std::string& prefix : {std::string(), space}) {
          const std::string left = prefix + start;
          if (left.empty()) continue;  // the letter itself is a byte
          if (vocabulary.tokens.size() == token_count) return;
          vocabulary.merges.push_back(fmt::format("{} {}", left, letter));
          vocabulary.tokens.push_back(left + letter);
        }
        words.push_back(start + letter);
      }
    }
    shorter.swap(words);
  }
}

std::string SpecialToken(uint64_t index) {
  switch (index) {
    case 0: return "<|begin_of_text|>";
    case 1: return "<|end_of_text|>";
    case 6: return "<|start_header_id|>";
    case 7: return "<|end_header_id|>";
    case 9: return "<|eot_id|>";
    default: break;
  }
  const uint64_t reserved = index - (index < 6 ? 2 : index == 8 ? 4 : 5);
  return fmt::format("<|reserved_special_token_{}|>", reserved);
}

}  // namespace

DummyVocabulary MakeVocabulary(uint64_t token_count) {
  const uint64_t specials = token_count == kPublishedVocabularyTokens ? kPublishedSpecials : kSmallSpecials;
  const uint64_t normal = token_count - specials;
  DummyVocabulary vocabulary;
  vocabulary.tokens = ByteTokens();
  AddWords(normal, vocabulary);
  for (uint64_t i = 0; i < specials; ++i) vocabulary.tokens.push_back(SpecialToken(i));
  vocabulary.scores.assign(token_count, 0.0f);
  vocabulary.types.assign(token_count, 1);
  for (uint64_t i = normal; i < token_count; ++i) vocabulary.scores[i] = -1000.0f, vocabulary.types[i] = 3;
  vocabulary.begin_of_text = uint32_t(normal);
  vocabulary.end_of_text = uint32_t(normal + 1);
  return vocabulary;
}

}  // namespace sterna::dummy_model
