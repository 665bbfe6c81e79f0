// SPDX-License-Identifier: Apache-2.0
#include "generation_flags.h"

#include "api/engine_options.h"
#include "base/status_macros.h"
#include "config/number_parsing.h"

namespace sterna::cli {
namespace {

constexpr KeyFlag kGenerationFlags[] = {
    {"-n,--max-tokens", "N", "generation.max_length"},
    {"--temp", "X", "generation.temperature"},
    {"--top-k", "N", "generation.top_k"},
    {"--top-p", "X", "generation.top_p"},
    {"--min-p", "X", "generation.min_p"},
    {"--repeat-penalty", "X", "generation.repetition_penalty"},
    {"--frequency-penalty", "X", "generation.frequency_penalty"},
    {"--presence-penalty", "X", "generation.presence_penalty"},
    {"--penalty-window", "N", "generation.penalty_window"},
    {"--speculate", "N", "generation.speculate"},
    {"--seed", "N", "generation.seed"},
};

}  // namespace

void GenerationFlags::AddTo(FlagSet& flags, ConfigFlags& config_flags) {
  flags.Group("Generation flags");
  config_flags.OnResolved([this](const Config& resolved) { config = resolved; });
  for (const KeyFlag& flag : kGenerationFlags) config_flags.AddKey(flags, flag.names, flag.placeholder, flag.key);
  flags.AddList("--logit-bias", "ID=VALUE", &logit_bias, "Add VALUE to a token's logit; -inf bans it");
  flags.AddList("--stop", "TEXT", &stop_strings, "End before this text, which is not shown");
  flags.AddSwitch("--ignore-eos", &ignore_eos, "Go on after end-of-generation tokens");
}

std::vector<Setting> GenerationFlags::Settings() {
  std::vector<Setting> settings;
  for (const KeyFlag& flag : kGenerationFlags)
    settings.push_back(KeySetting(flag.names, flag.placeholder, flag.key, &config));
  return settings;
}

Result<sample::SamplingParams> GenerationFlags::Sampling() const {
  sample::SamplingParams params = api::ToSamplingParams(config.generation);
  for (const std::string& text : logit_bias) {
    STERNA_ASSIGN_OR_RETURN(const auto bias, config::ParseLogitBias("--logit-bias", text));
    params.logit_bias.push_back(bias);
  }
  return params;
}

const std::vector<std::string>& GenerationFlags::StopStrings() const {
  return stop_strings.empty() ? config.generation.stop_tokens : stop_strings;
}

}  // namespace sterna::cli
