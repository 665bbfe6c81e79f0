// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna {

// The form of ProfilingSession::generate_report.
enum class ProfileFormat : uint8_t {
  Json,         // one object, for programs
  ChromeTrace,  // every span, for Perfetto
  Html,         // one page that needs nothing else
};

// What a profile holds (docs/profiling.md).
struct ProfileConfig {
  bool enable_timing = true;            // spans and totals per operation
  bool enable_detailed_timing = false;  // spans per layer, operation and worker too
  bool enable_memory_tracking = false;  // for programs: samples of memory, CPU time and page faults
  bool enable_gpu_metrics = false;      // refused with Unavailable where there is no GPU backend
  uint32_t sample_frequency_hz = 100;   // of the samples, 1..10000
  ProfileFormat output_format = ProfileFormat::Json;
};

}  // namespace sterna
