// SPDX-License-Identifier: Apache-2.0
#include "text/vocabulary.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/pre_tokenizer.h"
#include "text/vocabulary_checks.h"

namespace sterna::text {
namespace {

// Reads the tokenizer.* keys of one file, in an order in which each step has what it needs.
class VocabularyReader {
 public:
  explicit VocabularyReader(const format::GgufFile& file) : file_(file) {}
  Result<Vocabulary> Read();

 private:
  Status ReadTokens();
  Status ReadScores();
  Status ReadKinds();
  Status ReadMerges();
  Status ReadSpecialIds();
  Status ReadPreTokenizer();
  Status ReadFlags();
  Status ReadSpaceFlags();
  Status ReadTemplate();

  Result<std::optional<TokenId>> ReadId(std::string_view name) const;
  Result<std::string> ReadString(std::string_view key) const;
  Status CheckCount(std::string_view key, size_t count) const;
  Status Corrupt(const std::string& message) const { return Status::Corrupt(file_.name() + ": " + message); }
  Status Unsupported(const std::string& message) const { return Status::Unsupported(file_.name() + ": " + message); }
  // The same status with the file's name in front.
  Status Named(const Status& status) const { return {status.code(), file_.name() + ": " + status.message()}; }

  const format::GgufFile& file_;
  Vocabulary vocabulary_;
  bool kinds_stored_ = false;
  PreTokenizer implied_;  // by the pre-tokenizer's name
};

Result<Vocabulary> VocabularyReader::Read() {
  STERNA_ASSIGN_OR_RETURN(vocabulary_.model, ReadString("tokenizer.ggml.model"));
  STERNA_RETURN_IF_ERROR(ReadTokens());
  STERNA_RETURN_IF_ERROR(ReadScores());
  STERNA_RETURN_IF_ERROR(ReadKinds());
  STERNA_RETURN_IF_ERROR(ReadMerges());
  STERNA_RETURN_IF_ERROR(ReadSpecialIds());
  if (!kinds_stored_) InferTokenKinds(vocabulary_);
  STERNA_RETURN_IF_ERROR(ReadPreTokenizer());
  STERNA_RETURN_IF_ERROR(ReadFlags());
  STERNA_RETURN_IF_ERROR(ReadTemplate());
  FindEndOfGeneration(vocabulary_);
  return std::move(vocabulary_);
}

Status VocabularyReader::ReadTokens() {
  STERNA_ASSIGN_OR_RETURN(const auto tokens, file_.GetStrings("tokenizer.ggml.tokens"));
  if (!tokens) return Corrupt("tokenizer.ggml.tokens is missing: the file has no vocabulary");
  if (tokens->empty() || tokens->size() > kMaxTokens) {
    return Unsupported(
        fmt::format("tokenizer.ggml.tokens has {} tokens, but must have 1 to {}", tokens->size(), kMaxTokens));
  }
  vocabulary_.tokens.reserve(tokens->size());
  for (const std::string_view token : *tokens) {
    if (token.size() > kMaxTokenBytes) {
      return Unsupported(fmt::format("tokenizer.ggml.tokens: token {} has {} bytes, over the limit of {}",
                                     vocabulary_.tokens.size(), token.size(), kMaxTokenBytes));
    }
    vocabulary_.tokens.emplace_back(token);
  }
  return Status();
}

Status VocabularyReader::ReadScores() {
  STERNA_ASSIGN_OR_RETURN(auto scores, file_.GetFloats("tokenizer.ggml.scores"));
  if (!scores) return Status();
  STERNA_RETURN_IF_ERROR(CheckCount("tokenizer.ggml.scores", scores->size()));
  vocabulary_.scores = std::move(*scores);
  return Status();
}

Status VocabularyReader::ReadKinds() {
  vocabulary_.kinds.assign(vocabulary_.tokens.size(), TokenKind::kNormal);
  STERNA_ASSIGN_OR_RETURN(const auto kinds, file_.GetIntegers("tokenizer.ggml.token_type"));
  if (!kinds) {
    vocabulary_.warnings.push_back(
        "tokenizer.ggml.token_type is missing: tokens spelled <|...|> count as control tokens");
    return Status();
  }
  STERNA_RETURN_IF_ERROR(CheckCount("tokenizer.ggml.token_type", kinds->size()));
  kinds_stored_ = true;
  size_t unknown_kinds = 0;
  for (size_t id = 0; id < kinds->size(); ++id) {
    const int64_t kind = (*kinds)[id];
    if (kind >= int64_t(TokenKind::kNormal) && kind <= int64_t(TokenKind::kByte)) {
      vocabulary_.kinds[id] = TokenKind(kind);
    } else {
      ++unknown_kinds;
    }
  }
  if (unknown_kinds > 0) {
    vocabulary_.warnings.push_back(fmt::format(
        "tokenizer.ggml.token_type: {} tokens have a kind other than 1 to 6 and count as normal", unknown_kinds));
  }
  return Status();
}

Status VocabularyReader::ReadMerges() {
  STERNA_ASSIGN_OR_RETURN(vocabulary_.stored_tables, FindStoredTables(file_));
  if (vocabulary_.stored_tables) return Status();
  STERNA_ASSIGN_OR_RETURN(const auto merges, file_.GetStrings("tokenizer.ggml.merges"));
  if (!merges) {
    if (vocabulary_.model == "gpt2") return Corrupt("tokenizer.ggml.merges is missing, but model 'gpt2' needs it");
    return Status();
  }
  if (merges->size() > kMaxMerges) {
    return Unsupported(
        fmt::format("tokenizer.ggml.merges has {} merges, over the limit of {}", merges->size(), kMaxMerges));
  }
  vocabulary_.merges.reserve(merges->size());
  for (const std::string_view merge : *merges) {
    auto parts = SplitMerge(merge, vocabulary_.merges.size());
    if (!parts.ok()) return Named(parts.status());
    vocabulary_.merges.push_back(std::move(*parts));
  }
  return Status();
}

Status VocabularyReader::ReadSpecialIds() {
  STERNA_ASSIGN_OR_RETURN(vocabulary_.bos, ReadId("bos"));
  STERNA_ASSIGN_OR_RETURN(vocabulary_.eos, ReadId("eos"));
  STERNA_ASSIGN_OR_RETURN(vocabulary_.eot, ReadId("eot"));
  STERNA_ASSIGN_OR_RETURN(vocabulary_.eom, ReadId("eom"));
  STERNA_ASSIGN_OR_RETURN(vocabulary_.unknown, ReadId("unknown"));
  STERNA_ASSIGN_OR_RETURN(vocabulary_.padding, ReadId("padding"));
  return Status();
}

Status VocabularyReader::ReadPreTokenizer() {
  STERNA_ASSIGN_OR_RETURN(const auto stored, file_.GetString("tokenizer.ggml.pre"));
  if (stored) {
    vocabulary_.pre_tokenizer = std::string(*stored);
    vocabulary_.pre_reason = "tokenizer.ggml.pre";
  } else if (vocabulary_.model == "gpt2") {
    STERNA_ASSIGN_OR_RETURN(const auto architecture, file_.GetString("general.architecture"));
    const Status inferred = InferPreTokenizer(architecture.value_or(""), vocabulary_);
    if (!inferred.ok()) return Named(inferred);
  }
  if (vocabulary_.model != "gpt2") return Status();
  const auto known = FindPreTokenizer(vocabulary_.pre_tokenizer);
  if (!known) {
    return Unsupported(fmt::format("tokenizer.ggml.pre is '{}', but only these are built in: {}",
                                   vocabulary_.pre_tokenizer.substr(0, 64), KnownPreTokenizerNames()));
  }
  implied_ = *known;
  STERNA_ASSIGN_OR_RETURN(const auto ignore_merges, file_.GetBool(kIgnoreMergesKey));
  vocabulary_.ignore_merges = ignore_merges.value_or(known->ignore_merges);
  return Status();
}

Status VocabularyReader::ReadFlags() {
  STERNA_ASSIGN_OR_RETURN(const auto add_bos, file_.GetBool("tokenizer.ggml.add_bos_token"));
  STERNA_ASSIGN_OR_RETURN(const auto add_eos, file_.GetBool("tokenizer.ggml.add_eos_token"));
  vocabulary_.add_bos = add_bos.value_or(implied_.add_bos || vocabulary_.model == "llama");
  vocabulary_.add_eos = add_eos.value_or(vocabulary_.model == "t5");
  if (vocabulary_.model != "gpt2") STERNA_RETURN_IF_ERROR(ReadSpaceFlags());
  if (vocabulary_.add_bos && !vocabulary_.bos) {
    vocabulary_.warnings.push_back("BOS is to be added, but tokenizer.ggml.bos_token_id is missing; none is added");
    vocabulary_.add_bos = false;
  }
  if (vocabulary_.add_eos && !vocabulary_.eos) {
    vocabulary_.warnings.push_back("EOS is to be added, but tokenizer.ggml.eos_token_id is missing; none is added");
    vocabulary_.add_eos = false;
  }
  return Status();
}

Status VocabularyReader::ReadSpaceFlags() {
  STERNA_ASSIGN_OR_RETURN(const auto prefix, file_.GetBool("tokenizer.ggml.add_space_prefix"));
  STERNA_ASSIGN_OR_RETURN(const auto remove, file_.GetBool("tokenizer.ggml.remove_extra_whitespaces"));
  vocabulary_.add_space_prefix = prefix.value_or(true);
  vocabulary_.remove_extra_spaces = remove.value_or(false);
  vocabulary_.has_character_map = file_.Find("tokenizer.ggml.precompiled_charsmap") != nullptr;
  return Status();
}

Status VocabularyReader::ReadTemplate() {
  STERNA_ASSIGN_OR_RETURN(const auto stored, file_.GetString("tokenizer.chat_template"));
  if (!stored) return Status();
  if (stored->size() <= kMaxTemplateBytes) {
    vocabulary_.chat_template = std::string(*stored);
  } else {
    vocabulary_.warnings.push_back(fmt::format(
        "tokenizer.chat_template has {} bytes, over the limit of {}; passed over", stored->size(), kMaxTemplateBytes));
  }
  return Status();
}

Result<std::optional<TokenId>> VocabularyReader::ReadId(std::string_view name) const {
  const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
  STERNA_ASSIGN_OR_RETURN(const auto id, file_.GetUnsigned(key));
  if (!id) return std::optional<TokenId>();
  if (*id >= vocabulary_.tokens.size()) {
    return Corrupt(fmt::format("{} is {}, but the vocabulary has {} tokens", key, *id, vocabulary_.tokens.size()));
  }
  return std::optional<TokenId>(TokenId(*id));
}

Result<std::string> VocabularyReader::ReadString(std::string_view key) const {
  STERNA_ASSIGN_OR_RETURN(const auto text, file_.GetString(key));
  if (!text) return Corrupt(fmt::format("{} is missing: the file has no vocabulary", key));
  return std::string(*text);
}

Status VocabularyReader::CheckCount(std::string_view key, size_t count) const {
  if (count == vocabulary_.tokens.size()) return Status();
  return Corrupt(
      fmt::format("{} has {} values, but tokenizer.ggml.tokens has {}", key, count, vocabulary_.tokens.size()));
}

}  // namespace

Result<Vocabulary> ReadVocabulary(const format::GgufFile& file) try {
  return VocabularyReader(file).Read();
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted(file.name() + ": reading the vocabulary: out of memory");
}

}  // namespace sterna::text
