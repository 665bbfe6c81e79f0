// SPDX-License-Identifier: Apache-2.0
#include "text/known_tokens.h"

#include <algorithm>
#include <iterator>

namespace sterna::text {
namespace {

constexpr std::string_view kEndOfGenerationTexts[] = {
    "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>", "<|end|>", "</s>", "<end_of_turn>",
};

std::optional<uint8_t> ParseHexDigit(char c) {
  if (c >= '0' && c <= '9') return uint8_t(c - '0');
  if (c >= 'A' && c <= 'F') return uint8_t(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return uint8_t(c - 'a' + 10);
  return std::nullopt;
}

}  // namespace

bool IsEndOfGenerationText(std::string_view text) {
  return std::find(std::begin(kEndOfGenerationTexts), std::end(kEndOfGenerationTexts), text) !=
         std::end(kEndOfGenerationTexts);
}

bool LooksLikeControlToken(std::string_view text) {
  return text.size() > 4 && text.starts_with("<|") && text.ends_with("|>");
}

std::optional<TokenId> FindControlToken(const Vocabulary& vocabulary, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
      if (vocabulary.kinds[id] == TokenKind::kControl && vocabulary.tokens[id] == text) return TokenId(id);
    }
  }
  return std::nullopt;
}

std::optional<uint8_t> ParseByteToken(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text.back() != '>') return std::nullopt;
  const auto high = ParseHexDigit(text[3]);
  const auto low = ParseHexDigit(text[4]);
  if (!high || !low) return std::nullopt;
  return uint8_t(*high << 4 | *low);
}

}  // namespace sterna::text
