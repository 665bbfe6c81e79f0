// SPDX-License-Identifier: Apache-2.0
#include "sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/exact_math.h"
#include "sample/draw_noise.h"

namespace sterna::sample {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// NaN and +infinity come from broken weights or from a penalty that overflows: neither may decide a comparison.
float Orderly(float logit) {
  if (std::isnan(logit)) return -kInfinity;
  return std::min(logit, std::numeric_limits<float>::max());
}

float Penalize(float logit, uint32_t occurrences, const SamplingParams& params) {
  const float repeated = logit > 0.0f ? logit / params.repetition_penalty : logit * params.repetition_penalty;
  return Orderly(repeated - params.frequency_penalty * float(occurrences) - params.presence_penalty);
}

// The total order of candidates: larger logit first, then smaller id. Total, so that a selection does not depend on the
// standard library's algorithm.
struct IsBetter {
  template <class Candidate>
  bool operator()(const Candidate& a, const Candidate& b) const {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  }
};

std::span<const int32_t> PenaltyWindow(const SamplingParams& params, std::span<const int32_t> history) {
  const bool cut = params.penalty_window_tokens != 0 && history.size() > params.penalty_window_tokens;
  return cut ? history.last(params.penalty_window_tokens) : history;
}

double ScaledDifference(float logit, float max_logit, double temperature) {
  return (double(logit) - double(max_logit)) / temperature;
}

}  // namespace

bool HasPenalties(const SamplingParams& params) {
  return params.repetition_penalty != 1.0f || params.frequency_penalty != 0.0f || params.presence_penalty != 0.0f;
}

uint32_t LargestLogitsOfDraw(const SamplingParams& params) { return params.temperature == 0.0f ? 1 : params.top_k; }

float* Sampler::LogitView::Find(int32_t token) const {
  if (all) return token >= 0 && size_t(token) < logits.size() ? &logits[size_t(token)] : nullptr;
  const auto found = std::lower_bound(ids.begin(), ids.end(), token);
  return found != ids.end() && *found == token ? &logits[size_t(found - ids.begin())] : nullptr;
}

Sampler::Sampler(size_t vocabulary_size, std::pmr::memory_resource* memory)
    : candidates_(memory), counts_(vocabulary_size, 0, memory), touched_(memory) {
  candidates_.reserve(vocabulary_size);
  touched_.reserve(vocabulary_size);
}

uint64_t Sampler::BytesFor(size_t vocabulary_size) {
  return uint64_t{vocabulary_size} * (sizeof(Candidate) + sizeof(uint32_t) + sizeof(int32_t));
}

Result<int32_t> Sampler::Draw(std::span<float> logits, const SamplingParams& params, const DrawContext& context) {
  if (logits.size() != counts_.size()) {
    return Status::Internal(
        fmt::format("the sampler was made for {} logits, but was given {}", counts_.size(), logits.size()));
  }
  return Draw(LogitView{{}, logits, true}, params, context);
}

Result<int32_t> Sampler::DrawAmong(std::span<const int32_t> ids, std::span<float> logits, const SamplingParams& params,
                                   const DrawContext& context) {
  if (ids.size() != logits.size()) {
    return Status::Internal(fmt::format("the sampler was given {} tokens with {} logits", ids.size(), logits.size()));
  }
  return Draw(LogitView{ids, logits, false}, params, context);
}

std::span<const int32_t> Sampler::Touched(const SamplingParams& params, std::span<const int32_t> history) {
  touched_.clear();
  const auto touch = [&](int32_t token) {
    if (token < 0 || size_t(token) >= counts_.size() || counts_[token] != 0) return;
    counts_[token] = 1;
    touched_.push_back(token);
  };
  for (const auto& [token, bias] : params.logit_bias) touch(token);
  if (HasPenalties(params)) {
    for (const int32_t token : PenaltyWindow(params, history)) touch(token);
  }
  for (const int32_t token : touched_) counts_[token] = 0;
  return touched_;
}

Result<int32_t> Sampler::Draw(const LogitView& view, const SamplingParams& params, const DrawContext& context) {
  for (float& logit : view.logits) logit = Orderly(logit);
  for (const auto& [token, bias] : params.logit_bias) {
    if (float* const logit = view.Find(token)) *logit = Orderly(*logit + bias);
  }
  ApplyPenalties(view, params, context.history);
  CollectCandidates(view);
  if (candidates_.empty()) return Status::Internal("no token is left to draw: every logit is -infinity or NaN");

  if (params.temperature == 0.0f || params.top_k == 1) return Best().id;
  CutTopK(params.top_k);
  CutTopP(params);
  CutMinP(params);
  return DrawCandidate(params, context);
}

