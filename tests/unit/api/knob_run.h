// SPDX-License-Identifier: Apache-2.0
//
// One run of the built-in model under a configuration, and what can be seen of it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "api/engine_options.h"
#include "platform/worker_binding.h"
#include "unit/api/built_in.h"
#include "unit/api/pinned.h"

namespace sterna {

struct Observed {
  std::vector<text::TokenId> tokens;
  engine::LoadReport report;
  backend::CpuBackendCounters counters;
  uint32_t context_tokens = 0;
  std::vector<uint32_t> cpus_of_the_loop;
};

inline std::vector<text::TokenId> Prompt() {
  std::vector<text::TokenId> prompt;
  for (int i = 0; i < 200; ++i) prompt.push_back(300 + i % 50);
  return prompt;
}

// How full memory is, is the test's to say: nothing, where it does not.
inline Result<engine::EngineOptions> OptionsOf(const Config& config) {
  auto options = api::ToEngineOptions(Pinned(config));
  if (options.ok()) options->read_pressure = [] { return memory::PressureReading(); };
  return options;
}

inline Result<std::unique_ptr<engine::Engine>> Load(const Config& config, uint32_t max_sessions = 1) {
  auto options = OptionsOf(config);
  if (!options.ok()) return options.status();
  options->max_sessions = max_sessions;
  return engine::Engine::Load(kBuiltInModel, *options);
}

inline engine::GenerateRequest RequestOf(uint32_t tokens) {
  engine::GenerateRequest request;
  request.prompt = Prompt();
  request.sampling.temperature = 0;
  request.max_tokens = tokens;
  request.ignore_end_of_generation = true;
  return request;
}

inline Observed RunWith(const Config& config) {
  Observed run;
  const auto engine = Load(config).value();
  const auto session = engine->NewSession().value();
  engine::GenerateRequest request = RequestOf(8);
  request.on_token = [&](text::TokenId) { return run.cpus_of_the_loop = platform::CpusOfThisThread(), true; };
  run.tokens = session->Generate(request)->tokens;
  run.report = engine->report();
  run.counters = engine->Counters();
  run.context_tokens = session->context_tokens();
  return run;
}

// Changes one setting of a run and compares with the run that has none changed.
class KnobTest : public ::testing::Test {
 protected:
  // The run with config_: the same tokens, whatever else differs.
  Observed Changed() {
    Observed run = RunWith(config_);
    EXPECT_EQ(base_.tokens, run.tokens);
    return run;
  }

  static Config Base() {
    Config config;
    config.engine.thread_count = 2;
    return config;
  }
  static const Observed& BaseRun() {
    static const Observed observed = RunWith(Base());
    return observed;
  }
  const Observed& base_ = BaseRun();
  Config config_ = Base();
};

}  // namespace sterna
