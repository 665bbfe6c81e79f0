// SPDX-License-Identifier: Apache-2.0
//
// What a recorder's spans and totals come to. Pure functions; the writers of reports only lay it out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "monitor/recorder.h"

namespace sterna::monitor {

// The name that spans of steps have: those are what tokens are counted by.
inline constexpr std::string_view kStepSpan = "step";

// One operation in one kind of step, of all engines together.
struct OperationRow {
  std::string_view phase, name;
  uint64_t calls = 0, time_ns = 0, bytes = 0, multiply_adds = 0;
  double share = 0;            // of the time of all operations of the phase
  double gb_per_second = 0;    // of weights, keys and values; caches may give more than memory does
  double gmac_per_second = 0;  // in 10^9
};
// The longest first, phase after phase.
std::vector<OperationRow> OperationRows(const Recorder& recorder);

// All spans of one name on one track. `self_ns` leaves out the spans inside them.
struct SpanRow {
  std::string_view track, name;
  uint64_t count = 0;
  int64_t total_ns = 0, self_ns = 0, longest_ns = 0;
};
// Track after track, the longest in total first.
std::vector<SpanRow> SpanRows(const Recorder& recorder);

struct StepRow {
  int64_t start_ns = 0, end_ns = 0;
  uint32_t rows = 0, tokens = 0;
};
// Of all engines, in order of their ends.
std::vector<StepRow> StepRows(const Recorder& recorder);

}  // namespace sterna::monitor
