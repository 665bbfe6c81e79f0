// SPDX-License-Identifier: Apache-2.0
#include "monitor/summary.h"

#include <algorithm>
#include <array>
#include <map>

namespace sterna::monitor {
namespace {

double PerNanosecond(uint64_t count, uint64_t time_ns) { return time_ns > 0 ? double(count) / double(time_ns) : 0; }

// Spans come in order of their ends, so those inside one come right before it.
void AddTrack(const Track& track, std::vector<SpanRow>& rows) {
  std::map<std::string_view, SpanRow> by_name;
  std::array<int64_t, Track::kMaxDepth + 2> inside{};  // time of the spans seen so far at each depth
  const size_t count = track.size();
  for (size_t i = 0; i < count; ++i) {
    const SpanEvent& event = track.event(i);
    const int64_t duration = event.end_ns - event.start_ns;
    SpanRow& row = by_name.try_emplace(event.name, SpanRow{.track = track.name(), .name = event.name}).first->second;
    ++row.count;
    row.total_ns += duration;
    row.self_ns += duration - inside[event.depth + 1];
    row.longest_ns = std::max(row.longest_ns, duration);
    inside[event.depth + 1] = 0;
    inside[event.depth] += duration;
  }
  const size_t first = rows.size();
  for (const auto& [name, row] : by_name) rows.push_back(row);
  std::stable_sort(rows.begin() + std::ptrdiff_t(first), rows.end(),
                   [](const SpanRow& a, const SpanRow& b) { return a.total_ns > b.total_ns; });
}

}  // namespace

std::vector<OperationRow> OperationRows(const Recorder& recorder) {
  std::vector<OperationRow> rows;
  std::map<std::string_view, uint64_t> phase_ns;
  for (const OperationTotal* total : recorder.operations()) {
    if (total->calls == 0) continue;
    auto row = std::find_if(rows.begin(), rows.end(), [&](const OperationRow& known) {
      return known.phase == total->phase && known.name == total->name;
    });
    if (row == rows.end()) row = rows.insert(row, {.phase = total->phase, .name = total->name});
    row->calls += total->calls;
    row->time_ns += total->time_ns;
    row->bytes += total->bytes;
    row->multiply_adds += total->multiply_adds;
    phase_ns[total->phase] += total->time_ns;
  }
  for (OperationRow& row : rows) {
    row.share = PerNanosecond(row.time_ns, phase_ns[row.phase]);
    row.gb_per_second = PerNanosecond(row.bytes, row.time_ns);
    row.gmac_per_second = PerNanosecond(row.multiply_adds, row.time_ns);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const OperationRow& a, const OperationRow& b) {
    return a.phase != b.phase ? a.phase > b.phase : a.time_ns > b.time_ns;  // "prompt" before "generation"
  });
  return rows;
}

std::vector<SpanRow> SpanRows(const Recorder& recorder) {
  std::vector<SpanRow> rows;
  for (const Track* track : recorder.tracks()) AddTrack(*track, rows);
  return rows;
}

std::vector<StepRow> StepRows(const Recorder& recorder) {
  std::vector<StepRow> steps;
  for (const Track* track : recorder.tracks()) {
    const size_t count = track->size();
    for (size_t i = 0; i < count; ++i) {
      const SpanEvent& event = track->event(i);
      if (event.name != kStepSpan || event.facts.rows == 0) continue;
      steps.push_back({event.start_ns, event.end_ns, event.facts.rows, event.facts.tokens});
    }
  }
  std::stable_sort(steps.begin(), steps.end(), [](const StepRow& a, const StepRow& b) { return a.end_ns < b.end_ns; });
  return steps;
}

}  // namespace sterna::monitor
