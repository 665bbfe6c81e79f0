// SPDX-License-Identifier: Apache-2.0
//
// Whether an engine is well, and why not (docs/health.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sterna {

enum class HealthState : uint8_t {
  Healthy,
  Degraded,   // it answers, but memory, the time to the first token or the share of errors is over its threshold
  Unhealthy,  // requests are there and nothing is computed
};
std::string_view to_string(HealthState state);  // "healthy"

struct HealthStatus {
  HealthState state = HealthState::Healthy;
  std::vector<std::string> reasons;  // one for each threshold that is crossed: "memory: 93 % in use, over 90 %"

  bool operator==(const HealthStatus&) const = default;
};

}  // namespace sterna
