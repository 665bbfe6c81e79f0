// SPDX-License-Identifier: Apache-2.0
#include "golden/golden_case.h"

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

namespace sterna::golden {
namespace {

constexpr uint32_t kContinuation = 8;

engine::GenerateRequest GreedyRequest(const std::vector<text::TokenId>& ids, uint32_t count) {
  engine::GenerateRequest request;
  request.prompt = ids;
  request.max_tokens = count;
  request.sampling.temperature = 0;
  request.ignore_end_of_generation = true;
  return request;
}

}  // namespace

const std::vector<std::string>& GoldenNames() {
  static const std::vector<std::string> names = {"b158-tiny",    "b158-odd",   "bitnet-silu", "bitnet-silu-gqa",
                                                 "b158-q6_k",    "b158-q8_0",  "b158-q4_0",   "b158-bf16",
                                                 "llama-b158",   "qwen3-b158", "qwen3-inner", "gemma3-inner",
                                                 "gemma3-dense", "qwen3-wide", "gemma3-wide"};
  return names;
}

GoldenCase LoadGolden(const std::string& name) {
  const std::string folder = std::string(STERNA_TEST_DATA) + "/goldens/";
  std::ifstream file(folder + name + ".json");
  const nlohmann::json json = nlohmann::json::parse(file);
  GoldenCase golden;
  golden.name = name;
  json.at("models").get_to(golden.models);
  const std::string flag = json.at("ffn_act_flag");
  if (flag == "silu") golden.model_options.ffn_activation = model::ModelOptions::FfnActivation::kSilu;
  if (flag == "relu2") golden.model_options.ffn_activation = model::ModelOptions::FfnActivation::kRelu2;
  json.at("ids").get_to(golden.ids);
  json.at("positions").get_to(golden.positions);
  golden.logits = testing::ReadNpy(folder + std::string(json.at("logits")));
  golden.logit_std = json.at("logit_std");
  json.at("greedy").get_to(golden.greedy);
  return golden;
}

std::string ModelPath(const std::string& file) { return std::string(STERNA_TEST_DATA) + "/models/" + file; }

engine::EngineOptions OptionsFor(const GoldenCase& golden) {
  engine::EngineOptions options;
  options.threads = 1;
  options.context_tokens = 256;
  options.kv_type = backend::KvType::kF32;
  options.model = golden.model_options;
  return options;
}

std::unique_ptr<engine::Engine> LoadOrThrow(const std::string& file, const engine::EngineOptions& options) {
  return engine::Engine::Load(ModelPath(file), options).value();
}

std::vector<float> PromptLogits(engine::Engine& engine, const std::vector<text::TokenId>& ids) {
  std::vector<float> all;
  engine::GenerateRequest request = GreedyRequest(ids, 0);
  request.on_prompt_logits = [&](uint32_t, std::span<const float> logits) {
    all.insert(all.end(), logits.begin(), logits.end());
  };
  const auto session = engine.NewSession().value();
  (void)session->Generate(request).value();
  return all;
}

std::vector<text::TokenId> GreedyTokens(engine::Engine& engine, const std::vector<text::TokenId>& ids, uint32_t count) {
  const auto session = engine.NewSession().value();
  return session->Generate(GreedyRequest(ids, count)).value().tokens;
}

bool Outcome::operator==(const Outcome& other) const {
  return tokens == other.tokens && logits.size() == other.logits.size() &&
         std::memcmp(logits.data(), other.logits.data(), logits.size() * sizeof(float)) == 0;
}

Outcome RunPrompt(engine::Engine& engine, const std::vector<text::TokenId>& ids) {
  return {PromptLogits(engine, ids), GreedyTokens(engine, ids, kContinuation)};
}

}  // namespace sterna::golden
