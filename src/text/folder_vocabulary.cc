// SPDX-License-Identifier: Apache-2.0
#include "text/folder_vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "format/byte_cursor.h"
#include "format/gguf_names.h"
#include "format/json_fields.h"
#include "format/json_file.h"
#include "platform/mapped_file.h"
#include "text/tokenizer_json.h"
#include "text/vocabulary_checks.h"

namespace sterna::text {
namespace {

using format::JsonFields;
using nlohmann::json;

// The largest published are of 33 MB; as a tree of values they take some ten times that.
constexpr uint64_t kMaxTokenizerBytes = uint64_t{96} << 20;
constexpr uint64_t kMaxSettingsBytes = uint64_t{16} << 20;

class FolderReader {
 public:
  FolderReader(const std::string& folder, uint32_t size) : folder_(folder), size_(size) {}
  Result<Vocabulary> Read();

 private:
  std::string Path(std::string_view file) const { return fmt::format("{}/{}", folder_, file); }
  // An empty object where the file is not there.
  Result<json> ReadSettings(std::string_view file) const;
  Status ReadNames(std::string_view file);
  Status ReadIds(std::string_view file);
  Status ReadEnds(const JsonFields& fields);
  void PlaceEnds();
  Status SetByName(const JsonFields& fields, std::string_view key, std::optional<TokenId>& id);
  Status SetById(const JsonFields& fields, std::string_view key, std::optional<TokenId>& id);
  Status ReadTemplate();
  std::optional<TokenId> FindToken(std::string_view text) const;

  const std::string& folder_;
  uint32_t size_;
  Vocabulary vocabulary_;
  std::vector<TokenId> ends_;
};

Result<json> FolderReader::ReadSettings(std::string_view file) const {
  std::error_code ignored;
  if (!std::filesystem::exists(Path(file), ignored)) return json::object();
  return format::ReadJsonFile(Path(file), kMaxSettingsBytes);
}

std::optional<TokenId> FolderReader::FindToken(std::string_view text) const {
  const auto found = std::find(vocabulary_.tokens.begin(), vocabulary_.tokens.end(), text);
  if (found == vocabulary_.tokens.end()) return std::nullopt;
  return TokenId(found - vocabulary_.tokens.begin());
}

// "bos_token": "<s>", or with its text in "content". One that no token has is passed over with a warning.
Status FolderReader::SetByName(const JsonFields& fields, std::string_view key, std::optional<TokenId>& id) {
  const json* const value = fields.Find(key);
  if (id || value == nullptr) return {};
  const json* text = value;
  if (value->is_object()) {
    const auto content = value->find("content");
    if (content == value->end()) return fields.Wrong(key, "has no content");
    text = &*content;
  }
  if (!text->is_string()) return fields.Wrong(key, "must be a text, or an object with a content");
  const auto& name = text->get_ref<const std::string&>();
  id = FindToken(name);
  if (!id) vocabulary_.warnings.push_back(fmt::format("{} is {}, which is no token", key, format::Quoted(name)));
  return {};
}

Status FolderReader::SetById(const JsonFields& fields, std::string_view key, std::optional<TokenId>& id) {
  if (id) return {};
  STERNA_ASSIGN_OR_RETURN(const auto value, fields.Unsigned(key, size_ - 1));
  if (value) id = TokenId(*value);
  return {};
}

Status FolderReader::ReadNames(std::string_view file) {
  STERNA_ASSIGN_OR_RETURN(const json settings, ReadSettings(file));
  const JsonFields fields(settings, fmt::format("file {}", format::Quoted(Path(file))));
  STERNA_RETURN_IF_ERROR(SetByName(fields, "bos_token", vocabulary_.bos));
  STERNA_RETURN_IF_ERROR(SetByName(fields, "eos_token", vocabulary_.eos));
  STERNA_RETURN_IF_ERROR(SetByName(fields, "unk_token", vocabulary_.unknown));
  STERNA_RETURN_IF_ERROR(SetByName(fields, "pad_token", vocabulary_.padding));
  return {};
}

// Ids that end generation, one or a list; the file that says them first counts.
Status FolderReader::ReadEnds(const JsonFields& fields) {
  const json* const value = fields.Find("eos_token_id");
  if (value == nullptr || !ends_.empty()) return {};
  for (const json& id : value->is_array() ? *value : json::array({*value})) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= size_) {
      return fields.Wrong("eos_token_id", fmt::format("must be ids below {}", size_));
    }
    ends_.push_back(id.get<TokenId>());
  }
  return {};
}

// The end of a text is what the tokenizer says, else the first of the ids; the others end a turn or a message.
void FolderReader::PlaceEnds() {
  if (!vocabulary_.eos && !ends_.empty()) vocabulary_.eos = ends_.front();
  std::vector<TokenId> others = ends_;
  std::erase(others, vocabulary_.eos.value_or(-1));
  if (!others.empty()) vocabulary_.eot = others[0];
  if (others.size() > 1) vocabulary_.eom = others[1];
  if (others.size() > 2) {
    vocabulary_.warnings.push_back(
        fmt::format("eos_token_id lists {} more ids than a GGUF file holds; they end nothing", others.size() - 2));
  }
}

