// SPDX-License-Identifier: Apache-2.0
//
// Requests with a constraint: what they draw is what masking every row of logits before the draw would give.
#include "engine/constrained_draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

constexpr const char* kWords = "root ::= word (\" \" word){2,12} \".\"\nword ::= [a-z]{1,9}";
constexpr const char* kSchema =
    R"({"type":"object","properties":{"name":{"type":"string","maxLength":12},"n":{"type":"integer"},
    "tags":{"type":"array","items":{"enum":["red","green","blue"]},"maxItems":3}},"required":["name","n","tags"]})";

std::shared_ptr<const grammar::Constraint> Constrain(Engine& engine, const Result<grammar::Syntax>& syntax) {
  return engine.Constrain(grammar::Automaton::Compile(syntax.value()).value()).value();
}

GenerateRequest Request(std::shared_ptr<const grammar::Constraint> constraint, uint64_t seed, float temperature) {
  GenerateRequest request;
  request.prompt = PlainPrompt(9, text::TokenId(seed + 1));
  request.constraint = std::move(constraint);
  request.max_tokens = 80;
  request.sampling.seed = seed;
  request.sampling.temperature = temperature;
  return request;
}

std::string TextOf(const Engine& engine, const std::vector<text::TokenId>& tokens) {
  std::string text;
  for (const text::TokenId token : tokens) text += engine.tokenizer().TokenBytes(token);
  return text;
}

// The same answer by hand: all logits of the text so far, those banned that are not allowed, one draw.
std::vector<text::TokenId> ByHand(Engine& engine, const GenerateRequest& request) {
  const auto session = engine.NewSession().value();
  grammar::Matcher matcher(request.constraint);
  EXPECT_TRUE(matcher.Begin().ok());
  sample::Sampler sampler(engine.tokenizer().vocabulary_size());
  std::vector<text::TokenId> history = request.prompt, answer;
  GenerateRequest look;
  look.prompt = request.prompt;
  while (answer.size() < request.max_tokens && !matcher.MustEnd()) {
    std::vector<float> logits;
    look.max_tokens = 0;
    look.on_prompt_logits = [&](uint32_t, std::span<const float> row) { logits.assign(row.begin(), row.end()); };
    EXPECT_TRUE(session->Generate(look).ok());
    grammar::TokenSet allowed(logits.size());
    EXPECT_TRUE(matcher.Allowed(allowed).ok());
    for (size_t id = 0; id < logits.size(); ++id) {
      if (!allowed.Holds(text::TokenId(id))) logits[id] = -std::numeric_limits<float>::infinity();
    }
    const text::TokenId token = sampler.Draw(logits, request.sampling, {history, history.size(), 0}).value();
    if (engine.tokenizer().IsEndOfGeneration(token)) break;
    EXPECT_TRUE(matcher.Accept(token).ok());
    history.push_back(token);
    answer.push_back(token);
    look.prompt = {token};
  }
  return answer;
}

class Constrained : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> engine_ = LoadTiny();
};

TEST_F(Constrained, EqualsMaskingEveryLogit) {
  for (const auto& syntax : {grammar::ParseGbnf(kWords), grammar::ParseJsonSchema(kSchema)}) {
    const auto constraint = Constrain(*engine_, syntax);
    for (uint64_t seed = 0; seed < 6; ++seed) {
      GenerateRequest request = Request(constraint, seed, seed == 0 ? 0.0f : seed % 2 == 0 ? 0.8f : 2.0f);
      if (seed == 5) request.sampling.repetition_penalty = 1.3f;
      if (seed == 3) request.sampling.top_k = 0;
      const std::vector<text::TokenId> tokens = engine_->NewSession().value()->Generate(request).value().tokens;
      EXPECT_EQ(tokens, ByHand(*engine_, request)) << TextOf(*engine_, tokens);
    }
  }
}

TEST_F(Constrained, EveryHeadGivesTheSameTokens) {
  std::vector<std::vector<std::vector<text::TokenId>>> answers;
  for (const HeadChoice head : {HeadChoice::kExact, HeadChoice::kCertified, HeadChoice::kScreened}) {
    EngineOptions options = TinyOptions();
    options.head = head;
    const auto engine = LoadTiny(options);
    const auto constraint = Constrain(*engine, grammar::ParseJsonSchema(kSchema));
    auto& own = answers.emplace_back();
    for (uint64_t seed = 0; seed < 6; ++seed) {
      own.push_back(
          engine->NewSession().value()->Generate(Request(constraint, seed, seed == 0 ? 0.0f : 1.2f)).value().tokens);
    }
    const backend::CpuBackendCounters counters = engine->Counters();
    EXPECT_EQ(counters.head_whole < counters.head_outputs, head != HeadChoice::kExact);
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_EQ(answers[0], answers[2]);
}

TEST_F(Constrained, SpeculationChangesNothing) {
  const auto constraint = Constrain(*engine_, grammar::ParseGbnf("root ::= (\"ab\" | \"cd\" | \"e\"){8,30} \".\""));
  uint32_t guessed = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    GenerateRequest request = Request(constraint, seed, seed == 0 ? 0.0f : 0.7f);
    const GenerateResult plain = engine_->NewSession().value()->Generate(request).value();
    request.speculate_tokens = 7;
    const GenerateResult guessing = engine_->NewSession().value()->Generate(request).value();
    EXPECT_EQ(plain.tokens, guessing.tokens);
    EXPECT_EQ(plain.finish_reason, guessing.finish_reason);
    guessed += guessing.timings.guessed_tokens;
  }
  EXPECT_GT(guessed, 0u);
}

TEST_F(Constrained, EndsWhereNothingCanFollow) {
  const auto constraint = Constrain(*engine_, grammar::ParseGbnf("root ::= \"yes\" | \"no\""));
  const auto session = engine_->NewSession().value();
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const GenerateResult result = session->Generate(Request(constraint, seed, 2.0f)).value();
    EXPECT_EQ(result.finish_reason, FinishReason::kStop);
    const std::string text = TextOf(*engine_, result.tokens);
    EXPECT_TRUE(text == "yes" || text == "no") << text;
  }
}

TEST_F(Constrained, FailsClosed) {
  GenerateRequest request = Request(Constrain(*engine_, grammar::ParseGbnf("root ::= \"a\" [a-z]*")), 1, 0.7f);
  request.ignore_end_of_generation = true;
  const auto session = engine_->NewSession().value();
  EXPECT_EQ(session->Generate(request).status().code(), StatusCode::kInvalidArgument);

  const std::string_view tokens[] = {"a", "b"};
  auto other = std::make_shared<const grammar::TokenTree>(tokens, std::vector<text::TokenId>{});
  request.ignore_end_of_generation = false;
  request.constraint = grammar::Constraint::Create(
                           grammar::Automaton::Compile(grammar::ParseGbnf("root ::= \"a\"").value()).value(), other)
                           .value();
  EXPECT_EQ(session->Generate(request).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(session->tokens().empty());

  // A bias that bans all that is allowed leaves nothing to draw: an error, and no free text.
  request.constraint = Constrain(*engine_, grammar::ParseGbnf("root ::= \"a\""));
  for (size_t id = 0; id < engine_->tokenizer().vocabulary_size(); ++id) {
    request.sampling.logit_bias.emplace_back(text::TokenId(id), -std::numeric_limits<float>::infinity());
  }
  EXPECT_FALSE(session->Generate(request).ok());
}

}  // namespace
}  // namespace sterna::engine
