// SPDX-License-Identifier: Apache-2.0
//
// What the tokenizer's fuzz target does with an input, as a function that says what is wrong instead of stopping, so
// that a unit test can run the seeds through it.
//
// Input: one byte that chooses (kind = byte / 16, options = byte % 16), then
//   kind 0..11: a byte for the place of a seam, then text for one of five built-in vocabularies (kind % 5); options &
//   1:
//               the first part is trusted, options & 2: the second; a round trip must give the text back
//   kind 12, 13: lines of a vocabulary up to a zero byte (first byte of a line: kind of token, 0: a merge), then text;
//               options & 4: a SentencePiece vocabulary, options & 8: unigram
//   kind 14, 15: a GGUF file with a vocabulary
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/gguf_file.h"
#include "text/byte_alphabet.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"
#include "text/utf8_stream.h"
#include "text/vocabulary.h"

namespace sterna::fuzz {

inline void AddToken(text::Vocabulary& vocabulary, std::string_view stored, text::TokenKind kind) {
  vocabulary.tokens.emplace_back(stored);
  vocabulary.kinds.push_back(kind);
}

// All bytes, some merges, and special tokens that are prefixes of each other.
inline text::Vocabulary MakeVocabulary(std::string_view pre_tokenizer, bool ignore_merges) {
  text::Vocabulary vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pre_tokenizer = pre_tokenizer;
  vocabulary.ignore_merges = ignore_merges;
  for (int byte = 0; byte < 256; ++byte) {
    AddToken(vocabulary, text::EncodeAlphabet(std::string(1, char(byte))), text::TokenKind::kNormal);
  }
  const std::pair<std::string_view, std::string_view> merges[] = {
      {"a", "a"}, {"aa", "aa"}, {" ", " "}, {" ", "t"},       {"h", "e"},       {" t", "he"},
      {"1", "2"}, {"e", "r"},   {"'", "s"}, {"\xe6", "\xb5"}, {"\xff", "\xff"}, {"\n", "\n"}};
  for (const auto& [left, right] : merges) {
    vocabulary.merges.emplace_back(text::EncodeAlphabet(left), text::EncodeAlphabet(right));
    AddToken(vocabulary, vocabulary.merges.back().first + vocabulary.merges.back().second, text::TokenKind::kNormal);
  }
  AddToken(vocabulary, "here", text::TokenKind::kNormal);  // no merge makes it
  AddToken(vocabulary, "hole", text::TokenKind::kUnused);
  AddToken(vocabulary, "<|a|>", text::TokenKind::kControl);
  AddToken(vocabulary, "<|a|><|b|>", text::TokenKind::kControl);
  AddToken(vocabulary, "the", text::TokenKind::kControl);
  AddToken(vocabulary, "[x]", text::TokenKind::kUserDefined);
  AddToken(vocabulary, "[x][", text::TokenKind::kUserDefined);
  AddToken(vocabulary, "\u00e9 \n", text::TokenKind::kUserDefined);
  return vocabulary;
}

// SentencePiece with all byte tokens, tokens across spaces and characters, and special tokens.
inline text::Vocabulary MakePieceVocabulary(std::string_view model) {
  text::Vocabulary vocabulary;
  vocabulary.model = model;
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (size_t byte = 0; byte < 256; ++byte) {
    const char token[] = {'<', '0', 'x', kDigits[byte / 16], kDigits[byte % 16], '>'};
    AddToken(vocabulary, {token, sizeof token}, text::TokenKind::kByte);
  }
  for (const std::string_view piece :
       {"a",  "b",  "aa",  "aaa",    "ab",     "\u2581",       "\u2581\u2581", "\u2581a", "b\u2581", "t",  "h", "e",
        "th", "he", "the", "\u00e9", "\u6d77", "\u6d77\u00e9", "\n",           "\n\n",    "1",       "12", "0"}) {
    AddToken(vocabulary, piece, text::TokenKind::kNormal);
  }
  AddToken(vocabulary, "hole", text::TokenKind::kUnused);
  AddToken(vocabulary, "<s>", text::TokenKind::kControl);
  AddToken(vocabulary, "[x]", text::TokenKind::kUserDefined);
  AddToken(vocabulary, "  [", text::TokenKind::kUserDefined);
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) vocabulary.scores.push_back(-float(id * 7 % 31));
  return vocabulary;
}

