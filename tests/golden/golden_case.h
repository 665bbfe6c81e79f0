// SPDX-License-Identifier: Apache-2.0
//
// The tiny models of tests/data and what the oracle says of them (tests/data/README.md), and ways to run them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "support/npy.h"

namespace sterna::golden {

struct GoldenCase {
  std::string name;
  std::vector<std::string> models;  // file names that must all give these logits
  model::ModelOptions model_options;
  std::vector<text::TokenId> ids;  // the prompt
  std::vector<size_t> positions;   // logits.row(i) is of the position positions[i]
  testing::NpyArray logits;
  double logit_std = 0;
  std::vector<text::TokenId> greedy;
};

const std::vector<std::string>& GoldenNames();
GoldenCase LoadGolden(const std::string& name);
std::string ModelPath(const std::string& file);

// Options for a comparison with the oracle: float32 KV, one thread, and what the golden says of the activation.
engine::EngineOptions OptionsFor(const GoldenCase& golden);
// Loads or stops the test with the reason.
std::unique_ptr<engine::Engine> LoadOrThrow(const std::string& file, const engine::EngineOptions& options);

// Logits of every position of `ids`, [positions][vocabulary], run as one prompt in a new session.
std::vector<float> PromptLogits(engine::Engine& engine, const std::vector<text::TokenId>& ids);
// The greedy continuation of `ids`.
std::vector<text::TokenId> GreedyTokens(engine::Engine& engine, const std::vector<text::TokenId>& ids, uint32_t count);

// Logits and continuation in one, for tests that compare bits.
struct Outcome {
  std::vector<float> logits;
  std::vector<text::TokenId> tokens;
  bool operator==(const Outcome& other) const;  // logits by their bytes
};
Outcome RunPrompt(engine::Engine& engine, const std::vector<text::TokenId>& ids);

}  // namespace sterna::golden
