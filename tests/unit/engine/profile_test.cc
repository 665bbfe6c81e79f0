// SPDX-License-Identifier: Apache-2.0
//
// What an engine tells a recorder.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "monitor/recorder.h"
#include "monitor/summary.h"
#include "sterna/profiling.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

constexpr uint32_t kTokens = 20, kPromptTokens = 9;

std::vector<text::TokenId> Generate(Engine& engine) {
  return engine.NewSession().value()->Generate(GreedyRequest(PlainPrompt(kPromptTokens), kTokens)).value().tokens;
}

std::unique_ptr<Engine> Load(monitor::Recorder* recorder, uint32_t threads = 1) {
  EngineOptions options = TinyOptions();
  options.recorder = recorder;
  options.threads = threads;
  return LoadTiny(options);
}

const monitor::Track* TrackOf(const monitor::Recorder& recorder, std::string_view name) {
  for (const monitor::Track* track : recorder.tracks()) {
    if (track->name() == name) return track;
  }
  ADD_FAILURE() << "no track " << name;
  return nullptr;
}

std::map<std::string, size_t> CountByName(const monitor::Track& track) {
  std::map<std::string, size_t> counts;
  for (size_t i = 0; i < track.size(); ++i) ++counts[std::string(track.event(i).name)];
  return counts;
}

TEST(EngineProfile, RecordsNothingUnlessAsked) {
  EXPECT_EQ(EngineOptions().recorder, nullptr);
  const auto plain = Load(nullptr);
  monitor::Recorder recorder;
  const auto recorded = Load(&recorder);
  EXPECT_EQ(Generate(*plain), Generate(*recorded));
}

TEST(EngineProfile, StagesOfLoadingFollowEachOther) {
  monitor::Recorder recorder;
  const auto engine = Load(&recorder);
  const monitor::Track& load = *TrackOf(recorder, "load");
  ASSERT_GE(load.size(), 6u);
  EXPECT_EQ(load.event(load.size() - 1).name, "load");
  for (size_t i = 0; i + 1 < load.size(); ++i) EXPECT_EQ(load.event(i).depth, 1u) << load.event(i).name;
  EXPECT_EQ(CountByName(load)["load weights"], 1u);
  EXPECT_EQ(TrackOf(recorder, "vocabulary")->size(), 1u);
}

TEST(EngineProfile, WithoutDetailsATokenIsAtMostTenSpans) {
  monitor::Recorder recorder;
  const auto engine = Load(&recorder, 2);
  Generate(*engine);
  const monitor::Track& track = *TrackOf(recorder, "engine");
  EXPECT_EQ(CountByName(track)["step"], size_t{kTokens});  // the prompt's draws the first one
  EXPECT_LE(track.size(), 10u * kTokens);
  EXPECT_EQ(recorder.tracks().size(), 3u);
}

TEST(EngineProfile, StepsCountRowsAndDrawnTokens) {
  monitor::Recorder recorder;
  const auto engine = Load(&recorder);
  Generate(*engine);
  const auto steps = monitor::StepRows(recorder);
  ASSERT_EQ(steps.size(), size_t{kTokens});
  EXPECT_EQ(steps[0].rows, kPromptTokens);
  for (const monitor::StepRow& step : steps) EXPECT_EQ(step.tokens, 1u);
}

