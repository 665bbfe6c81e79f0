// SPDX-License-Identifier: Apache-2.0
//
// sterna tokenize and detokenize: they need the vocabulary of a file only, so they work without tensors.
#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "config/number_parsing.h"
#include "exit_code.h"
#include "flag_set.h"
#include "format/gguf_file.h"
#include "model_flags.h"
#include "streams.h"
#include "text/tokenizer.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxTokenizedBytes = std::numeric_limits<int32_t>::max();

constexpr char kTokenizeExamples[] =
    "  echo -n \"What is a sparrow?\" | sterna tokenize\n"
    "  sterna tokenize -m vocab.gguf --no-bos --json < text.txt\n";
constexpr char kDetokenizeExamples[] =
    "  echo 1,2,3 | sterna detokenize\n"
    "  sterna tokenize < text.txt | sterna detokenize\n";

struct TokenizeFlags {
  ModelFlags model;
  bool no_bos = false;
  bool no_special = false;
  bool json = false;
};

Result<std::unique_ptr<const text::Tokenizer>> OpenTokenizer(const ModelFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const std::string path, flags.ModelPath());
  STERNA_ASSIGN_OR_RETURN(const format::GgufFile file, format::GgufFile::Open(path));
  STERNA_ASSIGN_OR_RETURN(text::Vocabulary vocabulary, text::ReadVocabulary(file));
  STERNA_RETURN_IF_ERROR(file.CheckStillWhole());
  return text::Tokenizer::Create(std::move(vocabulary));
}

Status Tokenize(const TokenizeFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const auto tokenizer, OpenTokenizer(flags.model));
  STERNA_ASSIGN_OR_RETURN(const std::string text, ReadStdin(kMaxTokenizedBytes));
  STERNA_ASSIGN_OR_RETURN(const auto ids, tokenizer->Encode(text, !flags.no_special, !flags.no_bos));
  ResultStream out;
  if (flags.json) {
    out.Write(nlohmann::json{{"ids", ids}}.dump() + "\n");
  } else {
    out.Write(fmt::format("{}\n", fmt::join(ids, ",")));
  }
  return out.status();
}

// Plain ids, or what `tokenize --json` prints.
Result<std::vector<text::TokenId>> ReadIds(const std::string& text) {
  if (const size_t open = text.find('['), close = text.rfind(']'); text.find("\"ids\"") != std::string::npos &&
                                                                   open != std::string::npos &&
                                                                   close != std::string::npos && open < close) {
    return config::ParseIds("stdin", std::string_view(text).substr(open, close - open + 1));
  }
  return config::ParseIds("stdin", text);
}

Status Detokenize(const TokenizeFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const auto tokenizer, OpenTokenizer(flags.model));
  STERNA_ASSIGN_OR_RETURN(const std::string input, ReadStdin(kMaxTokenizedBytes));
  STERNA_ASSIGN_OR_RETURN(std::vector<text::TokenId> ids, ReadIds(input));
  const text::Vocabulary& vocabulary = tokenizer->vocabulary();
  if (!flags.no_bos && vocabulary.add_bos && vocabulary.bos == ids[0]) ids.erase(ids.begin());
  STERNA_ASSIGN_OR_RETURN(const std::string text, tokenizer->Decode(ids, !flags.no_special));
  ResultStream out;
  if (flags.json) {
    const nlohmann::json json = {{"text", text}};
    out.Write(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  } else {
    out.Write(text);
  }
  return out.status();
}

int TokenVerb(FlagSet& flags, TokenizeFlags& values, Words words, Status (*work)(const TokenizeFlags&)) {
  values.model.AddModelTo(flags);
  flags.AddSwitch("--json", &values.json, "Print one JSON object");
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(work(values));
}

}  // namespace

int TokenizeVerb(Words words) {
  TokenizeFlags values;
  FlagSet flags("tokenize", "Turn the text on stdin into token ids, joined by commas as --ids takes them.",
                kTokenizeExamples);
  flags.AddSwitch("--no-bos", &values.no_bos, "Add no BOS or EOS, whatever the vocabulary says");
  flags.AddSwitch("--no-special", &values.no_special, "Special tokens written in the text stay text");
  return TokenVerb(flags, values, words, Tokenize);
}

int DetokenizeVerb(Words words) {
  TokenizeFlags values;
  FlagSet flags("detokenize", "Turn token ids on stdin (commas, spaces or the JSON of tokenize) into text.",
                kDetokenizeExamples);
  flags.AddSwitch("--no-bos", &values.no_bos, "The ids begin without an added BOS: a BOS at the start is shown");
  flags.AddSwitch("--no-special", &values.no_special, "Special tokens are not shown");
  return TokenVerb(flags, values, words, Detokenize);
}

}  // namespace sterna::cli
