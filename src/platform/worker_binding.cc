// SPDX-License-Identifier: Apache-2.0
#include "platform/worker_binding.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "platform/cgroup.h"
#include "platform/topology.h"

namespace sterna::platform {
namespace {

using CpuMask = std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)>;

CpuMask NewMask(size_t cpu_count) {
  return {CPU_ALLOC(cpu_count), [](cpu_set_t* set) { CPU_FREE(set); }};
}

// The node of a CPU: its folder holds a link named node0, node1, ...
uint32_t NodeOf(uint32_t cpu) {
  constexpr std::string_view kNode = "node";
  std::error_code error;
  const std::string folder = fmt::format("/sys/devices/system/cpu/cpu{}", cpu);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    const bool is_node =
        name.size() > kNode.size() && name.starts_with(kNode) &&
        std::all_of(name.begin() + kNode.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_node) return uint32_t(std::stoul(name.substr(kNode.size())));
  }
  return 0;
}

// Cores before their second hyper-threads, then by node, then by number.
void SortForBinding(std::vector<CpuPlace>& places) {
  std::sort(places.begin(), places.end(), [](const CpuPlace& a, const CpuPlace& b) { return a.number < b.number; });
  std::map<std::string, uint32_t> seen;
  std::map<uint32_t, uint32_t> order;  // by CPU: how many of its core came before
  for (const CpuPlace& place : places) order[place.number] = place.core.empty() ? 0 : seen[place.core]++;
  std::stable_sort(places.begin(), places.end(), [&](const CpuPlace& a, const CpuPlace& b) {
    return std::pair(order[a.number], a.node) < std::pair(order[b.number], b.node);
  });
}

}  // namespace

std::vector<uint32_t> CpusOfThisThread() {
  // The kernel refuses a mask smaller than its own; machines beyond 1024 CPUs exist.
  for (size_t cpu_count = 1024; cpu_count <= (size_t{1} << 20); cpu_count *= 2) {
    const CpuMask mask = NewMask(cpu_count);
    if (mask == nullptr) return {};
    const size_t mask_bytes = CPU_ALLOC_SIZE(cpu_count);
    if (sched_getaffinity(0, mask_bytes, mask.get()) != 0) continue;
    std::vector<uint32_t> cpus;
    for (size_t cpu = 0; cpu < cpu_count; ++cpu) {
      if (CPU_ISSET_S(cpu, mask_bytes, mask.get())) cpus.push_back(uint32_t(cpu));
    }
    return cpus;
  }
  return {};
}

Status BindThisThread(const std::vector<uint32_t>& cpus) {
  if (cpus.empty()) return {};
  const size_t cpu_count = size_t{*std::max_element(cpus.begin(), cpus.end())} + 1;
  const CpuMask mask = NewMask(cpu_count);
  if (mask == nullptr) return Status::ResourceExhausted("no memory for a mask of CPUs");
  const size_t mask_bytes = CPU_ALLOC_SIZE(cpu_count);
  CPU_ZERO_S(mask_bytes, mask.get());
  for (const uint32_t cpu : cpus) CPU_SET_S(size_t{cpu}, mask_bytes, mask.get());
  if (sched_setaffinity(0, mask_bytes, mask.get()) == 0) return {};
  return Status::Unavailable(fmt::format("a thread cannot be bound to CPU {}: {}", cpus[0], std::strerror(errno)));
}

std::vector<CpuPlace> ReadCpuPlaces() {
  std::vector<CpuPlace> places;
  for (const LogicalCpu& cpu : ReadLogicalCpus()) places.push_back({cpu.number, cpu.siblings, NodeOf(cpu.number)});
  return places;
}

std::vector<std::vector<uint32_t>> PlanWorkers(std::vector<CpuPlace> places, WorkerBinding binding, uint32_t workers,
                                               uint32_t turn) {
  if (binding == WorkerBinding::kNone || places.empty()) return {};
  SortForBinding(places);
  const auto place_of = [&](uint32_t worker) -> const CpuPlace& {
    return places[(size_t{turn} * workers + worker) % places.size()];
  };
  std::vector<std::vector<uint32_t>> cpus(workers);
  for (uint32_t worker = 0; worker < workers; ++worker) {
    if (binding == WorkerBinding::kCore) {
      cpus[worker].push_back(place_of(worker).number);
      continue;
    }
    for (const CpuPlace& place : places) {
      if (place.node == place_of(worker).node) cpus[worker].push_back(place.number);
    }
    std::sort(cpus[worker].begin(), cpus[worker].end());
  }
  return cpus;
}

}  // namespace sterna::platform