TEST(EngineProfile, OperationsCountWhatTheBackendCounts) {
  monitor::Recorder recorder;
  const auto engine = Load(&recorder);
  Generate(*engine);
  const backend::CpuBackendCounters counters = engine->Counters();
  uint64_t bytes = 0, multiply_adds = 0, time_ns = 0;
  std::map<std::string, uint64_t> calls;
  for (const monitor::OperationRow& row : monitor::OperationRows(recorder)) {
    bytes += row.bytes;
    multiply_adds += row.multiply_adds;
    time_ns += row.time_ns;
    calls[std::string(row.name)] += row.calls;
  }
  EXPECT_EQ(bytes, counters.weight_bytes_read + counters.kv_bytes_read);
  EXPECT_EQ(multiply_adds, counters.multiply_adds);
  EXPECT_GT(multiply_adds, 0u);
  const uint64_t layers = engine->config().layers;
  for (const char* name : {"q k v", "attention output", "gate and up", "down", "attention", "store k v"}) {
    EXPECT_EQ(calls[name], layers * kTokens) << name;
  }
  EXPECT_EQ(calls["head"], kTokens);

  uint64_t forward_ns = 0;
  for (const monitor::SpanRow& row : monitor::SpanRows(recorder)) {
    if (row.name == "forward") forward_ns = uint64_t(row.total_ns);
  }
  EXPECT_LE(time_ns, forward_ns);
}

TEST(EngineProfile, DetailsAreSpansOfEachOperationAndWorker) {
  monitor::Recorder recorder({.detailed = true});
  const auto engine = Load(&recorder, 2);
  Generate(*engine);
  const uint64_t layers = engine->config().layers;
  auto counts = CountByName(*TrackOf(recorder, "engine"));
  EXPECT_EQ(counts["q k v"], layers * kTokens);
  EXPECT_EQ(counts["attention"], layers * kTokens);
  EXPECT_EQ(counts["layer"], layers * kTokens);
  EXPECT_EQ(counts["layers"], 0u);
  const uint32_t workers = engine->report().workers;
  size_t worked = 0;
  for (uint32_t worker = 0; worker < workers; ++worker) {
    worked += TrackOf(recorder, "worker " + std::to_string(worker))->size();
  }
  EXPECT_GE(worked, workers > 1 ? size_t{kTokens} : 0);
}

TEST(EngineProfile, ASessionHearsOfEnginesThatWereThereBefore) {
  const auto engine = Load(nullptr);
  ProfileConfig config;
  config.output_format = ProfileFormat::ChromeTrace;
  const auto steps_in = [](const std::string& trace) {
    size_t steps = 0;
    for (size_t at = trace.find("\"step\""); at != trace.npos; at = trace.find("\"step\"", at + 1)) ++steps;
    return steps;
  };
  for (int i = 0; i < 2; ++i) {
    ProfilingSession session = ProfilingSession::create(config).value();
    Generate(*engine);
    EXPECT_EQ(steps_in(session.generate_report().value()), size_t{kTokens});
  }
  Generate(*engine);  // nobody listens any more
  const Profiler profiler = Profiler::create().value();
  Generate(*engine);
  EXPECT_EQ(profiler.metric(MetricType::Tokens).value(), kTokens);
}

TEST(EngineProfile, ASessionHearsOfLoading) {
  ProfilingSession session = ProfilingSession::create({}).value();
  const auto engine = Load(nullptr);
  EXPECT_NE(session.generate_report().value().find("load weights"), std::string::npos);
}

TEST(EngineProfile, ChildrenLieInsideTheirParentsAndOneAfterAnother) {
  monitor::Recorder recorder({.detailed = true});
  const auto engine = Load(&recorder, 2);
  Generate(*engine);
  for (const monitor::Track* track : recorder.tracks()) {
    std::array<int64_t, 8> earliest, last_end;  // by depth
    earliest.fill(INT64_MAX);
    last_end.fill(INT64_MIN);
    for (size_t i = 0; i < track->size(); ++i) {
      const monitor::SpanEvent& event = track->event(i);
      EXPECT_LE(event.start_ns, event.end_ns);
      EXPECT_LE(event.start_ns, earliest.at(event.depth + 1)) << track->name() << ": " << event.name;
      EXPECT_GE(event.start_ns, last_end.at(event.depth)) << track->name() << ": " << event.name;
      last_end[event.depth] = event.end_ns;
      earliest[event.depth + 1] = INT64_MAX;
      earliest[event.depth] = std::min(earliest[event.depth], event.start_ns);
    }
  }
}

}  // namespace
}  // namespace sterna::engine
