// SPDX-License-Identifier: Apache-2.0
//
// Peak resident memory of a whole process by model and context, beside the plan it printed. Each measurement is a
// process of its own, because a peak never falls.
#include <benchmark/benchmark.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model_runs.h"

namespace sterna::bench {
namespace {

constexpr uint32_t kTokens = 8;

// In the child: loads, fills the context but for a few tokens, generates. Returns the plan's bytes.
uint64_t RunModel(const std::string& path, uint32_t context, backend::KvType kv) {
  engine::EngineOptions options;
  options.context_tokens = context;
  options.kv_type = kv;
  options.threads = 1;
  const auto engine = Must(engine::Engine::Load(path, options));
  const auto session = Must(engine->NewSession());
  const auto result = Generate(*session, SomePrompt(*engine, context - kTokens), kTokens);
  Require(result.tokens.size() == kTokens, "fewer tokens than asked for");
  return engine->report().plan.TotalBytes();
}

struct Peak {
  uint64_t resident_bytes = 0, planned_bytes = 0;
};

Peak MeasureInChild(const std::string& path, uint32_t context, backend::KvType kv) {
  int ends[2];
  Require(pipe(ends) == 0, "no pipe");
  const pid_t child = fork();
  Require(child >= 0, "no child process");
  if (child == 0) {
    const uint64_t planned = RunModel(path, context, kv);
    _exit(write(ends[1], &planned, sizeof planned) == ssize_t(sizeof planned) ? 0 : 1);
  }
  close(ends[1]);
  Peak peak;
  const bool told = read(ends[0], &peak.planned_bytes, sizeof peak.planned_bytes) == ssize_t(sizeof peak.planned_bytes);
  close(ends[0]);
  int status = 0;
  rusage usage{};
  Require(wait4(child, &status, 0, &usage) == child && status == 0 && told, "the child failed");
  peak.resident_bytes = uint64_t(usage.ru_maxrss) * 1024;
  return peak;
}

void Measure(benchmark::State& state, const std::string& path, backend::KvType kv) {
  Peak peak;
  for (auto _ : state) peak = MeasureInChild(path, uint32_t(state.range(0)), kv);
  Require(peak.planned_bytes > 0, "no plan");
  state.counters["peak_MB"] = double(peak.resident_bytes) / 1e6;
  state.counters["plan_MB"] = double(peak.planned_bytes) / 1e6;
}

void RegisterModel(const std::string& name, const std::string& path, const std::vector<int64_t>& contexts) {
  const std::pair<const char*, backend::KvType> kinds[] = {{"f16", backend::KvType::kF16},
                                                           {"q8", backend::KvType::kQ8}};
  for (const auto& [kind, type] : kinds) {
    auto* one = benchmark::RegisterBenchmark((name + "/" + kind).c_str(), Measure, path, type);
    one->ArgName("context")->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);
    for (const int64_t context : contexts) one->Arg(context);
  }
}

}  // namespace
}  // namespace sterna::bench

int main(int argc, char** argv) {
  using sterna::bench::RegisterModel;
  RegisterModel("built_in", sterna::bench::BuiltInModel(), {64, 256});
  RegisterModel("tiny", STERNA_TEST_DATA "/models/b158-tiny.i2_s.gguf", {64, 256});
  benchmark::Initialize(&argc, argv);
  // Models of your own follow the flags: memory_usage [FLAGS] FILE.gguf ...
  for (int i = 1; i < argc; ++i) RegisterModel(argv[i], argv[i], {256, 1024, 4096});
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
