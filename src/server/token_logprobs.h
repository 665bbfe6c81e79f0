// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace sterna::server {

struct TokenLogprobs {
  text::TokenId token = 0;
  double logprob = 0;                                 // natural logarithm
  std::vector<std::pair<text::TokenId, double>> top;  // the likeliest first
};

// Log probabilities at one place, from the logits of a draw. Reused, it allocates nothing new.
class LogprobScratch {
 public:
  void Set(std::span<const float> logits, uint32_t top);
  TokenLogprobs Of(text::TokenId token) const;

 private:
  double Logprob(text::TokenId token) const;

  std::vector<float> logits_;
  std::vector<text::TokenId> order_;
  size_t top_ = 0;
  double log_sum_ = 0;  // of exp(logit)
};

}  // namespace sterna::server
