// SPDX-License-Identifier: Apache-2.0
#include "text/sentence_piece_tokenizer.h"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/best_path.h"
#include "text/joined_text.h"
#include "text/score_merger.h"

namespace sterna::text {
namespace {

constexpr size_t kPathBytes = size_t(1) << 20;

bool StartsCharacter(char byte) { return (uint8_t(byte) & 0xc0) != 0x80; }

// `fragment` as the vocabulary spells it: U+2581 is a space, and where asked for one stands in front and runs of spaces
// are one.
std::string Normalized(std::string_view fragment, const Vocabulary& vocabulary, bool space_prefix) {
  std::string text;
  text.reserve(fragment.size() + 1);
  if (space_prefix) text += ' ';
  for (size_t at = 0; at < fragment.size();) {
    const bool sign = fragment.substr(at, kSpaceSign.size()) == kSpaceSign;
    const char c = sign ? ' ' : fragment[at];
    const bool extra = c == ' ' && (text.empty() || text.back() == ' ');
    if (!vocabulary.remove_extra_spaces || !extra) text += c;
    at += sign ? kSpaceSign.size() : 1;
  }
  if (vocabulary.remove_extra_spaces && text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

// What one call of Encode works on. Text is cut at the borders that no token spans; when merging, runs between them
// that came before in the same fragment are looked up.
class SentencePieceTokenizer::Encoding {
 public:
  explicit Encoding(const SentencePieceTokenizer& tokenizer)
      : vocabulary_(tokenizer.vocabulary_),
        pieces_(tokenizer.pieces_),
        merger_(tokenizer.pieces_),
        best_path_(tokenizer.pieces_) {}

  Status AppendFragment(std::string_view fragment) {
    if (fragment.empty()) return {};
    const std::string& text = fragments_.emplace_back(Normalized(fragment, vocabulary_, vocabulary_.add_space_prefix));
    best_path_.Restart();
    // Paths add scores up over a text, so that they are cut as seldom as memory allows.
    const size_t least = vocabulary_.model == "t5" ? kPathBytes : 1;
    for (size_t begin = 0; begin < text.size();) {
      size_t end = std::min(begin + least, text.size());
      while (end < text.size() && !(pieces_.IsBorder(text[end - 1], text[end]) && StartsCharacter(text[end]))) ++end;
      STERNA_RETURN_IF_ERROR(AppendRun(std::string_view(text).substr(begin, end - begin)));
      begin = end;
    }
    return {};
  }

  std::vector<TokenId> ids;

 private:
  struct Known {
    std::string_view run;         // in one of fragments_
    size_t first = 0, count = 0;  // of its ids among `ids`
  };

  Status AppendRun(std::string_view run) {
    if (run.size() > kMaxRunBytes) {
      return Status::ResourceExhausted(
          fmt::format("{} bytes of text without a place to split are over the limit of {}", run.size(), kMaxRunBytes));
    }
    return vocabulary_.model == "t5" ? best_path_.Append(run, ids) : MergeRun(run);
  }

  Status MergeRun(std::string_view run) {
    Known& known = known_[std::hash<std::string_view>()(run) % known_.size()];
    const size_t first = ids.size();
    // Neighbouring unknown text is one token: what a run gives then depends on what is before it.
    const bool after_unknown = !ids.empty() && ids.back() == vocabulary_.unknown;
    if (!after_unknown && known.run == run) {
      ids.resize(first + known.count);
      std::copy_n(ids.begin() + ptrdiff_t(known.first), known.count, ids.begin() + ptrdiff_t(first));
      return {};
    }
    STERNA_RETURN_IF_ERROR(merger_.Append(run, ids));
    if (!after_unknown) known = {run, first, ids.size() - first};
    return {};
  }

  const Vocabulary& vocabulary_;
  const PieceVocabulary& pieces_;
  ScoreMerger merger_;
  BestPath best_path_;
  std::deque<std::string> fragments_;  // whose runs are known
  std::array<Known, 4096> known_{};
};

Result<std::unique_ptr<const Tokenizer>> SentencePieceTokenizer::Create(Vocabulary vocabulary) {
  if (vocabulary.has_character_map) {
    return Status::Unsupported(
        "tokenizer.ggml.precompiled_charsmap: vocabularies that change characters first are not built in");
  }
  std::vector<std::string> warnings;
  STERNA_ASSIGN_OR_RETURN(PieceVocabulary pieces, PieceVocabulary::Create(vocabulary, warnings));
  SpecialTokens special_tokens(vocabulary, warnings);
  vocabulary.warnings.insert(vocabulary.warnings.end(), warnings.begin(), warnings.end());
  return std::unique_ptr<const Tokenizer>(
      new SentencePieceTokenizer(std::move(vocabulary), std::move(pieces), std::move(special_tokens)));
}

SentencePieceTokenizer::SentencePieceTokenizer(Vocabulary vocabulary, PieceVocabulary pieces,
                                               SpecialTokens special_tokens)
    : Tokenizer(std::move(vocabulary)), pieces_(std::move(pieces)), special_tokens_(std::move(special_tokens)) {}

Result<std::vector<TokenId>> SentencePieceTokenizer::Encode(std::span<const TextPiece> pieces) const try {
  STERNA_ASSIGN_OR_RETURN(const JoinedText joined, JoinPieces(pieces));
  const auto encoding = std::make_unique<Encoding>(*this);
  encoding->ids.reserve(joined.text.size() / 4 + 16);
  const std::string_view text = joined.text;
  size_t run = 0, position = 0;
  while (const auto match = special_tokens_.Find(text, position, joined.runs, run)) {
    STERNA_RETURN_IF_ERROR(encoding->AppendFragment(text.substr(position, match->begin - position)));
    encoding->ids.push_back(match->id);
    position = match->end;
  }
  STERNA_RETURN_IF_ERROR(encoding->AppendFragment(text.substr(position)));
  return std::move(encoding->ids);
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted("encoding a text: out of memory");
}

std::string_view SentencePieceTokenizer::TokenBytes(TokenId id, bool control) const {
  if (id < 0 || size_t(id) >= vocabulary_size()) return {};
  const TokenKind kind = vocabulary_.kinds[size_t(id)];
  if (!control && (kind == TokenKind::kControl || kind == TokenKind::kUnknown)) return {};
  return pieces_.tokens().Bytes(id);
}

}  // namespace sterna::text
