// SPDX-License-Identifier: Apache-2.0
#include "server/token_logprobs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sterna::server {
namespace {

constexpr double kImpossible = -9999;  // JSON knows no infinity

}  // namespace

void LogprobScratch::Set(std::span<const float> logits, uint32_t top) {
  logits_.assign(logits.begin(), logits.end());
  const double largest = double(*std::max_element(logits_.begin(), logits_.end()));
  double sum = 0;
  for (const float logit : logits_) sum += std::exp(double(logit) - largest);
  log_sum_ = largest + std::log(sum);
  top_ = std::min<size_t>(top, logits_.size());
  if (top_ == 0) return;
  order_.resize(logits_.size());
  std::iota(order_.begin(), order_.end(), 0);
  const auto likelier = [this](text::TokenId a, text::TokenId b) {
    const float x = logits_[size_t(a)], y = logits_[size_t(b)];
    return x != y ? x > y : a < b;
  };
  std::partial_sort(order_.begin(), order_.begin() + std::ptrdiff_t(top_), order_.end(), likelier);
}

double LogprobScratch::Logprob(text::TokenId token) const {
  return std::max(double(logits_[size_t(token)]) - log_sum_, kImpossible);
}

TokenLogprobs LogprobScratch::Of(text::TokenId token) const {
  TokenLogprobs result{token, Logprob(token), {}};
  for (size_t i = 0; i < top_; ++i) result.top.emplace_back(order_[i], Logprob(order_[i]));
  return result;
}

}  // namespace sterna::server
