// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "quant/ternary.h"

namespace sterna::quant {

// Finds out whether the stretches of a matrix that share a scale all have the same one. Stretches of scale 0, and
// stretches without a non-zero value, have no say.
class ScaleTally {
 public:
  // `all_zero` is asked only where the scale is a new one.
  template <class AllZero>
  void Add(float scale, AllZero all_zero) {
    if (!uniform_ || scale == 0 || scale == common_ || all_zero()) return;
    if (common_) uniform_ = false;
    common_ = scale;
  }

  TernaryScales Scales(uint64_t group_columns) const {
    if (uniform_) return {.uniform = true, .scale = common_.value_or(0.0f), .group_columns = 0};
    return {.uniform = false, .scale = 0, .group_columns = group_columns};
  }

 private:
  std::optional<float> common_;
  bool uniform_ = true;
};

}  // namespace sterna::quant
