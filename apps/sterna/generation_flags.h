// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "flag_set.h"
#include "sample/sampler.h"

namespace sterna::cli {

// How an answer is generated: the flags of run and chat, and the keys of chat's /set.
struct GenerationFlags {
  sample::SamplingParams sampling;
  uint32_t max_tokens = 512;
  bool ignore_eos = false;
  uint32_t speculate_tokens = 0;
  std::vector<std::string> stop_strings;
  std::vector<std::string> logit_bias;

  // One entry per number; they point into this object.
  std::vector<Setting> Settings();
  void AddTo(FlagSet& flags);
  // `sampling` with the logit biases parsed. InvalidArgument for a bad one.
  Result<sample::SamplingParams> Sampling() const;
};

}  // namespace sterna::cli
