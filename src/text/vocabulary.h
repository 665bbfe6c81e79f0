// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/gguf_file.h"
#include "sterna/status.h"
#include "text/stored_tables.h"

namespace sterna::text {

using TokenId = int32_t;

// GGUF token types (tokenizer.ggml.token_type).
enum class TokenKind : uint8_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

// A model's vocabulary as its file describes it, checked: arrays of equal length, every special id inside the
// vocabulary, every merge two parts with one separating space.
struct Vocabulary {
  std::string model;                // tokenizer.ggml.model: gpt2, llama, t5
  std::string pre_tokenizer;        // tokenizer.ggml.pre, or what was inferred: "llama-bpe"
  std::string pre_reason;           // where pre_tokenizer comes from, for inspect
  std::vector<std::string> tokens;  // as stored (GPT-2 byte alphabet for gpt2)
  std::vector<TokenKind> kinds;
  std::vector<float> scores;                                // may be empty
  std::vector<std::pair<std::string, std::string>> merges;  // rank = index; empty where stored_tables stands for them
  std::optional<TokenId> bos, eos, eot, eom, unknown, padding;  // eot: from the file, else found by its text
  bool add_bos = false;
  bool add_eos = false;
  bool ignore_merges = false;
  bool add_space_prefix = false;     // llama and t5: a space in front of a text and of what follows a special token
  bool remove_extra_spaces = false;  // llama and t5: of a run of spaces only the first counts, and none at the ends
  bool has_character_map = false;    // t5: the file has a map that changes characters first
  // Tokens that end generation: eos, eot and eom of the file and every control token whose text is a known end of turn
  // (<|eot_id|>, <|end_of_text|>, <|im_end|>, <|endoftext|>, <|end|>, </s>, <end_of_turn>). Sorted.
  std::vector<TokenId> end_of_generation;
  std::string chat_template;  // as stored; empty when absent
  std::vector<std::string> warnings;
  // Of a `sterna` file: what Tokenizer::Create need not build. Points into the file, which must live until then.
  std::optional<StoredTables> stored_tables;
};

inline constexpr std::string_view kSpaceSign = "\xe2\x96\x81";  // U+2581, which stands for a space
inline constexpr size_t kMaxTemplateBytes = size_t{1} << 20;    // of a chat template; a longer one is passed over

// Corrupt or Unsupported, naming the file, the key and the limit. Works on a file without tensors.
//
// Limits: kMaxTokens tokens, kMaxMerges merges, kMaxTokenBytes bytes a token. A missing tokenizer.ggml.pre is inferred
// from the architecture or from Llama 3's special tokens, or is Unsupported; a missing token_type makes tokens spelled
// <|...|> control tokens. What is odd but harmless becomes a warning.
inline constexpr size_t kMaxTokens = size_t(1) << 22;
inline constexpr size_t kMaxMerges = size_t(1) << 23;
inline constexpr size_t kMaxTokenBytes = size_t(1) << 16;
Result<Vocabulary> ReadVocabulary(const format::GgufFile& file);

// Whether a piece that is a token stays whole, where a file's pre-tokenizer does not stand for it (bool; Sterna's own).
inline constexpr std::string_view kIgnoreMergesKey = "tokenizer.ggml.ignore_merges";

// What every use of a vocabulary relies on: one kind for each token and special ids inside it. ReadVocabulary's results
// pass; InvalidArgument for one put together otherwise.
Status CheckVocabulary(const Vocabulary& vocabulary);

}  // namespace sterna::text