inline constexpr size_t kBuiltInTokenizers = 5;

inline const text::Tokenizer& BuiltInTokenizer(size_t index) {
  static const auto tokenizers = [] {
    std::array<std::unique_ptr<const text::Tokenizer>, kBuiltInTokenizers> made;
    text::Vocabulary vocabularies[] = {MakeVocabulary("llama-bpe", true), MakeVocabulary("qwen2", false),
                                       MakeVocabulary("gpt-2", false), MakePieceVocabulary("llama"),
                                       MakePieceVocabulary("t5")};
    for (size_t i = 0; i < made.size(); ++i) {
      auto tokenizer = text::Tokenizer::Create(std::move(vocabularies[i]));
      if (tokenizer.ok()) made[i] = std::move(*tokenizer);
    }
    return made;
  }();
  return *tokenizers[index];
}

// Checks what holds for any vocabulary; empty when all is well.
inline std::string CheckIds(const text::Tokenizer& tokenizer, std::span<const text::TokenId> ids,
                            bool control_allowed) {
  text::Utf8Stream stream;
  std::string bytes, shown;
  for (const text::TokenId id : ids) {
    if (id < 0 || size_t(id) >= tokenizer.vocabulary_size()) return "an id outside the vocabulary";
    const text::TokenKind kind = tokenizer.vocabulary().kinds[size_t(id)];
    if (kind == text::TokenKind::kUnused) return "an unused token";
    if (kind == text::TokenKind::kControl && !control_allowed) return "a control token from untrusted text";
    bytes += tokenizer.TokenBytes(id, /*control=*/true);
    shown += stream.Push(tokenizer.TokenBytes(id, /*control=*/true));
  }
  const auto decoded = tokenizer.Decode(ids);
  // Decode takes back the space that encoding put in front.
  const bool prefix = tokenizer.vocabulary().add_space_prefix;
  const bool same = decoded.ok() && (*decoded == bytes || (prefix && decoded->size() + 1 == bytes.size()));
  if (!same) return "Decode differs from the tokens' bytes";
  shown += stream.Flush();
  text::Utf8Stream whole_stream;
  std::string whole = whole_stream.Push(bytes);
  whole += whole_stream.Flush();
  if (shown != whole) return "streaming differs from the whole";
  return {};
}

// Where a vocabulary spells spaces as U+2581, that character comes back as one.
inline std::string WithSpaces(std::string_view text) {
  constexpr std::string_view kSpaceSign = "\xe2\x96\x81";
  std::string spaced(text);
  for (size_t at = 0; (at = spaced.find(kSpaceSign, at)) != spaced.npos;) {
    spaced[at] = ' ';
    spaced.erase(at + 1, kSpaceSign.size() - 1);
  }
  return spaced;
}

inline std::string CheckRoundTrip(uint8_t kind, uint8_t options, std::string_view input) {
  const size_t seam = input.empty() ? 0 : std::min(size_t(uint8_t(input[0])), input.size() - 1);
  if (!input.empty()) input.remove_prefix(1);
  const bool first_trusted = options & 1;
  const bool second_trusted = options & 2;
  const text::TextPiece pieces[] = {{std::string(input.substr(0, seam)), first_trusted},
                                    {std::string(input.substr(seam)), second_trusted}};
  const text::Tokenizer& tokenizer = BuiltInTokenizer(kind % kBuiltInTokenizers);
  const auto ids = tokenizer.Encode(pieces);
  if (!ids.ok()) return "a complete vocabulary refused a text: " + ids.status().ToString();
  const bool pieces_of_text = tokenizer.vocabulary().model != "gpt2";
  const std::string expected = pieces_of_text ? WithSpaces(input) : std::string(input);
  if (*tokenizer.Decode(*ids) != expected) return "the text does not come back";
  return CheckIds(tokenizer, *ids, first_trusted || second_trusted);
}

