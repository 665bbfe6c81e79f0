// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies small enough to read, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace sterna::text {

// The 256 bytes as tokens 0..255, then one token for each merge (parts and result as raw bytes, the result made by
// joining), then the control tokens <bos> <eos> <|eot_id|>. Pre-tokenizer llama-bpe, BOS added.
Vocabulary MakeByteVocabulary(const std::vector<std::pair<std::string, std::string>>& merges = {});

// Appends a token; the text is as stored.
TokenId AddToken(Vocabulary& vocabulary, std::string text, TokenKind kind);

// Fails the test when the vocabulary is refused.
std::unique_ptr<const Tokenizer> MakeTokenizer(Vocabulary vocabulary);

}  // namespace sterna::text
