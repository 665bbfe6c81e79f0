// SPDX-License-Identifier: Apache-2.0
//
// Each setting of GenerationConfig changes an answer. The model is the built-in one; what it says by default is
// compared with what it says when one setting differs.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "unit/api/built_in.h"
#include "unit/api/pinned.h"

namespace sterna {
namespace {

constexpr char kPrompt[] = "What is a sparrow?";

class GenerationKnobs : public testing::Test {
 protected:
  // Hot enough that what is cut off matters.
  static GenerationConfig Hot() {
    GenerationConfig config;
    config.temperature = 2;
    config.top_k = 0;
    config.top_p = 1;
    config.max_length = 24;
    return config;
  }
  static const Model& BuiltIn() {
    static const Model model = LoadBuiltIn();
    return model;
  }
  static GenerationResult Answer(const GenerationConfig& generation) {
    Config config;
    config.generation = generation;
    return BuiltIn().generate(kPrompt, Pinned(config).generation).value();
  }
  static std::vector<int32_t> Tokens(const GenerationConfig& config) { return Answer(config).tokens; }
  static std::vector<int32_t> Changed(const std::function<void(GenerationConfig&)>& change) {
    GenerationConfig config = Hot();
    change(config);
    return Tokens(config);
  }

  const std::vector<int32_t> greedy_ = Tokens(Greedy(24));
  const std::vector<int32_t> hot_ = Tokens(Hot());
};

TEST_F(GenerationKnobs, temperature) {
  EXPECT_NE(greedy_, hot_);
  EXPECT_EQ(greedy_, Changed([](auto& c) { c.temperature = 0; }));
}

TEST_F(GenerationKnobs, do_sample) {
  EXPECT_EQ(greedy_, Changed([](auto& c) { c.do_sample = false; }));
}

TEST_F(GenerationKnobs, top_k) {
  EXPECT_EQ(greedy_, Changed([](auto& c) { c.top_k = 1; }));
}

TEST_F(GenerationKnobs, top_p) {
  EXPECT_EQ(greedy_, Changed([](auto& c) { c.top_p = 0; }));
}

TEST_F(GenerationKnobs, min_p) {
  EXPECT_EQ(greedy_, Changed([](auto& c) { c.min_p = 1; }));
}

TEST_F(GenerationKnobs, seed) {
  EXPECT_EQ(hot_, Changed([](auto& c) { c.seed = 0; }));
  EXPECT_NE(hot_, Changed([](auto& c) { c.seed = 1; }));
}

TEST_F(GenerationKnobs, max_length) {
  EXPECT_EQ(5u, Changed([](auto& c) { c.max_length = 5; }).size());
}

TEST_F(GenerationKnobs, stop_tokens) {
  GenerationConfig config = Greedy(24);
  const std::string whole = Answer(config).text;
  config.stop_tokens = {whole.substr(4, 3)};
  EXPECT_EQ(whole.substr(0, 4), Answer(config).text);
}

TEST_F(GenerationKnobs, repetition_penalty) {
  GenerationConfig config = Greedy(24);
  config.repetition_penalty = 100;
  EXPECT_NE(greedy_, Tokens(config));
}

TEST_F(GenerationKnobs, frequency_penalty) {
  EXPECT_NE(hot_, Changed([](auto& c) { c.frequency_penalty = -2; }));
}

TEST_F(GenerationKnobs, presence_penalty) {
  EXPECT_NE(hot_, Changed([](auto& c) { c.presence_penalty = -2; }));
}

TEST_F(GenerationKnobs, penalty_window) {
  const auto with_window = [](uint32_t window) {
    GenerationConfig config = Greedy(24);
    config.repetition_penalty = 100;
    config.penalty_window = window;
    return Tokens(config);
  };
  EXPECT_NE(with_window(1), with_window(0));
}

// The answer stays the same; guesses that were right spare steps.
TEST_F(GenerationKnobs, speculate) {
  const auto steps = [](uint32_t speculate) {
    Config config;
    config.engine.enable_monitoring = true;
    config.generation = Greedy(24);
    config.generation.speculate = speculate;
    InferenceEngine engine = InferenceEngine::with_config(Pinned(config)).value();
    const Model model = engine.load_model(kBuiltInModel).value();
    const auto tokens =
        model.generate("A sparrow is a bird. A sparrow is a bird. A sparrow is", engine.config().generation)->tokens;
    const auto report = nlohmann::json::parse(engine.generate_report().value());
    return std::pair(tokens, report["rows"].get<uint64_t>());
  };
  const auto alone = steps(0), guessed = steps(7);
  EXPECT_EQ(alone.first, guessed.first);
  EXPECT_NE(alone.second, guessed.second);
}

}  // namespace
}  // namespace sterna
