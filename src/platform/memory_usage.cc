// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_usage.h"

#include <algorithm>
#include <string>

#include "platform/cgroup.h"

namespace sterna::platform {

MemoryUsage ReadMemoryUsage() {
  const std::string status = ReadSmallFile("/proc/self/status");  // in kB
  const auto bytes = [&status](std::string_view key) { return FindNumber(status, key).value_or(0) * 1024; };
  return {
      .resident_bytes = bytes("VmRSS:"), .peak_resident_bytes = bytes("VmHWM:"), .anonymous_bytes = bytes("RssAnon:")};
}

uint64_t AvailableMemoryBytes() {
  const uint64_t system = FindNumber(ReadSmallFile("/proc/meminfo"), "MemAvailable:").value_or(0) * 1024;
  const auto group = CgroupMemoryRest();
  if (!group) return system;
  return system == 0 ? *group : std::min(system, *group);
}

}  // namespace sterna::platform
