// SPDX-License-Identifier: Apache-2.0
#include "platform/topology.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "platform/cgroup.h"
#include "platform/worker_binding.h"

namespace sterna::platform {
std::vector<LogicalCpu> ReadLogicalCpus() {
  std::vector<LogicalCpu> cpus;
  for (const uint32_t number : CpusOfThisThread()) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(number) + "/topology/";
    cpus.push_back({number, ReadSmallFile(folder + "thread_siblings_list")});
  }
  if (!cpus.empty()) return cpus;
  for (uint32_t number = 0; number < std::max(1u, std::thread::hardware_concurrency()); ++number) {
    cpus.push_back({number, ""});
  }
  return cpus;
}

uint32_t CutToQuota(uint32_t count, std::optional<double> quota_cpus) {
  if (quota_cpus && std::ceil(*quota_cpus) < double(count)) count = uint32_t(std::ceil(*quota_cpus));
  return std::max(count, 1u);
}

uint32_t CountCores(const std::vector<LogicalCpu>& cpus, std::optional<double> quota_cpus) {
  std::set<std::string> cores;
  for (const LogicalCpu& cpu : cpus) {
    cores.insert(cpu.siblings.empty() ? "cpu" + std::to_string(cpu.number) : cpu.siblings);
  }
  return CutToQuota(uint32_t(cores.size()), quota_cpus);
}

uint32_t UsableCores() { return CountCores(ReadLogicalCpus(), CgroupCpuQuota()); }

uint32_t UsableLogicalCpus() { return CutToQuota(uint32_t(ReadLogicalCpus().size()), CgroupCpuQuota()); }

}  // namespace sterna::platform
