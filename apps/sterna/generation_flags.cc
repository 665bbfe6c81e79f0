// SPDX-License-Identifier: Apache-2.0
#include "generation_flags.h"

#include <limits>

#include "base/status_macros.h"
#include "engine/prompt_lookup.h"
#include "number_parsing.h"

namespace sterna::cli {

std::vector<Setting> GenerationFlags::Settings() {
  sample::SamplingParams& s = sampling;
  constexpr uint64_t kMaxCount = std::numeric_limits<int32_t>::max();
  constexpr uint64_t kMaxSeed = std::numeric_limits<uint64_t>::max();
  constexpr double kMaxPenalty = 100;
  return {
      UnsignedSetting("-n,--max-tokens", "Tokens to generate at most", &max_tokens, 0, kMaxCount),
      RealSetting("--temp", "Temperature; 0 = always the likeliest token", &s.temperature, 0, 2),
      UnsignedSetting("--top-k", "Draw from the K likeliest tokens; 0 = all", &s.top_k, 0, kMaxCount),
      RealSetting("--top-p", "Draw from the likeliest tokens that reach this probability; 1 = all", &s.top_p, 0, 1),
      RealSetting("--min-p", "Drop tokens less likely than this share of the likeliest; 0 = none", &s.min_p, 0, 1),
      RealSetting("--repeat-penalty", "Weaken tokens seen before; 1 = off", &s.repetition_penalty, 0.01, kMaxPenalty),
      RealSetting("--frequency-penalty", "Taken off a logit per occurrence", &s.frequency_penalty, -2, 2),
      RealSetting("--presence-penalty", "Taken off a logit once seen", &s.presence_penalty, -2, 2),
      UnsignedSetting("--penalty-window", "Last tokens that count as seen; 0 = all", &s.penalty_window_tokens, 0,
                      kMaxCount),
      UnsignedSetting("--speculate",
                      "Tokens to guess from earlier text in one step; the answer stays the same; 0 = none",
                      &speculate_tokens, 0, engine::PromptLookup::kMaxTokens),
      UnsignedSetting("--seed", "Same seed, same text", &s.seed, 0, kMaxSeed),
  };
}

void GenerationFlags::AddTo(FlagSet& flags) {
  flags.Group("Generation flags");
  for (const Setting& setting : Settings()) flags.Add(setting);
  flags.AddList("--logit-bias", "ID=VALUE", &logit_bias, "Add VALUE to a token's logit; -inf bans it");
  flags.AddList("--stop", "TEXT", &stop_strings, "End before this text, which is not shown");
  flags.AddSwitch("--ignore-eos", &ignore_eos, "Go on after end-of-generation tokens");
}

Result<sample::SamplingParams> GenerationFlags::Sampling() const {
  sample::SamplingParams params = sampling;
  for (const std::string& text : logit_bias) {
    STERNA_ASSIGN_OR_RETURN(const auto bias, ParseLogitBias("--logit-bias", text));
    params.logit_bias.push_back(bias);
  }
  return params;
}

}  // namespace sterna::cli
