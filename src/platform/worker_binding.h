// SPDX-License-Identifier: Apache-2.0
//
// Which CPUs each worker of a pool may run on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sterna/status.h"

namespace sterna::platform {

enum class WorkerBinding : uint8_t { kNone, kCore, kNumaNode };

// Where one CPU lies.
struct CpuPlace {
  uint32_t number = 0;
  std::string core;   // the same text for the hyper-threads of one core; empty: a core of its own
  uint32_t node = 0;  // of memory
};
// The CPUs this process may run on. Nodes are 0 where the system does not say.
std::vector<CpuPlace> ReadCpuPlaces();

// CPUs of each worker; empty: workers are not bound. kCore: one CPU each, first CPUs of different cores and of one node
// after the other, hyper-threads last. kNumaNode: all CPUs of one node, neighbouring workers on one node. `turn`:
// engines of one machine with the same number of workers begin where the one before ended. Pure.
std::vector<std::vector<uint32_t>> PlanWorkers(std::vector<CpuPlace> places, WorkerBinding binding, uint32_t workers,
                                               uint32_t turn);

// Binds the calling thread. Unavailable when the system refuses.
Status BindThisThread(const std::vector<uint32_t>& cpus);
// CPUs that the calling thread may run on, ascending; empty when the system does not say.
std::vector<uint32_t> CpusOfThisThread();

}  // namespace sterna::platform
