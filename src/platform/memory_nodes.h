// SPDX-License-Identifier: Apache-2.0
//
// Memory of machines with several memory nodes (NUMA): reads from another node are slower, and one node's channels are
// fewer than all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "platform/worker_binding.h"

namespace sterna::platform {

// Nodes as a set of bits; beyond 63 they are left out.
using NodeSet = uint64_t;

// The nodes of the CPUs that workers may run on (PlanWorkers; empty: all of `places`), where what all of them read
// should lie. 0 where the machine has one node only, and nothing is to be placed. Pure.
NodeSet PlanMemoryNodes(const std::vector<CpuPlace>& places, const std::vector<std::vector<uint32_t>>& workers);

// Untouched pages of the range will lie on the nodes in turns; they must start at a page. False when the system refuses
// or has no nodes; nothing is changed then, nor where `nodes` is 0.
bool PlaceOnNodes(std::span<std::byte> pages, NodeSet nodes);

// The nodes that the page at `address` was wished on by PlaceOnNodes; 0: none in particular.
NodeSet WishedNodes(const std::byte* address);

}  // namespace sterna::platform
