// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config_flags.h"
#include "flag_set.h"
#include "sample/sampler.h"

namespace sterna::cli {

// How an answer is generated: the flags of run and chat, and the keys of chat's /set.
struct GenerationFlags {
  Config config;  // of which `generation` counts; set when the words were parsed
  bool ignore_eos = false;
  std::vector<std::string> stop_strings;
  std::vector<std::string> logit_bias;

  void AddTo(FlagSet& flags, ConfigFlags& config_flags);
  // One entry per number; they point into this object.
  std::vector<Setting> Settings();
  // With the logit biases parsed. InvalidArgument for a bad one.
  Result<sample::SamplingParams> Sampling() const;
  uint32_t max_tokens() const { return config.generation.max_length; }
  uint32_t speculate_tokens() const { return config.generation.speculate; }
  const std::vector<std::string>& StopStrings() const;
};

}  // namespace sterna::cli
