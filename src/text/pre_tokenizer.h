// SPDX-License-Identifier: Apache-2.0
//
// Splits text into the pieces that byte-pair merging never crosses. Each family of models defines the split by a
// regular expression; this is a matcher of its own for the known ones, linear in the text, without recursion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sterna::text {

// The expressions (\p{L}, \p{N}, \s as in unicode_tables.h; alternatives are tried in order):
// kLlama3  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|
//          \s+(?!\S)|\s+
// kQwen2   the same with \p{N} in place of \p{N}{1,3}
// kGpt2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
enum class SplitPattern : uint8_t { kLlama3, kQwen2, kGpt2 };

// What a file's tokenizer.ggml.pre stands for.
struct PreTokenizer {
  SplitPattern pattern = SplitPattern::kLlama3;
  bool ignore_merges = false;  // a piece that is a token stays whole
  bool add_bos = false;        // unless tokenizer.ggml.add_bos_token says otherwise
};
std::optional<PreTokenizer> FindPreTokenizer(std::string_view name);
// The pattern that a regular expression spells as above; the name that stands for a pattern.
std::optional<SplitPattern> FindSplitPattern(std::string_view expression);
std::string_view SplitPatternName(SplitPattern pattern);
// "llama-bpe, llama3, ...", for messages.
std::string KnownPreTokenizerNames();

// The end of the piece that starts at `position` < text.size(); > position. The text's end counts as the end of the
// subject. A byte that is not part of valid UTF-8 counts as one character that is no letter, number or space.
size_t FindPieceEnd(SplitPattern pattern, std::string_view text, size_t position);

}  // namespace sterna::text
