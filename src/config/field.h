// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace sterna::config {

struct Range {
  double low, high;
};

// What is said of one field of a settings struct, beside its type.
struct Field {
  const char* name;
  const char* effect;          // one sentence without a full stop
  std::optional<Range> range;  // of numbers, both ends allowed
  const char* unset = "none";  // how an empty optional is written
  bool gpu_only = false;       // changes nothing on a CPU
};

}  // namespace sterna::config