inline std::string CheckAnyTokenizer(text::Vocabulary vocabulary, std::string_view input) {
  // As the tools do it: a template for the model, then a chat with the input in it.
  const auto choice = text::ChatTemplate::ForModel("bitnet-b1.58", vocabulary, "");
  const auto tokenizer = text::Tokenizer::Create(std::move(vocabulary));
  if (!tokenizer.ok()) return {};
  const bool stored = !(*tokenizer)->vocabulary().chat_template.empty();
  if (!choice.ok() && !stored) return "no template for an architecture that has one";
  const text::ChatMessage message{text::Role::kUser, std::string(input)};
  if (choice.ok()) {
    const auto chat = text::EncodeChat(**tokenizer, *choice->chat_template, std::span(&message, 1));
    if (!chat.ok()) return {};
    if (std::string problem = CheckIds(**tokenizer, *chat, true); !problem.empty()) return problem;
  }
  const auto ids = (*tokenizer)->Encode(input, /*trusted=*/false, /*add_special=*/false);
  return ids.ok() ? CheckIds(**tokenizer, *ids, false) : std::string();
}

inline std::string CheckLines(uint8_t options, std::string_view input) {
  text::Vocabulary vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pre_tokenizer = options & 1 ? "llama-bpe" : "qwen2";
  vocabulary.ignore_merges = options & 2;
  std::string_view lines = input.substr(0, input.find('\0'));
  input.remove_prefix(std::min(input.size(), lines.size() + 1));
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (line.empty()) continue;
    const uint8_t kind = uint8_t(line[0]) % 7;
    const size_t space = line.find(' ');
    if (kind != 0) {
      AddToken(vocabulary, line.substr(1), text::TokenKind(kind));
    } else if (space != std::string_view::npos && space > 0) {
      vocabulary.merges.emplace_back(line.substr(1, space - 1), line.substr(space + 1));
    }
  }
  if (options & 4) {
    vocabulary.model = options & 8 ? "t5" : "llama";
    vocabulary.add_space_prefix = options & 1;
    vocabulary.remove_extra_spaces = options & 2;
    for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
      vocabulary.scores.push_back(id % 13 == 12 ? std::numeric_limits<float>::quiet_NaN() : -float(id * 5 % 17));
    }
  }
  return CheckAnyTokenizer(std::move(vocabulary), input);
}

inline std::string CheckFile(std::string_view input) {
  const auto file = format::GgufFile::Parse(std::as_bytes(std::span(input.data(), input.size())), "fuzz.gguf");
  if (!file.ok()) return {};
  auto vocabulary = text::ReadVocabulary(*file);
  if (!vocabulary.ok()) return {};
  if (const Status status = text::CheckVocabulary(*vocabulary); !status.ok()) {
    return "a vocabulary that was read fails its check: " + status.ToString();
  }
  return CheckAnyTokenizer(std::move(*vocabulary), "a b<|eot_id|> the 123\n\xff\xe6\xb5\xb7");
}

// Empty, or what is wrong.
inline std::string CheckTokenizerInput(std::span<const uint8_t> data) {
  if (data.empty()) return {};
  const uint8_t kind = data[0] / 16;
  const uint8_t options = data[0] % 16;
  const std::string input(data.begin() + 1, data.end());
  if (kind < 12) return CheckRoundTrip(kind, options, input);
  return kind < 14 ? CheckLines(options, input) : CheckFile(input);
}

}  // namespace sterna::fuzz
