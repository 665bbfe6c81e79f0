// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/engine.h"

namespace sterna::cli {

// How well a model predicts a text.
struct TextScore {
  double nll_sum = 0;  // nats
  uint64_t tokens = 0;

  double Nll() const { return tokens > 0 ? nll_sum / double(tokens) : 0; }
  double Perplexity() const { return std::exp(Nll()); }
};

struct ScoreOptions {
  size_t window_tokens = 0;  // 2 or more
  bool last_half = false;    // whole windows only, and of these the tokens after the middle
  std::function<void(size_t done, size_t count, const TextScore& score)> on_window;
};

constexpr uint32_t kDefaultWindowTokens = 512;

// Scores a text in windows that do not overlap, token by token in order. The session forgets what it held.
// InvalidArgument for a window, or a text, that is too short.
Result<TextScore> ScoreText(const text::Tokenizer& tokenizer, engine::Session& session, std::string_view text,
                            const ScoreOptions& options);

}  // namespace sterna::cli
