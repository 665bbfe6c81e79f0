// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sterna/status.h"

namespace sterna::cli {

struct ReadBandwidth {
  uint32_t threads = 0;
  double gb_per_second = 0;
};

struct BandwidthReport {
  uint64_t buffer_bytes = 0;     // read once per measurement
  uint64_t huge_page_bytes = 0;  // of it in 2 MiB pages; 0 where the system does not say
  std::vector<ReadBandwidth> by_threads;
};

// How fast threads read memory that is in no cache: the best of a few passes over 1 GiB, or over a quarter of the free
// memory where that is less. One entry per thread count.
Result<BandwidthReport> MeasureReadBandwidth(const std::vector<uint32_t>& thread_counts);

// 1, 2, 4, ... and `most`.
std::vector<uint32_t> ThreadCountsUpTo(uint32_t most);

}  // namespace sterna::cli
