// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "backend/backend.h"

namespace sterna::cli {

// {"total_bytes": N, "items": [{"what": TEXT, "bytes": N}, ...]}
inline nlohmann::ordered_json PlanToJson(const backend::MemoryPlan& plan) {
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  for (const auto& item : plan.items) items.push_back({{"what", item.what}, {"bytes", item.bytes}});
  return {{"total_bytes", plan.TotalBytes()}, {"items", items}};
}

}  // namespace sterna::cli
