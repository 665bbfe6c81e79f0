// SPDX-License-Identifier: Apache-2.0
#include "text/vocabulary_checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "text/known_tokens.h"
#include "text/pre_tokenizer.h"

namespace sterna::text {

Status CheckVocabulary(const Vocabulary& vocabulary) {
  const size_t count = vocabulary.tokens.size();
  if (count == 0 || count > kMaxTokens) {
    return Status::InvalidArgument(fmt::format("a vocabulary of {} tokens; it must have 1 to {}", count, kMaxTokens));
  }
  if (vocabulary.kinds.size() != count) {
    return Status::InvalidArgument(
        fmt::format("a vocabulary of {} tokens has {} token kinds", count, vocabulary.kinds.size()));
  }
  for (const auto& id : {vocabulary.bos, vocabulary.eos, vocabulary.eot, vocabulary.unknown, vocabulary.padding}) {
    if (id && (*id < 0 || size_t(*id) >= count)) {
      return Status::InvalidArgument(fmt::format("special token id {} is outside the vocabulary of {}", *id, count));
    }
  }
  return Status();
}

Result<std::pair<std::string, std::string>> SplitMerge(std::string_view merge, size_t rank) {
  const size_t space = merge.find(' ');
  const bool well_formed = space != std::string_view::npos && space > 0 && space + 1 < merge.size() &&
                           merge.find(' ', space + 1) == std::string_view::npos;
  if (!well_formed) {
    return Status::Corrupt(
        fmt::format("tokenizer.ggml.merges: number {} ({} bytes) is not two parts with one space between them", rank,
                    merge.size()));
  }
  return std::pair(std::string(merge.substr(0, space)), std::string(merge.substr(space + 1)));
}

Status InferPreTokenizer(std::string_view architecture, Vocabulary& vocabulary) {
  constexpr size_t kLlama3Tokens = 128256;
  constexpr TokenId kLlama3Bos = 128000;
  std::string_view reason;
  if (architecture == "bitnet-b1.58" || architecture == "bitnet-25") {
    reason = "the architecture's published models use Llama 3's";
  } else if (vocabulary.tokens.size() == kLlama3Tokens && vocabulary.bos == kLlama3Bos) {
    reason = "size and BOS are those of Llama 3's vocabulary";
  } else if (FindControlToken(vocabulary, {"<|start_header_id|>"}) && FindControlToken(vocabulary, {"<|eot_id|>"})) {
    reason = "the special tokens are Llama 3's";
  } else {
    return Status::Unsupported(
        fmt::format("tokenizer.ggml.pre is missing, and neither the architecture ('{}') nor the vocabulary ({} tokens) "
                    "tells which pre-tokenizer to use; built in are {}",
                    architecture, vocabulary.tokens.size(), KnownPreTokenizerNames()));
  }
  vocabulary.pre_tokenizer = "llama-bpe";
  vocabulary.pre_reason = fmt::format("tokenizer.ggml.pre is missing: {}", reason);
  return Status();
}

void InferTokenKinds(Vocabulary& vocabulary) {
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (LooksLikeControlToken(vocabulary.tokens[id])) vocabulary.kinds[id] = TokenKind::kControl;
  }
  for (const auto& id : {vocabulary.bos, vocabulary.eos, vocabulary.eot, vocabulary.padding}) {
    if (id) vocabulary.kinds[size_t(*id)] = TokenKind::kControl;
  }
  if (vocabulary.unknown) vocabulary.kinds[size_t(*vocabulary.unknown)] = TokenKind::kUnknown;
}

void FindEndOfGeneration(Vocabulary& vocabulary) {
  if (!vocabulary.eot) {
    vocabulary.eot = FindControlToken(vocabulary, {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>"});
  }
  auto& ends = vocabulary.end_of_generation;
  for (const auto& id : {vocabulary.eos, vocabulary.eot, vocabulary.eom}) {
    if (id) ends.push_back(*id);
  }
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (vocabulary.kinds[id] == TokenKind::kControl && IsEndOfGenerationText(vocabulary.tokens[id])) {
      ends.push_back(TokenId(id));
    }
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  if (ends.empty()) {
    vocabulary.warnings.push_back("the vocabulary names no token that ends a text; generation stops at its limit only");
  }
}

}  // namespace sterna::text
