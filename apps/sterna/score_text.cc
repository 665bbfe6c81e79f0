// SPDX-License-Identifier: Apache-2.0
#include "score_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "sample/sampler.h"

namespace sterna::cli {
namespace {

struct Window {
  std::vector<text::TokenId> tokens;
  size_t first_scored = 1;  // index of the first token whose likelihood counts
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
Status ScoreWindow(engine::Session& session, const Window& window, TextScore& score) {
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

}  // namespace

Result<TextScore> ScoreText(const text::Tokenizer& tokenizer, engine::Session& session, std::string_view text,
                            const ScoreOptions& options) {
  const size_t size = options.window_tokens;
  if (size < 2) return Status::InvalidArgument("--ctx is below 2; a window needs a token and one that follows it");
  STERNA_ASSIGN_OR_RETURN(std::vector<text::TokenId> tokens, tokenizer.Encode(text, false, false));
  const std::optional<text::TokenId> bos = tokenizer.vocabulary().bos;
  const size_t text_tokens = tokens.size();
  const std::vector<Window> windows =
      options.last_half ? LastHalfWindows(std::move(tokens), bos, size) : FullWindows(tokens, bos, size);
  TextScore score;
  for (size_t i = 0; i < windows.size(); ++i) {
    STERNA_RETURN_IF_ERROR(ScoreWindow(session, windows[i], score));
    if (options.on_window) options.on_window(i + 1, windows.size(), score);
  }
  if (score.tokens > 0) return score;
  return Status::InvalidArgument(
      fmt::format("the text holds {} tokens, too few to score in windows of {}; give a longer text or a smaller --ctx",
                  text_tokens, size));
}

}  // namespace sterna::cli
