// SPDX-License-Identifier: Apache-2.0
//
// What a profile costs: a span alone, and answers of the built-in model, or of the model named after the flags, with
// and without a recorder, in turns in one process. `percent` is how much longer they take, the median over the turns;
// both must give the same tokens.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model_runs.h"
#include "monitor/recorder.h"
#include "monitor/track.h"

namespace sterna::bench {
namespace {

constexpr uint32_t kTokens = 64;

void Span(benchmark::State& state) {
  monitor::Recorder recorder({.spans_per_track = 1});  // later spans are timed, then dropped
  monitor::Track* const track = recorder.AddTrack("spans");
  for (auto _ : state) {
    const monitor::Span span(track, "span");
    benchmark::ClobberMemory();
  }
}

std::unique_ptr<engine::Engine> Load(const std::string& model, monitor::Recorder* recorder) {
  engine::EngineOptions options;
  options.max_sessions = 1;
  options.threads = 1;
  options.recorder = recorder;
  return Must(engine::Engine::Load(model, options));
}

// Median of the ratios less one, in percent.
double MedianPercent(std::vector<double> ratios) {
  const auto middle = ratios.begin() + std::ptrdiff_t(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return 100 * (*middle - 1);
}

void Recorded(benchmark::State& state, const std::string& model, bool detailed) {
  monitor::Recorder recorder({.detailed = detailed});
  const auto plain = Load(model, nullptr), recorded = Load(model, &recorder);
  const auto plain_session = Must(plain->NewSession()), recorded_session = Must(recorded->NewSession());
  const std::vector<text::TokenId> prompt = SomePrompt(*plain, 8);
  std::vector<double> ratios;
  for (auto _ : state) {
    // Who comes first changes: the machine's moods hit both alike.
    const bool plain_first = ratios.size() % 2 == 0;
    engine::GenerateResult results[2];
    for (const bool with : {!plain_first, plain_first}) {
      results[with ? 1 : 0] = Generate(with ? *recorded_session : *plain_session, prompt, kTokens);
    }
    Require(results[0].tokens == results[1].tokens, "a profile changes no token");
    ratios.push_back(results[1].timings.decode_ms / results[0].timings.decode_ms);
  }
  state.counters["percent"] = MedianPercent(ratios);
}

void RegisterAll(const std::string& model) {
  benchmark::RegisterBenchmark("span", Span);
  for (const bool detailed : {false, true}) {
    benchmark::RegisterBenchmark(detailed ? "answer/profile_detail" : "answer/profile", Recorded, model, detailed)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace sterna::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  sterna::bench::RegisterAll(argc > 1 ? argv[1] : sterna::bench::BuiltInModel());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
