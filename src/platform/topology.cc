// SPDX-License-Identifier: Apache-2.0
#include "platform/topology.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <thread>

#include "platform/cgroup.h"

namespace sterna::platform {
namespace {

// Numbers of the CPUs in the affinity mask; empty when the system does not say.
std::vector<uint32_t> AllowedCpus() {
  // The kernel refuses a mask smaller than its own; machines beyond 1024 CPUs exist.
  for (int cpu_count = 1024; cpu_count <= (1 << 20); cpu_count *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(size_t(cpu_count)),
                                                                [](cpu_set_t* set) { CPU_FREE(set); });
    if (mask == nullptr) return {};
    const size_t mask_bytes = CPU_ALLOC_SIZE(size_t(cpu_count));
    if (sched_getaffinity(0, mask_bytes, mask.get()) != 0) continue;
    std::vector<uint32_t> cpus;
    for (int cpu = 0; cpu < cpu_count; ++cpu) {
      if (CPU_ISSET_S(size_t(cpu), mask_bytes, mask.get())) cpus.push_back(uint32_t(cpu));
    }
    return cpus;
  }
  return {};
}

std::vector<LogicalCpu> ReadLogicalCpus() {
  std::vector<LogicalCpu> cpus;
  for (const uint32_t number : AllowedCpus()) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(number) + "/topology/";
    cpus.push_back({number, ReadSmallFile(folder + "thread_siblings_list")});
  }
  if (!cpus.empty()) return cpus;
  for (uint32_t number = 0; number < std::max(1u, std::thread::hardware_concurrency()); ++number) {
    cpus.push_back({number, ""});
  }
  return cpus;
}

}  // namespace

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
