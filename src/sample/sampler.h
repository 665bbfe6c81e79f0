// SPDX-License-Identifier: Apache-2.0
//
// From logits to a token: pure functions. A draw's noise is a function of (seed, choice, position, token id), so there
// is no random state: the same request draws the same token whatever ran before or beside it. Sampling is Gumbel-max
// (argmax of logit / temperature + noise), so greedy is the same code without noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <utility>
#include <vector>

#include "sterna/status.h"

namespace sterna::sample {

struct SamplingParams {
  float temperature = 0.7f;  // 0..2; 0 = greedy
  uint32_t top_k = 50;       // keep the k largest; 0 = off; 1 = greedy
  float top_p = 0.9f;        // 0..1: the smallest set whose probability reaches p; 1 = off; at least one token stays
  float min_p = 0.0f;        // 0..1: drop tokens below min_p times the largest probability; 0 = off
  float repetition_penalty = 1.0f;      // > 0: logits of seen tokens divided (if positive) or multiplied by it; 1 = off
  float frequency_penalty = 0.0f;       // -2..2: subtracted once per occurrence
  float presence_penalty = 0.0f;        // -2..2: subtracted once for a seen token
  uint32_t penalty_window_tokens = 64;  // how many of the last tokens count as seen; 0 = all
  uint64_t seed = 0;
  std::vector<std::pair<int32_t, float>> logit_bias;  // (token, added to its logit; -inf bans it)

  // InvalidArgument naming the field, its value and its range (NaN is out of every range).
  Status Validate(size_t vocabulary_size) const;
};

// What a draw depends on beside the logits.
struct DrawContext {
  std::span<const int32_t> history;  // prompt and generated tokens, oldest first
  uint64_t position = 0;             // index of the token being drawn in its sequence
  uint32_t choice = 0;               // which of n parallel answers
};

// Whether a draw looks at the tokens before it.
bool HasPenalties(const SamplingParams& params);
// A draw depends on this many of the largest logits, beside those of the tokens that Sampler::Touched names; 0: on all.
uint32_t LargestLogitsOfDraw(const SamplingParams& params);

// Scratch that is reused between draws, so that a draw allocates nothing once warm.
class Sampler {
 public:
  explicit Sampler(size_t vocabulary_size, std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  // What it takes of `memory`.
  static uint64_t BytesFor(size_t vocabulary_size);
  // Order: bias, penalties, temperature, top-k, top-p, min-p, draw. `logits` is [vocabulary] and is overwritten.
  // Ties go to the smaller id. NaN logits count as -infinity, +infinity as the largest float; Internal when no token is
  // left. `params` must have passed Validate. Not thread-safe: one sampler for each thread that draws.
  Result<int32_t> Draw(std::span<float> logits, const SamplingParams& params, const DrawContext& context);
  // The same draw from a part of the logits: those of `ids`, ascending, which must hold the tokens that Touched names
  // (banned ones may be missing) and, of the others, the LargestLogitsOfDraw largest with all that equal the last.
  Result<int32_t> DrawAmong(std::span<const int32_t> ids, std::span<float> logits, const SamplingParams& params,
                            const DrawContext& context);
  // The tokens whose logits bias and penalties change, each once; valid until the next call.
  std::span<const int32_t> Touched(const SamplingParams& params, std::span<const int32_t> history);

 private:
  // Logits by token: of every token, or of `ids`.
  struct LogitView {
    std::span<const int32_t> ids;
    std::span<float> logits;
    bool all;
    float* Find(int32_t token) const;
    int32_t IdOf(size_t index) const { return all ? int32_t(index) : ids[index]; }
  };
  struct Candidate {
    float logit;
    int32_t id;
  };
  Result<int32_t> Draw(const LogitView& view, const SamplingParams& params, const DrawContext& context);
  void ApplyPenalties(const LogitView& view, const SamplingParams& params, std::span<const int32_t> history);
  void CollectCandidates(const LogitView& view);
  Candidate Best() const;
  void SortBest(size_t count);
  void CutTopK(uint32_t top_k);
  void CutTopP(const SamplingParams& params);
  void CutMinP(const SamplingParams& params);
  int32_t DrawCandidate(const SamplingParams& params, const DrawContext& context) const;

  std::pmr::vector<Candidate> candidates_;  // by id, except that the first sorted_count_ are the best ones, best first
  size_t sorted_count_ = 0;
  std::pmr::vector<uint32_t> counts_;  // all 0 between draws
  std::pmr::vector<int32_t> touched_;
};

// Uniform in (0, 1), the noise behind a draw: a counter-based hash of its four arguments.
double DrawNoise(uint64_t seed, uint32_t choice, uint64_t position, int32_t token);

// The natural logarithm of the token's probability under softmax(logits), summed in id order. -infinity for a token
// that is banned or outside the vocabulary; NaN and infinite logits count as in Sampler::Draw.
double LogProbability(std::span<const float> logits, int32_t token);

}  // namespace sterna::sample
