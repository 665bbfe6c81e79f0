// SPDX-License-Identifier: Apache-2.0
//
// sterna embed: one vector for each text.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "engine/embedding.h"
#include "exit_code.h"
#include "flag_set.h"
#include "model_flags.h"
#include "model_loading.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxTextsBytes = size_t{256} << 20;

constexpr char kEmbedExamples[] =
    "  sterna embed -m embedding.gguf -p \"A sparrow is a bird.\"\n"
    "  sterna embed -m embedding.gguf --json < lines.txt\n";

struct EmbedFlags {
  ModelFlags model;
  std::optional<std::string> prompt;
  std::string pooling = "auto";
  bool no_normalize = false;
  bool json = false;
};

// The lines of a text, without their ends; a last empty one does not count.
std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

Result<std::vector<std::string>> ReadTexts(const EmbedFlags& flags) {
  if (flags.prompt) return std::vector<std::string>{*flags.prompt};
  STERNA_ASSIGN_OR_RETURN(const std::string input, ReadStdin(kMaxTextsBytes));
  std::vector<std::string> lines = Lines(input);
  if (lines.empty()) return Status::InvalidArgument("no text; give -p TEXT or lines on stdin");
  return lines;
}

// Numbers as they are printed without JSON: the shortest that read back as the same float.
void AddToJson(const std::vector<float>& vector, size_t tokens, nlohmann::ordered_json& report) {
  report["embeddings"].push_back(nlohmann::ordered_json::parse(fmt::format("[{}]", fmt::join(vector, ","))));
  report["tokens"].push_back(tokens);
}

Status Embed(const EmbedFlags& flags) {
  STERNA_ASSIGN_OR_RETURN(const std::vector<std::string> texts, ReadTexts(flags));
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions options, flags.model.EngineOptions());
  options.head = engine::HeadChoice::kExact;  // nobody asks for logits, so nothing is made for them
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model, options));
  const engine::PoolingChoice choice = engine::DefaultPooling(model.engine->config());
  const engine::Pooling pooling = engine::PoolingByName(flags.pooling).value_or(choice.kind);
  nlohmann::ordered_json report = {{"pooling", engine::PoolingName(pooling)},
                                   {"dimensions", model.engine->config().hidden},
                                   {"embeddings", nlohmann::ordered_json::array()},
                                   {"tokens", nlohmann::ordered_json::array()}};
  ResultStream out;
  for (const std::string& text : texts) {
    STERNA_ASSIGN_OR_RETURN(auto ids, model.engine->tokenizer().Encode(text, /*trusted=*/false, /*add_special=*/true));
    if (ids.empty()) return Status::InvalidArgument("an empty text becomes no token; give one that is not empty");
    const size_t tokens = ids.size();
    STERNA_ASSIGN_OR_RETURN(const std::vector<float> vector,
                            engine::Embed(*model.session, std::move(ids), pooling, !flags.no_normalize));
    if (flags.json) {
      AddToJson(vector, tokens, report);
    } else if (!out.Write(fmt::format("{}\n", fmt::join(vector, " ")))) {
      return out.status();
    }
  }
  if (flags.json) out.Write(report.dump() + "\n");
  STERNA_RETURN_IF_ERROR(EndRun(flags.model, model));
  return out.status();
}

}  // namespace

int EmbedVerb(Words words) {
  EmbedFlags values;
  FlagSet flags("embed", "Turn texts into vectors: -p TEXT, or each line on stdin; one line of numbers for each.",
                kEmbedExamples);
  flags.AddText("-p,--prompt", "TEXT", &values.prompt, "The text [default: each line on stdin]");
  flags.Add(ChoiceSetting("--pooling", "How the rows of a text become one; auto is what the model asks for",
                          &values.pooling, {"auto", "mean", "last", "cls"}));
  flags.AddSwitch("--no-normalize", &values.no_normalize, "Leave vectors as long as they are");
  flags.AddSwitch("--json", &values.json, "Print one JSON object: pooling, dimensions, embeddings, tokens");
  values.model.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Embed(values));
}

}  // namespace sterna::cli
