// SPDX-License-Identifier: Apache-2.0
//
// sterna eval perplexity: mean negative log-likelihood of a text, in windows that do not overlap.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "eval.h"
#include "exit_code.h"
#include "flag_set.h"
#include "model_flags.h"
#include "model_loading.h"
#include "sample/sampler.h"
#include "streams.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 30;
constexpr uint32_t kDefaultWindowTokens = 512;

constexpr char kEvalPerplexityExamples[] =
    "  sterna eval perplexity -f text.txt --json\n"
    "  sterna eval perplexity -m model.gguf -f text.txt --ctx 512 --last-half\n";

struct PerplexityFlags {
  ModelFlags model;
  std::optional<std::string> file;
  bool last_half = false;
  bool json = false;
};

struct Window {
  std::vector<text::TokenId> tokens;
  size_t first_scored = 1;  // index of the first token whose likelihood counts
};

struct Score {
  double nll_sum = 0;
  uint64_t tokens = 0;
};

// BOS, then the next tokens of the text; each token of the text is scored once.
std::vector<Window> FullWindows(const std::vector<text::TokenId>& text, std::optional<text::TokenId> bos, size_t size) {
  std::vector<Window> windows;
  const size_t step = bos ? size - 1 : size;
  for (size_t at = 0; at < text.size(); at += step) {
    Window window;
    if (bos) window.tokens.push_back(*bos);
    const auto begin = text.begin() + std::ptrdiff_t(at);
    window.tokens.insert(window.tokens.end(), begin, begin + std::ptrdiff_t(std::min(step, text.size() - at)));
    if (window.tokens.size() > 1) windows.push_back(std::move(window));
  }
  return windows;
}

// As llama-perplexity: the text with BOS before it in whole windows, the first token of each replaced by BOS, and only
// the tokens after the middle scored.
std::vector<Window> LastHalfWindows(std::vector<text::TokenId> text, std::optional<text::TokenId> bos, size_t size) {
  if (bos) text.insert(text.begin(), *bos);
  std::vector<Window> windows;
  for (size_t at = 0; at + size <= text.size(); at += size) {
    const auto begin = text.begin() + std::ptrdiff_t(at);
    Window window{{begin, begin + std::ptrdiff_t(size)}, size / 2 + 1};
    if (bos) window.tokens[0] = *bos;
    windows.push_back(std::move(window));
  }
  return windows;
}

// Adds the window's scores, token by token in order.
Status ScoreWindow(engine::Session& session, const Window& window, Score& score) {
  session.Truncate(0);
  engine::GenerateRequest request;
  // The last token needs no logits: it is only predicted.
  request.prompt.assign(window.tokens.begin(), window.tokens.end() - 1);
  request.max_tokens = 0;
  request.on_prompt_logits = [&](uint32_t position, std::span<const float> logits) {
    const size_t next = size_t{position} + 1;
    if (next < window.first_scored) return;
    score.nll_sum -= sample::LogProbability(logits, window.tokens[next]);
    ++score.tokens;
  };
  return session.Generate(request).status();
}

void ShowProgress(size_t done, size_t count, const Score& score) {
  const double nll = score.tokens > 0 ? score.nll_sum / double(score.tokens) : 0;
  const std::string line = fmt::format("{}window {}/{}, perplexity so far {:.4f}{}", StderrIsTerminal() ? "\r" : "",
                                       done, count, std::exp(nll), StderrIsTerminal() && done < count ? "" : "\n");
  std::fputs(line.c_str(), stderr);
}

Status PrintScore(const Score& score, bool json) {
  const double nll = score.nll_sum / double(score.tokens);
  ResultStream out;
  if (json) {
    const nlohmann::ordered_json object = {{"nll", nll}, {"perplexity", std::exp(nll)}, {"tokens", score.tokens}};
    out.Write(object.dump() + "\n");
  } else {
    out.Write(fmt::format("nll {:.6f}\nperplexity {:.6f}\ntokens {}\n", nll, std::exp(nll), score.tokens));
  }
  return out.status();
}

Status Perplexity(const PerplexityFlags& flags) {
  if (!flags.file) return Status::InvalidArgument("no text; give -f FILE");
  STERNA_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(*flags.file, kMaxTextBytes));
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model));
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.model.config.Resolve());
  const size_t size = resolved.config.inference.max_sequence_length.value_or(
      std::min(kDefaultWindowTokens, model.session->context_tokens()));
  if (size < 2) return Status::InvalidArgument("--ctx is below 2; a window needs a token and one that follows it");
  const text::Tokenizer& tokenizer = model.engine->tokenizer();
  STERNA_ASSIGN_OR_RETURN(std::vector<text::TokenId> tokens, tokenizer.Encode(text, false, false));
  const std::optional<text::TokenId> bos = tokenizer.vocabulary().bos;
  const size_t text_tokens = tokens.size();
  const std::vector<Window> windows =
      flags.last_half ? LastHalfWindows(std::move(tokens), bos, size) : FullWindows(tokens, bos, size);
  Score score;
  for (size_t i = 0; i < windows.size(); ++i) {
    STERNA_RETURN_IF_ERROR(ScoreWindow(*model.session, windows[i], score));
    if (StderrIsTerminal() || flags.model.verbose) ShowProgress(i + 1, windows.size(), score);
  }
  if (score.tokens == 0) {
    return Status::InvalidArgument(
        fmt::format("'{}' holds {} tokens, too few to score in windows of {}; give a longer text or a smaller --ctx",
                    *flags.file, text_tokens, size));
  }
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