Status FolderReader::ReadIds(std::string_view file) {
  STERNA_ASSIGN_OR_RETURN(const json settings, ReadSettings(file));
  const JsonFields fields(settings, fmt::format("file {}", format::Quoted(Path(file))));
  STERNA_RETURN_IF_ERROR(SetById(fields, "bos_token_id", vocabulary_.bos));
  STERNA_RETURN_IF_ERROR(SetById(fields, "pad_token_id", vocabulary_.padding));
  return ReadEnds(fields);
}

// A file of its own counts before the settings, whose template is a text or a list of named ones.
Status FolderReader::ReadTemplate() {
  std::error_code ignored;
  const std::string path = Path("chat_template.jinja");
  if (std::filesystem::exists(path, ignored)) {
    STERNA_ASSIGN_OR_RETURN(const platform::MappedFile file, platform::MappedFile::Open(path));
    vocabulary_.chat_template = std::string(format::AsText(file.bytes()).substr(0, kMaxTemplateBytes + 1));
    STERNA_RETURN_IF_ERROR(file.Check());
  } else {
    STERNA_ASSIGN_OR_RETURN(const json settings, ReadSettings("tokenizer_config.json"));
    const auto own = settings.is_object() ? settings.find("chat_template") : settings.end();
    if (!settings.is_object() || own == settings.end()) return {};
    if (own->is_string()) vocabulary_.chat_template = own->get<std::string>();
    for (const json& named : own->is_array() ? *own : json::array()) {
      const bool is_default = named.is_object() && named.value("name", json()) == "default";
      if (is_default && named.value("template", json()).is_string()) {
        vocabulary_.chat_template = named["template"].get<std::string>();
      }
    }
  }
  if (vocabulary_.chat_template.size() <= kMaxTemplateBytes) return {};
  return Status::Corrupt(
      fmt::format("folder {}: the chat template has over {} bytes", format::Quoted(folder_), kMaxTemplateBytes));
}

Result<Vocabulary> FolderReader::Read() {
  const std::string path = Path("tokenizer.json");
  {
    STERNA_ASSIGN_OR_RETURN(const json tokenizer, format::ReadJsonFile(path, kMaxTokenizerBytes));
    STERNA_ASSIGN_OR_RETURN(vocabulary_,
                            ParseTokenizerJson(tokenizer, fmt::format("file {}", format::Quoted(path)), size_));
  }
  STERNA_RETURN_IF_ERROR(ReadNames("tokenizer_config.json"));
  STERNA_RETURN_IF_ERROR(ReadNames("special_tokens_map.json"));
  STERNA_RETURN_IF_ERROR(ReadIds("generation_config.json"));
  STERNA_RETURN_IF_ERROR(ReadIds("config.json"));
  PlaceEnds();
  STERNA_RETURN_IF_ERROR(ReadTemplate());
  FindEndOfGeneration(vocabulary_);
  return std::move(vocabulary_);
}

void AddId(std::string_view name, std::optional<TokenId> id, format::GgufWriter& writer) {
  if (id) writer.AddU32(fmt::format("tokenizer.ggml.{}_token_id", name), uint32_t(*id));
}

}  // namespace

Result<Vocabulary> ReadFolderVocabulary(const std::string& folder, uint32_t size) try {
  return FolderReader(folder, size).Read();
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted(
      fmt::format("folder {}: not enough memory for its tokenizer", format::Quoted(folder)));
}

void AddVocabulary(const Vocabulary& vocabulary, format::GgufWriter& writer) {
  writer.AddString("tokenizer.ggml.model", vocabulary.model);
  if (!vocabulary.pre_tokenizer.empty()) writer.AddString("tokenizer.ggml.pre", vocabulary.pre_tokenizer);
  writer.AddStrings("tokenizer.ggml.tokens", vocabulary.tokens);
  if (!vocabulary.scores.empty()) writer.AddF32s("tokenizer.ggml.scores", vocabulary.scores);
  std::vector<int32_t> kinds;
  for (const TokenKind kind : vocabulary.kinds) kinds.push_back(int32_t(kind));
  writer.AddI32s("tokenizer.ggml.token_type", kinds);
  if (vocabulary.model == "gpt2") {
    std::vector<std::string> merges;
    for (const auto& [left, right] : vocabulary.merges) merges.push_back(fmt::format("{} {}", left, right));
    writer.AddStrings("tokenizer.ggml.merges", merges);
    writer.AddBool(kIgnoreMergesKey, vocabulary.ignore_merges);
  } else {
    writer.AddBool("tokenizer.ggml.add_space_prefix", vocabulary.add_space_prefix);
    writer.AddBool("tokenizer.ggml.remove_extra_whitespaces", vocabulary.remove_extra_spaces);
  }
  AddId("bos", vocabulary.bos, writer);
  AddId("eos", vocabulary.eos, writer);
  AddId("eot", vocabulary.eot, writer);
  AddId("eom", vocabulary.eom, writer);
  AddId("unknown", vocabulary.unknown, writer);
  AddId("padding", vocabulary.padding, writer);
  writer.AddBool("tokenizer.ggml.add_bos_token", vocabulary.add_bos);
  writer.AddBool("tokenizer.ggml.add_eos_token", vocabulary.add_eos);
  if (!vocabulary.chat_template.empty()) writer.AddString("tokenizer.chat_template", vocabulary.chat_template);
}

}  // namespace sterna::text
