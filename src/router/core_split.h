// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "platform/worker_binding.h"

namespace sterna::router {

// The CPUs of each of `count` instances, ascending and disjoint: whole cores, neighbours on one memory node, as many
// for each as for the others, give or take one. Where there are fewer cores than instances, hyper-threads are dealt
// instead; where there are fewer of these too, the last ones get none. Pure.
std::vector<std::vector<uint32_t>> SplitCpus(std::vector<platform::CpuPlace> places, uint32_t count);

}  // namespace sterna::router
