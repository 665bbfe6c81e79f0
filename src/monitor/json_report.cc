// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "monitor/json_report.h"
#include "monitor/reports.h"
#include "monitor/summary.h"

namespace sterna::monitor {
namespace {

using nlohmann::ordered_json;

double Milliseconds(int64_t ns) { return double(ns) / 1e6; }

ordered_json About(const Profile& profile) {
  ordered_json about = ordered_json::object();
  for (const auto& [name, value] : profile.about) about[name] = value;
  return about;
}

ordered_json Operations(const Profile& profile) {
  ordered_json list = ordered_json::array();
  for (const OperationRow& row : OperationRows(profile.recorder)) {
    list.push_back({{"phase", row.phase},
                    {"name", row.name},
                    {"calls", row.calls},
                    {"ms", Milliseconds(int64_t(row.time_ns))},
                    {"share", row.share},
                    {"bytes", row.bytes},
                    {"gb_per_second", row.gb_per_second},
                    {"multiply_adds", row.multiply_adds},
                    {"gmac_per_second", row.gmac_per_second}});
  }
  return list;
}

ordered_json Spans(const Profile& profile) {
  uint64_t recorded = 0, dropped = 0;
  for (const Track* track : profile.recorder.tracks()) {
    recorded += track->size();
    dropped += track->dropped();
  }
  ordered_json by_name = ordered_json::array();
  for (const SpanRow& row : SpanRows(profile.recorder)) {
    by_name.push_back({{"track", row.track},
                       {"name", row.name},
                       {"count", row.count},
                       {"total_ms", Milliseconds(row.total_ns)},
                       {"self_ms", Milliseconds(row.self_ns)},
                       {"longest_ms", Milliseconds(row.longest_ns)}});
  }
  return {{"recorded", recorded},
          {"dropped", dropped},
          {"refused_tracks", profile.recorder.refused_tracks()},
          {"by_name", by_name}};
}

ordered_json Steps(const Profile& profile, const std::vector<StepRow>& rows) {
  ordered_json start = ordered_json::array(), duration = start, step_rows = start, tokens = start;
  for (const StepRow& row : rows) {
    start.push_back(Milliseconds(row.start_ns - profile.recorder.start_ns()));
    duration.push_back(Milliseconds(row.end_ns - row.start_ns));
    step_rows.push_back(row.rows);
    tokens.push_back(row.tokens);
  }
  return {{"start_ms", start}, {"ms", duration}, {"rows", step_rows}, {"tokens", tokens}};
}

// Columns: a list for each figure, which is what charts and data frames take.
ordered_json Samples(const Profile& profile) {
  ordered_json empty = ordered_json::array(), time = empty, resident = empty, cpu = empty, minor = empty, major = empty;
  for (const Sample& sample : profile.samples) {
    time.push_back(Milliseconds(sample.time_ns - profile.recorder.start_ns()));
    resident.push_back(sample.usage.resident_bytes);
    cpu.push_back(Milliseconds(sample.usage.user_cpu_ns + sample.usage.system_cpu_ns));
    minor.push_back(sample.usage.minor_faults);
    major.push_back(sample.usage.major_faults);
  }
  return {{"frequency_hz", profile.sample_frequency_hz},
          {"taken", profile.samples_taken},
          {"time_ms", time},
          {"resident_bytes", resident},
          {"cpu_ms", cpu},
          {"minor_faults", minor},
          {"major_faults", major}};
}

// What the run took in all, from the first sample to the last.
ordered_json Resources(const Profile& profile, uint64_t tokens) {
  if (profile.samples.empty()) return ordered_json::object();
  const Sample& first = profile.samples.front();
  const Sample& last = profile.samples.back();
  uint64_t peak = 0;
  for (const Sample& sample : profile.samples) peak = std::max(peak, sample.usage.resident_bytes);
  ordered_json json = {{"user_cpu_ms", Milliseconds(last.usage.user_cpu_ns - first.usage.user_cpu_ns)},
                       {"system_cpu_ms", Milliseconds(last.usage.system_cpu_ns - first.usage.system_cpu_ns)},
                       {"highest_resident_bytes", peak},
                       {"minor_faults", last.usage.minor_faults - first.usage.minor_faults},
                       {"major_faults", last.usage.major_faults - first.usage.major_faults}};
  if (profile.has_hardware) {
    json["cycles"] = last.hardware.cycles - first.hardware.cycles;
    json["instructions"] = last.hardware.instructions - first.hardware.instructions;
    json["cache_references"] = last.hardware.cache_references - first.hardware.cache_references;
    json["cache_misses"] = last.hardware.cache_misses - first.hardware.cache_misses;
  }
  if (profile.has_energy) {
    json["joules"] = last.joules - first.joules;
    if (tokens > 0) json["joules_per_token"] = (last.joules - first.joules) / double(tokens);
  }
  return json;
}

}  // namespace

ordered_json ReportObject(const Profile& profile) {
  const std::vector<StepRow> steps = StepRows(profile.recorder);
  uint64_t rows = 0, tokens = 0;
  for (const StepRow& step : steps) {
    rows += step.rows;
    tokens += step.tokens;
  }
  return {{"sterna_profile", 1},
          {"about", About(profile)},
          {"wall_ms", Milliseconds(profile.wall_ns())},
          {"detailed", profile.recorder.detailed()},
          {"steps_count", steps.size()},
          {"rows", rows},
          {"tokens", tokens},
          {"limits",
           {{"read_gb_per_second", profile.limits.read_gb_per_second},
            {"gmac_per_second", profile.limits.gmac_per_second}}},
          {"operations", Operations(profile)},
          {"resources", Resources(profile, tokens)},
          {"missing", profile.missing},
          {"spans", Spans(profile)},
          {"steps", Steps(profile, steps)},
          {"samples", Samples(profile)}};
}

std::string JsonReport(const Profile& profile) {
  return ReportObject(profile).dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sterna::monitor
