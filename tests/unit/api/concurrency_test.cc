// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <thread>

#include "unit/api/built_in.h"

namespace sterna {
namespace {

TEST(ApiConcurrency, SixteenGenerationsGiveTheTokensOfSixteenSerialOnes) {
  Config config;
  config.engine.thread_count = 2;
  config.batch.max_batch_size = 4;  // so that some wait
  InferenceEngine engine = InferenceEngine::with_config(config).value();
  const Model model = engine.load_model(kBuiltInModel).value();
  const auto prompt_of = [](int i) { return "What is a " + std::string(i % 2 == 0 ? "sparrow" : "piano") + "?"; };
  const auto settings_of = [](int i) {
    GenerationConfig settings;
    settings.temperature = 1;
    settings.seed = uint64_t(i);
    settings.max_length = 6 + uint32_t(i);
    return settings;
  };
  std::vector<std::vector<int32_t>> serial;
  for (int i = 0; i < 16; ++i) serial.push_back(model.generate(prompt_of(i), settings_of(i))->tokens);

  std::vector<Generation> generations;
  for (int i = 0; i < 16; ++i) {
    generations.push_back(TextGenerator(engine, model, settings_of(i)).generate(prompt_of(i)));
  }
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(serial[i], generations[i].get()->tokens) << i;
}

TEST(ApiConcurrency, EnginesAndModelsComeAndGoOnManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 2; ++round) {
        InferenceEngine engine = InferenceEngine::with_config(EngineConfig{.thread_count = 1}).value();
        const Model model = engine.load_model(kBuiltInModel).value();
        EXPECT_TRUE(model.generate("What is a piano?", Greedy(2)).ok());
        EXPECT_TRUE(engine.clear_cache().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace sterna
