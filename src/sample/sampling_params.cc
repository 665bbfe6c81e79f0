// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "sample/sampler.h"

namespace sterna::sample {
namespace {

Status CheckRange(std::string_view field, float value, float low, float high) {
  if (value >= low && value <= high) return Status();  // false for NaN
  return Status::InvalidArgument(fmt::format("{} is {}, but must be {} to {}", field, value, low, high));
}

Status CheckBias(std::pair<int32_t, float> bias, size_t vocabulary_size) {
  const auto [token, value] = bias;
  if (token < 0 || size_t(token) >= vocabulary_size) {
    return Status::InvalidArgument(
        fmt::format("logit_bias names token {}, but the vocabulary has {} tokens", token, vocabulary_size));
  }
  if (value < std::numeric_limits<float>::infinity()) return Status();
  return Status::InvalidArgument(
      fmt::format("logit_bias of token {} is {}, but must be a finite number or -infinity", token, value));
}

}  // namespace

Status SamplingParams::Validate(size_t vocabulary_size) const {
  struct Field {
    std::string_view name;
    float value, low, high;
  };
  const Field fields[] = {
      {"temperature", temperature, 0.0f, 2.0f},
      {"top_p", top_p, 0.0f, 1.0f},
      {"min_p", min_p, 0.0f, 1.0f},
      {"frequency_penalty", frequency_penalty, -2.0f, 2.0f},
      {"presence_penalty", presence_penalty, -2.0f, 2.0f},
  };
  for (const Field& field : fields) {
    if (Status status = CheckRange(field.name, field.value, field.low, field.high); !status.ok()) return status;
  }
  if (!(repetition_penalty > 0.0f) || !std::isfinite(repetition_penalty)) {
    return Status::InvalidArgument(
        fmt::format("repetition_penalty is {}, but must be a finite number above 0", repetition_penalty));
  }
  for (const auto& bias : logit_bias) {
    if (Status status = CheckBias(bias, vocabulary_size); !status.ok()) return status;
  }
  return Status();
}

}  // namespace sterna::sample
