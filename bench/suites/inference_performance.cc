// SPDX-License-Identifier: Apache-2.0
//
// Whole requests to the built-in model: prompts, generation, the first token, and eight sequences at once. Results are
// compared with those of one thread and one sequence at a time.
#include <benchmark/benchmark.h>

#include <thread>

#include "model_runs.h"
#include "platform/topology.h"

namespace sterna::bench {
namespace {

constexpr uint32_t kSequences = 8;

// Threads 0 stands for all usable cores, so that the names of results do not depend on the machine.
uint32_t Threads(const benchmark::State& state) {
  return state.range(0) == 0 ? platform::UsableCores() : uint32_t(state.range(0));
}

void RequireSameAsOneThread(engine::Session& session, const std::vector<text::TokenId>& prompt, uint32_t tokens) {
  const auto reference = LoadBuiltIn(1, 1);
  const auto alone = Must(reference->NewSession());
  const auto expected = Generate(*alone, prompt, tokens).tokens;
  Require(expected.size() == tokens, "one thread gave fewer tokens");
  Require(Generate(session, prompt, tokens).tokens == expected, "other tokens than with one thread");
}

void Prefill(benchmark::State& state) {
  const auto engine = LoadBuiltIn(1, Threads(state));
  const auto session = Must(engine->NewSession());
  const auto prompt = SomePrompt(*engine, size_t(state.range(1)));
  RequireSameAsOneThread(*session, prompt, 1);
  for (auto _ : state) benchmark::DoNotOptimize(Generate(*session, prompt, 1));
  state.SetItemsProcessed(int64_t(state.iterations()) * state.range(1));
}
BENCHMARK(Prefill)
    ->Name("prefill")
    ->ArgNames({"threads", "tokens"})
    ->ArgsProduct({{1, 0}, {16, 64, 250}})
    ->UseRealTime();

void Decode(benchmark::State& state) {
  const auto engine = LoadBuiltIn(1, Threads(state));
  const auto session = Must(engine->NewSession());
  const auto prompt = SomePrompt(*engine, 1);
  const uint32_t tokens = uint32_t(state.range(1));
  RequireSameAsOneThread(*session, prompt, tokens);
  for (auto _ : state) benchmark::DoNotOptimize(Generate(*session, prompt, tokens));
  state.SetItemsProcessed(int64_t(state.iterations()) * tokens);
}
BENCHMARK(Decode)->Name("decode")->ArgNames({"threads", "tokens"})->ArgsProduct({{1, 0}, {64, 250}})->UseRealTime();

void FirstToken(benchmark::State& state) {
  const auto engine = LoadBuiltIn(1, Threads(state));
  const auto session = Must(engine->NewSession());
  const auto prompt = SomePrompt(*engine, 16);
  RequireSameAsOneThread(*session, prompt, 1);
  double first_token_ms = 0;
  for (auto _ : state) first_token_ms += Generate(*session, prompt, 1).timings.first_token_ms;
  state.counters["first_token_ms"] = first_token_ms / double(state.iterations());
}
BENCHMARK(FirstToken)->Name("first_token")->ArgNames({"threads"})->Arg(1)->Arg(0)->UseRealTime();

// All sequences at once, each from a thread of its own as a server would have them.
std::vector<std::vector<text::TokenId>> RunTogether(const engine::Engine& engine,
                                                    std::vector<std::unique_ptr<engine::Session>>& sessions,
                                                    uint32_t tokens) {
  std::vector<std::vector<text::TokenId>> results(sessions.size());
  std::vector<std::thread> users;
  for (size_t i = 0; i < sessions.size(); ++i) {
    users.emplace_back([&, i] { results[i] = Generate(*sessions[i], SomePrompt(engine, 8, i), tokens).tokens; });
  }
  for (std::thread& user : users) user.join();
  return results;
}

void Batch(benchmark::State& state) {
  const auto engine = LoadBuiltIn(kSequences, Threads(state));
  const uint32_t tokens = uint32_t(state.range(1));
  std::vector<std::unique_ptr<engine::Session>> sessions;
  for (uint32_t i = 0; i < kSequences; ++i) sessions.push_back(Must(engine->NewSession()));
  const auto together = RunTogether(*engine, sessions, tokens);
  for (uint32_t i = 0; i < kSequences; ++i) {
    Require(Generate(*sessions[i], SomePrompt(*engine, 8, i), tokens).tokens == together[i],
            "a batch gave other tokens");
  }
  for (auto _ : state) benchmark::DoNotOptimize(RunTogether(*engine, sessions, tokens));
  state.SetItemsProcessed(int64_t(state.iterations()) * kSequences * tokens);
}
BENCHMARK(Batch)->Name("batch_of_8")->ArgNames({"threads", "tokens"})->ArgsProduct({{1, 0}, {64}})->UseRealTime();

}  // namespace
}  // namespace sterna::bench

BENCHMARK_MAIN();
