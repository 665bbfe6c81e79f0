// SPDX-License-Identifier: Apache-2.0
//
// Tokens that are known by their text, because files name few or none of them by id.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "text/vocabulary.h"

namespace sterna::text {

// Ends a turn or a text in some family of models: <|eot_id|>, <|end_of_text|>, <|im_end|>, ...
bool IsEndOfGenerationText(std::string_view text);

// <|...|>: how byte-level vocabularies spell their control tokens. Used where a file does not store token kinds.
bool LooksLikeControlToken(std::string_view text);

// The first control token with one of the texts, tried in order.
std::optional<TokenId> FindControlToken(const Vocabulary& vocabulary, std::initializer_list<std::string_view> texts);

// The byte a token of TokenKind::kByte stands for: "<0x41>" is 0x41. nullopt for any other text.
std::optional<uint8_t> ParseByteToken(std::string_view text);

}  // namespace sterna::text
