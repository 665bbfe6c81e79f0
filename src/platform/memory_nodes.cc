// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_nodes.h"

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace sterna::platform {
namespace {

constexpr uint32_t kMaxNodes = 64;

NodeSet BitOf(uint32_t node) { return node < kMaxNodes ? NodeSet{1} << node : 0; }

bool MayRunOn(const std::vector<std::vector<uint32_t>>& workers, uint32_t cpu) {
  return workers.empty() || std::any_of(workers.begin(), workers.end(), [cpu](const std::vector<uint32_t>& cpus) {
           return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
         });
}

}  // namespace

NodeSet PlanMemoryNodes(const std::vector<CpuPlace>& places, const std::vector<std::vector<uint32_t>>& workers) {
  NodeSet all = 0, used = 0;
  for (const CpuPlace& place : places) {
    all |= BitOf(place.node);
    if (MayRunOn(workers, place.number)) used |= BitOf(place.node);
  }
  const bool one_node = (all & (all - 1)) == 0;
  return one_node ? 0 : used;
}

bool PlaceOnNodes(std::span<std::byte> pages, NodeSet nodes) {
  if (nodes == 0) return false;
  const unsigned long mask = nodes;
  // The kernel reads one bit less than it is told.
  return syscall(SYS_mbind, pages.data(), pages.size(), MPOL_INTERLEAVE, &mask, kMaxNodes + 1, 0) == 0;
}

NodeSet WishedNodes(const std::byte* address) {
  // As many bits as any kernel may have nodes, or it refuses.
  std::array<unsigned long, 1024 / kMaxNodes> mask{};
  int mode = MPOL_DEFAULT;
  const long failed = syscall(SYS_get_mempolicy, &mode, mask.data(), mask.size() * kMaxNodes, address, MPOL_F_ADDR);
  return failed == 0 && mode == MPOL_INTERLEAVE ? mask[0] : 0;
}

}  // namespace sterna::platform