void Sampler::ApplyPenalties(const LogitView& view, const SamplingParams& params, std::span<const int32_t> history) {
  if (!HasPenalties(params)) return;
  history = PenaltyWindow(params, history);
  const auto in_vocabulary = [&](int32_t token) { return token >= 0 && size_t(token) < counts_.size(); };
  for (const int32_t token : history) {
    if (in_vocabulary(token)) ++counts_[token];
  }
  for (const int32_t token : history) {
    if (!in_vocabulary(token) || counts_[token] == 0) continue;  // 0: an earlier occurrence did the work
    if (float* const logit = view.Find(token)) *logit = Penalize(*logit, counts_[token], params);
    counts_[token] = 0;
  }
}

void Sampler::CollectCandidates(const LogitView& view) {
  candidates_.clear();
  for (size_t i = 0; i < view.logits.size(); ++i) {
    if (view.logits[i] != -kInfinity) candidates_.push_back({view.logits[i], view.IdOf(i)});
  }
  sorted_count_ = 0;
}

Sampler::Candidate Sampler::Best() const {
  return *std::min_element(candidates_.begin(), candidates_.end(), IsBetter());
}

void Sampler::SortBest(size_t count) {
  if (count <= sorted_count_) return;
  const auto first = candidates_.begin() + ptrdiff_t(sorted_count_);
  const auto last = candidates_.begin() + ptrdiff_t(count);
  if (count < candidates_.size()) std::nth_element(first, last, candidates_.end(), IsBetter());
  std::sort(first, last, IsBetter());
  sorted_count_ = count;
}

// Sorts also where nothing is cut: what follows then adds up in the same order, whether it has all logits or the
// largest.
void Sampler::CutTopK(uint32_t top_k) {
  if (top_k == 0 || top_k >= counts_.size()) return;
  const size_t kept = std::min<size_t>(top_k, candidates_.size());
  SortBest(kept);
  candidates_.resize(kept);
}

void Sampler::CutTopP(const SamplingParams& params) {
  if (params.top_p >= 1.0f) return;
  const float max_logit = Best().logit;
  const auto weight = [&](const Candidate& candidate) {
    return ExactExp(ScaledDifference(candidate.logit, max_logit, params.temperature));
  };
  // Summed while the order is still that of the ids or, after top-k, of the logits: both are the same everywhere.
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += weight(candidate);
  const double threshold = double(params.top_p) * total;
  double reached = 0.0;
  size_t kept = 0;
  while (kept < candidates_.size() && (kept == 0 || reached < threshold)) {
    if (kept == sorted_count_) SortBest(std::min(candidates_.size(), std::max<size_t>(64, 4 * kept)));
    reached += weight(candidates_[kept++]);
  }
  candidates_.resize(kept);
  sorted_count_ = kept;
}

void Sampler::CutMinP(const SamplingParams& params) {
  if (params.min_p <= 0.0f) return;
  const float max_logit = Best().logit;
  std::erase_if(candidates_, [&](const Candidate& candidate) {
    return ExactExp(ScaledDifference(candidate.logit, max_logit, params.temperature)) < double(params.min_p);
  });
}

int32_t Sampler::DrawCandidate(const SamplingParams& params, const DrawContext& context) const {
  const float max_logit = Best().logit;
  const uint64_t key = DrawKey(params.seed, context.choice, context.position);
  double best_score = -std::numeric_limits<double>::infinity();
  int32_t best_id = -1;
  for (const Candidate& candidate : candidates_) {
    const double scaled = ScaledDifference(candidate.logit, max_logit, params.temperature);
    const uint64_t bits = TokenNoiseBits(key, candidate.id);
    if (scaled + GumbelUpperBound(bits) < best_score) continue;
    const double score = scaled + GumbelFromBits(bits);
    if (score > best_score || (score == best_score && candidate.id < best_id)) {
      best_score = score;
      best_id = candidate.id;
    }
  }
  return best_id;
}

double LogProbability(std::span<const float> logits, int32_t token) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  if (token < 0 || size_t(token) >= logits.size()) return kNone;
  float max_logit = -kInfinity;
  for (const float logit : logits) max_logit = std::max(max_logit, Orderly(logit));
  if (max_logit == -kInfinity) return kNone;
  double total = 0.0;
  for (const float logit : logits) {
    const float orderly = Orderly(logit);
    if (orderly != -kInfinity) total += ExactExp(ScaledDifference(orderly, max_logit, 1.0));
  }
  const float own = Orderly(logits[token]);
  if (own == -kInfinity) return kNone;
  return ScaledDifference(own, max_logit, 1.0) - ExactLog(total);
}

}  // namespace sterna::sample
