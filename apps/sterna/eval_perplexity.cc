// SPDX-License-Identifier: Apache-2.0
//
// sterna eval perplexity: mean negative log-likelihood of a text, in windows that do not overlap.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "eval.h"
#include "exit_code.h"
#include "flag_set.h"
#include "model_flags.h"
#include "model_loading.h"
#include "score_text.h"
#include "streams.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 30;

constexpr char kEvalPerplexityExamples[] =
    "  sterna eval perplexity -f text.txt --json\n"
    "  sterna eval perplexity -m model.gguf -f text.txt --ctx 512 --last-half\n";

struct PerplexityFlags {
  ModelFlags model;
  std::optional<std::string> file;
  bool last_half = false;
  bool json = false;
};

void ShowProgress(size_t done, size_t count, const TextScore& score) {
  const std::string line = fmt::format("{}window {}/{}, perplexity so far {:.4f}{}", StderrIsTerminal() ? "\r" : "",
                                       done, count, score.Perplexity(), StderrIsTerminal() && done < count ? "" : "\n");
  std::fputs(line.c_str(), stderr);
}

Status PrintScore(const TextScore& score, bool json) {
  ResultStream out;
  if (json) {
    const nlohmann::ordered_json object = {
        {"nll", score.Nll()}, {"perplexity", score.Perplexity()}, {"tokens", score.tokens}};
    out.Write(object.dump() + "\n");
  } else {
    out.Write(fmt::format("nll {:.6f}\nperplexity {:.6f}\ntokens {}\n", score.Nll(), score.Perplexity(), score.tokens));
  }
  return out.status();
}

Status Perplexity(const PerplexityFlags& flags) {
  if (!flags.file) return Status::InvalidArgument("no text; give -f FILE");
  STERNA_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(*flags.file, kMaxTextBytes));
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model));
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.model.config.Resolve());
  ScoreOptions options;
  options.window_tokens = resolved.config.inference.max_sequence_length.value_or(
      std::min(kDefaultWindowTokens, model.session->context_tokens()));
  options.last_half = flags.last_half;
  if (StderrIsTerminal() || flags.model.verbose) options.on_window = ShowProgress;
  STERNA_ASSIGN_OR_RETURN(const TextScore score, ScoreText(model.engine->tokenizer(), *model.session, text, options));
  STERNA_RETURN_IF_ERROR(EndRun(flags.model, model));
  return PrintScore(score, flags.json);
}

}  // namespace

int EvalPerplexity(Words words) {
  PerplexityFlags values;
  values.model.config.SetDefault("inference.kv_storage", "f32");
  FlagSet flags("eval perplexity",
                "Score a text in windows of --ctx tokens (512, or the model's context where that is smaller).",
                kEvalPerplexityExamples);
  flags.AddText("-f,--file", "FILE", &values.file, "The text to score; - is stdin [required]");
  flags.AddSwitch("--last-half", &values.last_half, "Score the second half of each whole window only");
  flags.AddSwitch("--json", &values.json, "Print one JSON object");
  values.model.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Perplexity(values));
}

}  // namespace sterna::cli
