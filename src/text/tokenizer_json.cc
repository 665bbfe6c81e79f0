// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/status_macros.h"
#include "format/gguf_names.h"
#include "format/json_fields.h"
#include "text/known_tokens.h"
#include "text/pre_tokenizer.h"

namespace sterna::text {
namespace {

using format::JsonFields;
using nlohmann::json;

constexpr double kMaxScore = 1e30;
constexpr float kNeverMerged = -1e7f;  // below every rank

// A sequence of steps is a list under one of these names; a single step stands alone.
std::vector<const json*> Steps(const json* step, const char* list) {
  std::vector<const json*> steps;
  if (step == nullptr) return steps;
  const auto inner = step->is_object() ? step->find(list) : step->end();
  if (!step->is_object() || inner == step->end() || !inner->is_array()) return {step};
  for (const json& own : *inner) {
    for (const json* deeper : Steps(&own, list)) steps.push_back(deeper);
  }
  return steps;
}

class TokenizerJson {
 public:
  TokenizerJson(const json& root, const std::string& place, uint32_t size)
      : fields_(root, place), place_(place), size_(size) {}

  Result<Vocabulary> Parse();

 private:
  Status ReadModel();
  Status ReadBpe(const JsonFields& model);
  Status ReadUnigram(const JsonFields& model);
  Status PlaceToken(std::string_view where, const std::string& text, uint64_t id);
  Status ReadMerges(const JsonFields& model);
  Status ReadAddedTokens();
  TokenKind AddedKind(TokenId id, std::string_view text, bool special) const;
  Status ReadNormalizers();
  Status ReadNormalizer(const JsonFields& step);
  Status ReadPreTokenizers();
  Status ReadByteLevelSplit(const std::vector<const json*>& steps);
  Status ReadSpaceSplit(const JsonFields& step);
  Status ReadPostProcessors();
  Status ReadTemplatePart(const JsonFields& step, const json& part, bool& added, std::optional<TokenId>& id);
  void FillHoles();
  void MarkByteTokens();
  void ScoreByMerges();
  Status Unsupported(std::string_view part, const JsonFields& step) const;
  bool IsPieces() const { return vocabulary_.model != "gpt2"; }

