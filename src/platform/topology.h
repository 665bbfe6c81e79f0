// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sterna::platform {

// Physical cores this process may use: affinity mask, hyper-threads counted once, cut to the cgroup's CPU quota (v1,
// v2). At least 1.
uint32_t UsableCores();

// Logical CPUs this process may use, hyper-threads counted each, cut to the same quota. At least 1.
uint32_t UsableLogicalCpus();

// One CPU this process may run on. `siblings` is the system's text that names all hyper-threads of its core ("0,64"),
// the same for each of them; empty where the system does not say.
struct LogicalCpu {
  uint32_t number = 0;
  std::string siblings;
};
// The CPUs that the calling thread may run on, by their numbers.
std::vector<LogicalCpu> ReadLogicalCpus();
// The number of different cores among `cpus`; a quota of 1.5 CPUs leaves 2. Pure.
uint32_t CountCores(const std::vector<LogicalCpu>& cpus, std::optional<double> quota_cpus);
uint32_t CutToQuota(uint32_t count, std::optional<double> quota_cpus);

}  // namespace sterna::platform
