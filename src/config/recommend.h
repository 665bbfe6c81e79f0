// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sterna::config {

// What a recommendation depends on.
struct MachineFacts {
  uint32_t cores = 1;                        // that this process may use
  uint64_t memory_bytes = 0;                 // that it may still take
  std::optional<uint64_t> group_left_bytes;  // of the control group's limit; none: there is no limit
};
MachineFacts DetectMachine();

struct Recommendation {
  std::string key, value;  // `preset` is a key too
  std::string why;
};
// What a configuration file should say on such a machine; what is right by default is left out. Pure.
std::vector<Recommendation> Recommend(const MachineFacts& machine);

}  // namespace sterna::config
