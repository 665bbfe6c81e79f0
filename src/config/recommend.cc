// SPDX-License-Identifier: Apache-2.0
#include "config/recommend.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/presets.h"
#include "config/resolve.h"
#include "platform/cgroup.h"
#include "platform/memory_usage.h"
#include "platform/topology.h"

namespace sterna::config {
namespace {

// Left to the process itself and to file pages when a control group ends what takes too much.
constexpr uint64_t kGroupSharePercent = 80;

const char* NameOf(HardwareProfile profile) {
  if (profile == HardwareProfile::Mobile) return "mobile";
  return profile == HardwareProfile::Server ? "server" : "desktop";
}

}  // namespace

MachineFacts DetectMachine() {
  return {platform::UsableCores(), platform::AvailableMemoryBytes(), platform::CgroupMemoryRest()};
}

std::vector<Recommendation> Recommend(const MachineFacts& machine) {
  std::vector<Recommendation> list = {
      {std::string(kPresetKey), NameOf(ChooseProfile(machine.cores, machine.memory_bytes)),
       fmt::format("{} cores, {:.1f} GB of free memory", machine.cores, double(machine.memory_bytes) / 1e9)}};
  if (machine.group_left_bytes) {
    const uint64_t megabytes = (*machine.group_left_bytes >> 20) * kGroupSharePercent / 100;
    list.push_back({"engine.memory_limit_mb", fmt::format("{}", std::max<uint64_t>(1, megabytes)),
                    fmt::format("the control group leaves {:.1f} GB and ends what takes more",
                                double(*machine.group_left_bytes) / 1e9)});
  }
  return list;
}

}  // namespace sterna::config