  const JsonFields fields_;
  const std::string& place_;
  uint32_t size_;
  bool byte_fallback_ = false;
  std::vector<bool> taken_;
  Vocabulary vocabulary_;
};

Result<Vocabulary> TokenizerJson::Parse() {
  STERNA_RETURN_IF_ERROR(ReadModel());
  STERNA_RETURN_IF_ERROR(ReadAddedTokens());
  FillHoles();
  if (byte_fallback_) MarkByteTokens();
  STERNA_RETURN_IF_ERROR(ReadNormalizers());
  STERNA_RETURN_IF_ERROR(ReadPreTokenizers());
  STERNA_RETURN_IF_ERROR(ReadPostProcessors());
  return std::move(vocabulary_);
}

Status TokenizerJson::Unsupported(std::string_view part, const JsonFields& step) const {
  const json* const type = step.Find("type");
  const std::string name = type != nullptr && type->is_string() ? type->get<std::string>() : "without a type";
  return fields_.Unsupported(part, fmt::format("has a step {} that is not built in", format::Quoted(name)));
}

Status TokenizerJson::PlaceToken(std::string_view where, const std::string& text, uint64_t id) {
  if (id >= size_) {
    return fields_.Wrong(
        where, fmt::format("has token {} with id {}; config.json says vocab_size {}", format::Quoted(text), id, size_));
  }
  if (text.size() > kMaxTokenBytes) {
    return fields_.Wrong(where, fmt::format("has a token of {} bytes; the limit is {}", text.size(), kMaxTokenBytes));
  }
  if (taken_[id] && vocabulary_.tokens[id] != text) {
    return fields_.Wrong(where, fmt::format("gives id {} to {} and to {}", id, format::Quoted(vocabulary_.tokens[id]),
                                            format::Quoted(text)));
  }
  vocabulary_.tokens[id] = text;
  taken_[id] = true;
  return {};
}

Status TokenizerJson::ReadModel() {
  if (size_ == 0 || size_ > kMaxTokens) {
    return fields_.Unsupported("model", fmt::format("has {} tokens; 1 to {} are possible", size_, kMaxTokens));
  }
  vocabulary_.tokens.resize(size_);
  vocabulary_.kinds.assign(size_, TokenKind::kNormal);
  taken_.resize(size_);
  STERNA_ASSIGN_OR_RETURN(const JsonFields model, fields_.Object("model"));
  STERNA_ASSIGN_OR_RETURN(const auto type, model.Text("type"));
  STERNA_ASSIGN_OR_RETURN(const auto fallback, model.Bool("byte_fallback"));
  byte_fallback_ = fallback.value_or(false);
  if (type == "Unigram") return ReadUnigram(model);
  // Files from before 2020 have no type.
  if (!type || *type == "BPE") return ReadBpe(model);
  return model.Unsupported("type", fmt::format("is {}; BPE and Unigram are built in", format::Quoted(*type)));
}

Status TokenizerJson::ReadBpe(const JsonFields& model) {
  const json* const tokens = model.Find("vocab");
  if (tokens == nullptr || !tokens->is_object()) return model.Wrong("vocab", "must be an object of tokens and ids");
  for (const auto& [text, id] : tokens->items()) {
    if (!id.is_number_unsigned()) return model.Wrong("vocab", fmt::format("has no id for {}", format::Quoted(text)));
    STERNA_RETURN_IF_ERROR(PlaceToken("vocab", text, id.get<uint64_t>()));
  }
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    STERNA_ASSIGN_OR_RETURN(const auto affix, model.Text(key));
    if (affix && !affix->empty()) return model.Unsupported(key, "is given; such vocabularies are not built in");
  }
  STERNA_ASSIGN_OR_RETURN(const auto whole, model.Bool("ignore_merges"));
  vocabulary_.ignore_merges = whole.value_or(false);
  vocabulary_.model = byte_fallback_ ? "llama" : "gpt2";
  STERNA_RETURN_IF_ERROR(ReadMerges(model));
  STERNA_ASSIGN_OR_RETURN(const auto unknown, model.Text("unk_token"));
  if (unknown) {
    const auto found = tokens->find(*unknown);
    if (found == tokens->end()) return model.Wrong("unk_token", "is no token");
    vocabulary_.unknown = TokenId(found->get<uint64_t>());
  }
  if (IsPieces()) ScoreByMerges();
  return {};
}

// "left right", or since 2024 ["left", "right"].
Status TokenizerJson::ReadMerges(const JsonFields& model) {
  const json* const merges = model.Find("merges");
  if (merges == nullptr || !merges->is_array()) return model.Wrong("merges", "must be a list");
  if (merges->size() > kMaxMerges) {
    return model.Unsupported("merges",
                             fmt::format("has {} entries; at most {} are possible", merges->size(), kMaxMerges));
  }
  vocabulary_.merges.reserve(merges->size());
  for (const json& merge : *merges) {
    std::string left, right;
    if (merge.is_string()) {
      const auto& text = merge.get_ref<const std::string&>();
      const size_t space = text.find(' ');
      if (space != text.npos) left = text.substr(0, space), right = text.substr(space + 1);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      left = merge[0].get<std::string>(), right = merge[1].get<std::string>();
    }
    const bool sound = !left.empty() && !right.empty() && left.find(' ') == left.npos && right.find(' ') == right.npos;
    if (!sound) {
      return model.Wrong("merges",
                         fmt::format("has no two parts without spaces at place {}", vocabulary_.merges.size()));
    }
    vocabulary_.merges.emplace_back(std::move(left), std::move(right));
  }
  return {};
}

// SentencePiece merges what gives the token of the highest score; tokenizers the pair of the lowest rank. For files
// that came from SentencePiece, the ranks are in the order of the scores.
void TokenizerJson::ScoreByMerges() {
  std::unordered_map<std::string_view, size_t> ids;
  for (size_t id = 0; id < vocabulary_.tokens.size(); ++id) {
    if (taken_[id]) ids.emplace(vocabulary_.tokens[id], id);
  }
  vocabulary_.scores.assign(size_, kNeverMerged);
  std::string whole;
  for (size_t rank = 0; rank < vocabulary_.merges.size(); ++rank) {
    whole.assign(vocabulary_.merges[rank].first).append(vocabulary_.merges[rank].second);
    const auto found = ids.find(whole);
    if (found == ids.end()) continue;
    float& score = vocabulary_.scores[found->second];
    score = std::max(score, -float(rank));
  }
  vocabulary_.merges.clear();
}

Status TokenizerJson::ReadUnigram(const JsonFields& model) {
  const json* const tokens = model.Find("vocab");
  if (tokens == nullptr || !tokens->is_array()) return model.Wrong("vocab", "must be a list of tokens and scores");
  vocabulary_.model = "t5";
  vocabulary_.scores.assign(size_, 0);
  uint64_t id = 0;
  for (const json& token : *tokens) {
    if (!token.is_array() || token.size() != 2 || !token[0].is_string() || !token[1].is_number()) {
      return model.Wrong("vocab", fmt::format("has no token and score at place {}", id));
    }
    STERNA_RETURN_IF_ERROR(PlaceToken("vocab", token[0].get<std::string>(), id));
    const double score = token[1].get<double>();
    if (!(std::fabs(score) < kMaxScore))
      return model.Wrong("vocab", fmt::format("has the score {} at place {}", score, id));
    vocabulary_.scores[id++] = float(score);
  }
  STERNA_ASSIGN_OR_RETURN(const auto unknown, model.Unsigned("unk_id", size_ - 1));
  if (unknown) {
    vocabulary_.unknown = TokenId(*unknown);
    vocabulary_.kinds[size_t(*unknown)] = TokenKind::kUnknown;
  }
  return {};
}

Status TokenizerJson::ReadAddedTokens() {
  const json* const added = fields_.Find("added_tokens");
  if (added == nullptr) return {};
  if (!added->is_array()) return fields_.Wrong("added_tokens", "must be a list");
  for (const json& token : *added) {
    const JsonFields own(token, place_ + ": 'added_tokens'");
    STERNA_ASSIGN_OR_RETURN(const auto id, own.Unsigned("id", size_ - 1));
    STERNA_ASSIGN_OR_RETURN(const auto text, own.Text("content"));
    if (!id || !text) return own.Wrong("content", "and id must be there for each token");
    STERNA_RETURN_IF_ERROR(PlaceToken("added_tokens", *text, *id));
    STERNA_ASSIGN_OR_RETURN(const auto special, own.Bool("special"));
    vocabulary_.kinds[size_t(*id)] = AddedKind(TokenId(*id), *text, special.value_or(false));
  }
  return {};
}

TokenKind TokenizerJson::AddedKind(TokenId id, std::string_view text, bool special) const {
  if (IsPieces() && vocabulary_.unknown == id) return TokenKind::kUnknown;
  if (special) return TokenKind::kControl;
  // Such a token is no part of a text, where spaces are spaces yet: merging makes it.
  const bool merged = IsPieces() && text.find(kSpaceSign) != text.npos;
  return merged ? TokenKind::kNormal : TokenKind::kUserDefined;
}

// Ids without a token: what other converters write there.
void TokenizerJson::FillHoles() {
  for (uint32_t id = 0; id < size_; ++id) {
    if (taken_[id]) continue;
    vocabulary_.tokens[id] = fmt::format("[PAD{}]", id);
    vocabulary_.kinds[id] = TokenKind::kUnused;
  }
}

void TokenizerJson::MarkByteTokens() {
  for (size_t id = 0; id < vocabulary_.tokens.size(); ++id) {
    const bool byte = vocabulary_.kinds[id] == TokenKind::kNormal && ParseByteToken(vocabulary_.tokens[id]).has_value();
    if (byte) vocabulary_.kinds[id] = TokenKind::kByte;
  }
}

Status TokenizerJson::ReadNormalizers() {
  for (const json* const step : Steps(fields_.Find("normalizer"), "normalizers")) {
    STERNA_RETURN_IF_ERROR(ReadNormalizer(JsonFields(*step, place_ + ": 'normalizer'")));
  }
  return {};
}

Status TokenizerJson::ReadNormalizer(const JsonFields& step) {
  STERNA_ASSIGN_OR_RETURN(const auto type, step.Text("type"));
  if (type == "NFC" && !IsPieces()) {
    vocabulary_.warnings.push_back(
        "tokenizer.json composes characters first (NFC); here text is encoded as it comes, as llama.cpp does");
    return {};
  }
  STERNA_ASSIGN_OR_RETURN(const JsonFields pattern, step.Object("pattern"));
  STERNA_ASSIGN_OR_RETURN(const auto content, step.Text("content"));
  STERNA_ASSIGN_OR_RETURN(const auto prepend, step.Text("prepend"));
  STERNA_ASSIGN_OR_RETURN(const auto right, step.Bool("strip_right"));
  const json* const text = pattern.Find("String");
  const json* const regex = pattern.Find("Regex");
  if (IsPieces() && type == "Prepend" && prepend == kSpaceSign) {
    vocabulary_.add_space_prefix = true;
  } else if (IsPieces() && type == "Replace" && regex != nullptr && *regex == " {2,}" &&
             (content == " " || content == kSpaceSign)) {
    vocabulary_.remove_extra_spaces = true;
  } else if (IsPieces() && type == "Strip" && right.value_or(false)) {
    vocabulary_.remove_extra_spaces = true;
    vocabulary_.warnings.push_back(
        "tokenizer.json takes all white space off the ends of a text; here spaces alone, as SentencePiece does");
  } else if (!(IsPieces() && type == "Replace" && text != nullptr && *text == " " && content == kSpaceSign)) {
    return Unsupported("normalizer", step);
  }
  return {};
}

Status TokenizerJson::ReadPreTokenizers() {
  const std::vector<const json*> steps = Steps(fields_.Find("pre_tokenizer"), "pretokenizers");
  if (!IsPieces()) return ReadByteLevelSplit(steps);
  for (const json* const step : steps) {
    STERNA_RETURN_IF_ERROR(ReadSpaceSplit(JsonFields(*step, place_ + ": 'pre_tokenizer'")));
  }
  return {};
}

// A split by a known expression and the byte alphabet, or the byte alphabet with its own split.
Status TokenizerJson::ReadByteLevelSplit(const std::vector<const json*>& steps) {
  const std::string where = place_ + ": 'pre_tokenizer'";
  std::optional<std::string> expression;
  bool bytes = false, own_split = false;
  for (const json* const each : steps) {
    const JsonFields step(*each, where);
    STERNA_ASSIGN_OR_RETURN(const auto type, step.Text("type"));
    STERNA_ASSIGN_OR_RETURN(const auto prefix, step.Bool("add_prefix_space"));
    STERNA_ASSIGN_OR_RETURN(const auto use_regex, step.Bool("use_regex"));
    STERNA_ASSIGN_OR_RETURN(const JsonFields pattern, step.Object("pattern"));
    STERNA_ASSIGN_OR_RETURN(const auto regex, pattern.Text("Regex"));
    STERNA_ASSIGN_OR_RETURN(const auto behavior, step.Text("behavior"));
    STERNA_ASSIGN_OR_RETURN(const auto invert, step.Bool("invert"));
    // What lies between matches is kept either way: the known expressions leave nothing.
    const bool keeps = behavior == "Isolated" || (behavior == "Removed" && invert == true);
    if (type == "Split" && regex && keeps && !expression && !bytes) {
      expression = regex;
    } else if (type == "ByteLevel" && !bytes && !prefix.value_or(true)) {
      bytes = true;
      own_split = use_regex.value_or(true);
    } else {
      return Unsupported("pre_tokenizer", step);
    }
  }
  if (!bytes) return fields_.Unsupported("pre_tokenizer", "has no step ByteLevel; other byte pairs are not built in");
  if (own_split == expression.has_value()) {
    return fields_.Unsupported("pre_tokenizer", "must split once: by one expression, or by ByteLevel's own");
  }
  const auto pattern = own_split ? std::optional(SplitPattern::kGpt2) : FindSplitPattern(*expression);
  if (!pattern) {
    return fields_.Unsupported(
        "pre_tokenizer", fmt::format("splits by an expression that is not built in: {}", format::Quoted(*expression)));
  }
  vocabulary_.pre_tokenizer = SplitPatternName(*pattern);
  vocabulary_.pre_reason = "the expression in tokenizer.json";
  return {};
}

// Metaspace is close to what SentencePiece does, and not the same.
Status TokenizerJson::ReadSpaceSplit(const JsonFields& step) {
  STERNA_ASSIGN_OR_RETURN(const auto type, step.Text("type"));
  if (type == "Metaspace") {
    STERNA_ASSIGN_OR_RETURN(const auto replacement, step.Text("replacement"));
    STERNA_ASSIGN_OR_RETURN(const auto scheme, step.Text("prepend_scheme"));
    STERNA_ASSIGN_OR_RETURN(const auto prefix, step.Bool("add_prefix_space"));
    if (replacement.value_or(std::string(kSpaceSign)) != kSpaceSign) return Unsupported("pre_tokenizer", step);
    vocabulary_.add_space_prefix = scheme ? *scheme != "never" : prefix.value_or(true);
    if (vocabulary_.add_space_prefix && !vocabulary_.remove_extra_spaces) {
      vocabulary_.warnings.push_back(
          "tokenizer.json puts no space before a text that begins with one (Metaspace); here it gets one, as from "
          "SentencePiece and llama.cpp");
    }
    return {};
  }
  // Where a text is cut at single spaces, no token lies across the cut.
  STERNA_ASSIGN_OR_RETURN(const JsonFields pattern, step.Object("pattern"));
  const json* const text = pattern.Find("String");
  if (type == "Split" && text != nullptr && *text == " ") return {};
  return Unsupported("pre_tokenizer", step);
}

// What a template puts before and after a single text.
Status TokenizerJson::ReadPostProcessors() {
  for (const json* const each : Steps(fields_.Find("post_processor"), "processors")) {
    const JsonFields step(*each, place_ + ": 'post_processor'");
    STERNA_ASSIGN_OR_RETURN(const auto type, step.Text("type"));
    if (type == "ByteLevel") continue;  // about offsets alone
    if (type != "TemplateProcessing") return Unsupported("post_processor", step);
    const json* const parts = step.Find("single");
    if (parts == nullptr || !parts->is_array() || parts->empty())
      return step.Wrong("single", "must be a list of parts");
    STERNA_RETURN_IF_ERROR(ReadTemplatePart(step, parts->front(), vocabulary_.add_bos, vocabulary_.bos));
    STERNA_RETURN_IF_ERROR(ReadTemplatePart(step, parts->back(), vocabulary_.add_eos, vocabulary_.eos));
    const size_t known = size_t{1} + vocabulary_.add_bos + vocabulary_.add_eos;
    if (parts->size() != known) {
      return step.Unsupported("single", "has more than a text between two special tokens");
    }
  }
  return {};
}

Status TokenizerJson::ReadTemplatePart(const JsonFields& step, const json& part, bool& added,
                                       std::optional<TokenId>& id) {
  const JsonFields fields(part, place_ + ": 'single'");
  if (fields.Find("SpecialToken") == nullptr) return {};
  STERNA_ASSIGN_OR_RETURN(const JsonFields token, fields.Object("SpecialToken"));
  STERNA_ASSIGN_OR_RETURN(const auto text, token.Text("id"));
  const auto found = std::find(vocabulary_.tokens.begin(), vocabulary_.tokens.end(), text.value_or(""));
  if (found == vocabulary_.tokens.end()) {
    return step.Wrong("single", fmt::format("names {}, which is no token", format::Quoted(text.value_or(""))));
  }
  added = true;
  id = TokenId(found - vocabulary_.tokens.begin());
  return {};
}

}  // namespace

Result<Vocabulary> ParseTokenizerJson(const json& json, const std::string& place, uint32_t size) {
  return TokenizerJson(json, place, size).Parse();
}

}  // namespace sterna::text
