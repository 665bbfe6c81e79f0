// SPDX-License-Identifier: Apache-2.0
//
// What is kept pays: keys and values of a conversation beside computing them again, and weights in 2 MB pages beside 4
// KB pages. Caches that hold more than one session's tokens are not there yet; their hits and stalls will be counted
// here.
#include <benchmark/benchmark.h>

#include <sys/mman.h>

#include <numeric>

#include "model_runs.h"
#include "platform/topology.h"

namespace sterna::bench {
namespace {

constexpr uint32_t kAnswer = 4;
constexpr size_t kQuestion = 8;

// The next turn of a conversation of `history` tokens: `kept` of them are still held.
void Turn(benchmark::State& state, bool kept) {
  const auto engine = LoadBuiltIn(2, platform::UsableCores());
  const auto session = Must(engine->NewSession()), fresh = Must(engine->NewSession());
  const size_t history = size_t(state.range(0));
  const auto whole = SomePrompt(*engine, history + kQuestion);
  const std::vector<text::TokenId> question(whole.begin() + ptrdiff_t(history), whole.end());
  const auto expected = Generate(*fresh, whole, kAnswer).tokens;
  Generate(*session, {whole.begin(), whole.begin() + ptrdiff_t(history)}, 0);
  uint64_t computed = 0;
  for (auto _ : state) {
    const auto result = kept ? Generate(*session, question, kAnswer, history) : Generate(*session, whole, kAnswer);
    Require(result.tokens == expected, "a kept history gave other tokens");
    computed += result.timings.prompt_tokens;
  }
  state.counters["prompt_tokens_computed"] = double(computed) / double(state.iterations());
}
void KeptHistory(benchmark::State& state) { Turn(state, true); }
void ComputedHistory(benchmark::State& state) { Turn(state, false); }
BENCHMARK(KeptHistory)->Name("conversation/kept")->ArgName("history")->Arg(64)->Arg(200)->UseRealTime();
BENCHMARK(ComputedHistory)->Name("conversation/computed_again")->ArgName("history")->Arg(64)->Arg(200)->UseRealTime();

// Anonymous memory with the page size asked for, read from end to end.
class Pages {
 public:
  Pages(size_t size_bytes, int advice) : size_(size_bytes) {
    void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Require(memory != MAP_FAILED, "no memory");
    words_ = static_cast<uint64_t*>(memory);
    madvise(memory, size_, advice);
    std::iota(words_, words_ + size_ / sizeof(uint64_t), uint64_t{0});
  }
  ~Pages() { munmap(words_, size_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  uint64_t Sum() const { return std::accumulate(words_, words_ + size_ / sizeof(uint64_t), uint64_t{0}); }

 private:
  uint64_t* words_ = nullptr;
  size_t size_;
};

void ReadPages(benchmark::State& state, int advice) {
  const size_t size = size_t(state.range(0)) << 20;
  const Pages pages(size, advice);
  const uint64_t n = size / sizeof(uint64_t);
  Require(pages.Sum() == n * (n - 1) / 2, "memory does not hold what was written");
  for (auto _ : state) benchmark::DoNotOptimize(pages.Sum());
  state.SetBytesProcessed(int64_t(state.iterations()) * int64_t(size));
}
BENCHMARK_CAPTURE(ReadPages, small, MADV_NOHUGEPAGE)->Name("read_pages/4_KB")->ArgName("MB")->Arg(64);
BENCHMARK_CAPTURE(ReadPages, huge, MADV_HUGEPAGE)->Name("read_pages/2_MB")->ArgName("MB")->Arg(64);

}  // namespace
}  // namespace sterna::bench

BENCHMARK_MAIN();
