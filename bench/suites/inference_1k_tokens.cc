// SPDX-License-Identifier: Apache-2.0
//
// Exactly 1,000 tokens of the built-in model, in requests as long as its context allows: one figure for "how long does
// a page take".
#include <benchmark/benchmark.h>

#include <algorithm>

#include "model_runs.h"
#include "platform/topology.h"

namespace sterna::bench {
namespace {

constexpr uint32_t kTokens = 1000;

std::vector<text::TokenId> GenerateAll(const engine::Engine& engine, engine::Session& session) {
  std::vector<text::TokenId> all;
  const uint32_t most = session.context_tokens() - 8;
  for (size_t request = 0; all.size() < kTokens; ++request) {
    const uint32_t wanted = std::min<uint32_t>(most, kTokens - uint32_t(all.size()));
    const auto result = Generate(session, SomePrompt(engine, 8, request), wanted);
    all.insert(all.end(), result.tokens.begin(), result.tokens.end());
  }
  return all;
}

void Thousand(benchmark::State& state) {
  const uint32_t threads = state.range(0) == 0 ? platform::UsableCores() : uint32_t(state.range(0));
  const auto engine = LoadBuiltIn(1, threads), reference = LoadBuiltIn(1, 1);
  const auto session = Must(engine->NewSession()), alone = Must(reference->NewSession());
  const auto expected = GenerateAll(*reference, *alone);
  Require(expected.size() == kTokens, "not 1,000 tokens");
  for (auto _ : state) Require(GenerateAll(*engine, *session) == expected, "other tokens than with one thread");
  state.SetItemsProcessed(int64_t(state.iterations()) * kTokens);
}
BENCHMARK(Thousand)
    ->Name("inference_1k_tokens")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(0)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sterna::bench

BENCHMARK_MAIN();
