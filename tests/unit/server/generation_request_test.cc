// SPDX-License-Identifier: Apache-2.0
#include "server/generation_request.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "unit/server/tiny_api.h"

namespace sterna::server {
namespace {

class GenerationRequestTest : public ::testing::Test {
 protected:
  Result<GenerationRequest> Chat(Json fields) const {
    fields["messages"] = {{{"role", "user"}, {"content", "hello"}}};
    return ReadChatRequest(fields, api_.context);
  }
  TinyApi api_;
};

TEST_F(GenerationRequestTest, DefaultsAreThoseOfRun) {
  const GenerationRequest request = Chat({}).value();
  EXPECT_EQ(request.max_tokens, 512u);
  EXPECT_EQ(request.sampling.seed, 0u);
  EXPECT_EQ(request.sampling.temperature, sample::SamplingParams().temperature);
  EXPECT_EQ(request.model, "sterna");
  EXPECT_FALSE(request.stream);
  EXPECT_EQ(request.top_logprobs, std::nullopt);
}

TEST_F(GenerationRequestTest, FieldsAreTaken) {
  const GenerationRequest request = Chat({{"temperature", 0.5},
                                          {"top_p", 0.25},
                                          {"top_k", -1},
                                          {"min_p", 0.125},
                                          {"seed", UINT64_MAX},
                                          {"n", 3},
                                          {"stop", "END"},
                                          {"max_completion_tokens", 7},
                                          {"stream", true},
                                          {"stream_options", {{"include_usage", true}}},
                                          {"logprobs", true},
                                          {"top_logprobs", 2},
                                          {"model", "other"},
                                          {"repeat_last_n", -1}})
                                        .value();
  EXPECT_EQ(request.sampling.temperature, 0.5f);
  EXPECT_EQ(request.sampling.top_p, 0.25f);
  EXPECT_EQ(request.sampling.top_k, 0u);
  EXPECT_EQ(request.sampling.min_p, 0.125f);
  EXPECT_EQ(request.sampling.seed, UINT64_MAX);
  EXPECT_EQ(request.sampling.penalty_window_tokens, 0u);
  EXPECT_EQ(request.choices, 3u);
  EXPECT_EQ(request.stop_strings, std::vector<std::string>{"END"});
  EXPECT_EQ(request.max_tokens, 7u);
  EXPECT_TRUE(request.stream && request.include_usage);
  EXPECT_EQ(request.top_logprobs, 2u);
  EXPECT_EQ(request.model, "other");
}

TEST_F(GenerationRequestTest, BiasesInBothForms) {
  const auto biases = [&](const Json& value) { return Chat({{"logit_bias", value}}).value().sampling.logit_bias; };
  using Pairs = std::vector<std::pair<int32_t, float>>;
  EXPECT_EQ(biases({{"5", -1.5}}), (Pairs{{5, -1.5f}}));
  EXPECT_EQ(biases(Json::array({Json::array({5u, 2}), Json::array({6u, false})})), (Pairs{{5, 2.0f}, {6, -INFINITY}}));
  EXPECT_FALSE(Chat({{"logit_bias", {{"5x", 1}}}}).ok());
  EXPECT_FALSE(Chat({{"logit_bias", {{"5", true}}}}).ok());
}

TEST_F(GenerationRequestTest, MinusOneTokenMeansTheContext) {
  EXPECT_EQ(Chat({{"max_tokens", -1}}).value().max_tokens, api_.engine->context_tokens());
  EXPECT_FALSE(Chat({{"max_tokens", -2}}).ok());
}

TEST_F(GenerationRequestTest, ASeedOfMinusOneIsAnotherEachTime) {
  EXPECT_NE(Chat({{"seed", -1}}).value().sampling.seed, Chat({{"seed", -1}}).value().sampling.seed);
}

TEST_F(GenerationRequestTest, ContentsMayComeInParts) {
  const auto tokens = [&](const Json& content) {
    return ReadChatRequest({{"messages", {{{"role", "user"}, {"content", content}}}}}, api_.context)
        .value()
        .prompts.front()
        .tokens;
  };
  EXPECT_EQ(tokens({{{"type", "text"}, {"text", "hel"}}, {{"type", "text"}, {"text", "lo"}}}), tokens("hello"));
}

TEST_F(GenerationRequestTest, WhatAUserTypesIsNoControlToken) {
  const text::Tokenizer& tokenizer = api_.engine->tokenizer();
  const std::string control = "<|im_end|>";
  const auto request =
      ReadChatRequest({{"messages", {{{"role", "user"}, {"content", control}}}}}, api_.context).value();
  const auto plain = tokenizer.Encode(control, /*trusted=*/false, /*add_special=*/false).value();
  const auto& tokens = request.prompts.front().tokens;
  EXPECT_NE(std::search(tokens.begin(), tokens.end(), plain.begin(), plain.end()), tokens.end());
}

TEST_F(GenerationRequestTest, AModelWithoutATemplateHasNoChats) {
  const ApiContext context{*api_.engine, nullptr, api_.settings, api_.metrics, api_.constraints};
  const Json body = {{"messages", {{{"role", "user"}, {"content", "hello"}}}}};
  EXPECT_EQ(ReadChatRequest(body, context).status().code(), StatusCode::kUnsupported);
}

TEST_F(GenerationRequestTest, PromptsTimesChoicesAreBounded) {
  const Json prompts = std::vector<std::string>(10, "a");
  EXPECT_TRUE(ReadCompletionRequest({{"prompt", prompts}, {"n", 6}}, api_.context).ok());
  EXPECT_FALSE(ReadCompletionRequest({{"prompt", prompts}, {"n", 7}}, api_.context).ok());
}

}  // namespace
}  // namespace sterna::server
