// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "monitor/process_probe.h"
#include "monitor/recorder.h"

namespace sterna::monitor {

// What this machine could do at best, to set operations beside. 0: not measured.
struct MachineLimits {
  double read_gb_per_second = 0;  // of memory that is in no cache, by as many threads as ran
  double gmac_per_second = 0;     // 8-bit multiply-adds on registers alone, by as many threads; in 10^9
};

// A run as the reports tell it.
struct Profile {
  const Recorder& recorder;
  int64_t end_ns = 0;  // by the recorder's clock; it began when the recorder was made
  std::vector<Sample> samples = {};
  uint64_t samples_taken = 0;  // more than there are where old ones were thinned out
  double sample_frequency_hz = 0;
  bool has_hardware = false, has_energy = false;
  std::vector<std::string> missing = {};                        // why something is not there, one line each
  std::vector<std::pair<std::string, std::string>> about = {};  // "model", "kernels", ...: name and value
  MachineLimits limits = {};

  int64_t wall_ns() const { return end_ns - recorder.start_ns(); }
};

}  // namespace sterna::monitor
