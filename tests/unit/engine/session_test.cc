// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "format/gguf_file.h"
#include "support/temporary_folder.h"
#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

using ::testing::HasSubstr;

class SessionTest : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> engine_ = LoadTiny();
  std::unique_ptr<Session> session_ = engine_->NewSession().value();
};

TEST_F(SessionTest, GeneratesAsManyTokensAsAsked) {
  const GenerateResult result = session_->Generate(GreedyRequest(PlainPrompt(10), 5)).value();
  EXPECT_EQ(result.tokens.size(), 5u);
  EXPECT_EQ(result.finish_reason, FinishReason::kLength);
  EXPECT_EQ(result.timings.prompt_tokens, 10u);
  EXPECT_EQ(result.timings.generated_tokens, 5u);
  EXPECT_LE(result.timings.prefill_ms, result.timings.first_token_ms);
  EXPECT_GT(result.timings.decode_ms, 0);
  EXPECT_EQ(session_->tokens().size(), 15u);
}

TEST_F(SessionTest, ZeroTokensOnlyPrefill) {
  const GenerateResult result = session_->Generate(GreedyRequest(PlainPrompt(10), 0)).value();
  EXPECT_TRUE(result.tokens.empty());
  EXPECT_EQ(result.finish_reason, FinishReason::kLength);
  EXPECT_EQ(session_->tokens().size(), 10u);
}

TEST_F(SessionTest, ContinuesAsIfAllHadBeenOnePrompt) {
  const std::vector<text::TokenId> prompt = PlainPrompt(100);
  const GenerateResult whole = engine_->NewSession().value()->Generate(GreedyRequest(prompt, 8)).value();
  (void)session_->Generate(GreedyRequest({prompt.begin(), prompt.begin() + 70}, 0)).value();
  const GenerateResult rest = session_->Generate(GreedyRequest({prompt.begin() + 70, prompt.end()}, 8)).value();
  EXPECT_EQ(rest.tokens, whole.tokens);
  EXPECT_EQ(rest.timings.prompt_tokens, 30u);
}

TEST_F(SessionTest, PrefillsTheLastDrawnTokenWithTheNextPrompt) {
  const GenerateResult first = session_->Generate(GreedyRequest(PlainPrompt(10), 3)).value();
  const GenerateResult second = session_->Generate(GreedyRequest(PlainPrompt(5, 9), 3)).value();
  EXPECT_EQ(second.timings.prompt_tokens, 6u);

  std::vector<text::TokenId> all = PlainPrompt(10);
  all.insert(all.end(), first.tokens.begin(), first.tokens.end());
  const std::vector<text::TokenId> more = PlainPrompt(5, 9);
  all.insert(all.end(), more.begin(), more.end());
  EXPECT_EQ(engine_->NewSession().value()->Generate(GreedyRequest(all, 3)).value().tokens, second.tokens);
}

TEST_F(SessionTest, TruncateForgetsTheTokensBehind) {
  const std::vector<text::TokenId> prompt = PlainPrompt(90);
  (void)session_->Generate(GreedyRequest(prompt, 20)).value();
  session_->Truncate(80);
  EXPECT_EQ(session_->tokens().size(), 80u);
  const GenerateResult again = session_->Generate(GreedyRequest({prompt.begin() + 80, prompt.end()}, 8)).value();
  EXPECT_EQ(again.timings.prompt_tokens, 10u);
  EXPECT_EQ(again.tokens, engine_->NewSession().value()->Generate(GreedyRequest(prompt, 8)).value().tokens);
}

TEST_F(SessionTest, GivesItsBlocksBack) {
  EXPECT_EQ(session_->KvBytes(), 0u);
  (void)session_->Generate(GreedyRequest(PlainPrompt(65), 1)).value();
  const uint64_t two_blocks = session_->KvBytes();
  EXPECT_GT(two_blocks, 0u);
  session_->Truncate(64);
  EXPECT_EQ(session_->KvBytes() * 2, two_blocks);
  session_->Truncate(0);
  EXPECT_EQ(session_->KvBytes(), 0u);
}

TEST_F(SessionTest, RefusesAnEmptyPrompt) {
  EXPECT_EQ(session_->Generate(GreedyRequest({}, 1)).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(SessionTest, RefusesIdsOutsideTheVocabulary) {
  for (const text::TokenId id : {-1, 288, INT32_MAX, INT32_MIN}) {
    const Status status = session_->Generate(GreedyRequest({1, id}, 1)).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("is not in 0..287"));
  }
  EXPECT_TRUE(session_->tokens().empty());
}

TEST_F(SessionTest, RefusesSamplingOutOfRange) {
  GenerateRequest request = GreedyRequest({1}, 1);
  request.sampling.temperature = 3;
  EXPECT_EQ(session_->Generate(request).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(SessionTest, RefusesAPromptOverTheContextNamingBothNumbers) {
  const Status status = session_->Generate(GreedyRequest(PlainPrompt(257), 1)).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("257 tokens does not fit the context of 256"));
}

TEST_F(SessionTest, RefusesAPromptThatExceedsTheContextTogetherWithWhatIsHeld) {
  (void)session_->Generate(GreedyRequest(PlainPrompt(200), 0)).value();
  const Status status = session_->Generate(GreedyRequest(PlainPrompt(57), 1)).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("57 tokens after 200 tokens does not fit the context of 256"));
  EXPECT_EQ(session_->tokens().size(), 200u);
  EXPECT_TRUE(session_->Generate(GreedyRequest(PlainPrompt(56), 1)).ok());
}

TEST_F(SessionTest, AFullContextEndsWithLength) {
  const GenerateResult result = session_->Generate(GreedyRequest(PlainPrompt(250), 100)).value();
  EXPECT_EQ(result.finish_reason, FinishReason::kLength);
  EXPECT_EQ(result.tokens.size(), 6u);
  EXPECT_EQ(session_->tokens().size(), 256u);
}

TEST_F(SessionTest, AnEndOfGenerationTokenStopsAndStaysInTheSession) {
  const text::TokenId end = engine_->tokenizer().vocabulary().end_of_generation.front();
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 10);
  request.ignore_end_of_generation = false;
  Force(request, end);
  size_t seen = 0;
  request.on_token = [&](text::TokenId) { return ++seen, true; };
  const GenerateResult result = session_->Generate(request).value();
  EXPECT_EQ(result.finish_reason, FinishReason::kStop);
  EXPECT_EQ(result.end_token, end);
  EXPECT_TRUE(result.tokens.empty());
  EXPECT_EQ(seen, 0u);
  EXPECT_EQ(session_->tokens().back(), end);
}

TEST_F(SessionTest, IgnoredEndOfGenerationTokensAreTokensLikeOthers) {
  const text::TokenId end = engine_->tokenizer().vocabulary().end_of_generation.front();
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 4);
  Force(request, end);
  const GenerateResult result = session_->Generate(request).value();
  EXPECT_EQ(result.tokens, std::vector<text::TokenId>(4, end));
  EXPECT_EQ(result.finish_reason, FinishReason::kLength);
}

TEST_F(SessionTest, TheTokenCallbackStopsTheAnswer) {
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 10);
  size_t seen = 0;
  request.on_token = [&](text::TokenId) { return ++seen < 4; };
  const GenerateResult result = session_->Generate(request).value();
  EXPECT_EQ(result.finish_reason, FinishReason::kStop);
  EXPECT_EQ(result.tokens.size(), 4u);
  EXPECT_EQ(session_->tokens().size(), 7u);
}

TEST_F(SessionTest, CancellingAnAnswerKeepsWhatWasDrawn) {
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 100);
  size_t seen = 0;
  request.on_token = [&](text::TokenId) { return ++seen, true; };
  request.cancelled = [&] { return seen == 5; };
  const GenerateResult result = session_->Generate(request).value();
  EXPECT_EQ(result.finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(result.tokens.size(), 5u);
  EXPECT_EQ(session_->tokens().size(), 8u);
}

TEST_F(SessionTest, CancellingAPrefillKeepsTheComputedPart) {
  EngineOptions options = TinyOptions();
  options.prefill_chunk_tokens = 16;
  const auto engine = LoadTiny(options);
  const auto session = engine->NewSession().value();
  GenerateRequest request = GreedyRequest(PlainPrompt(100), 5);
  size_t polls = 0;
  request.cancelled = [&] { return ++polls == 4; };
  const GenerateResult result = session->Generate(request).value();
  EXPECT_EQ(result.finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(session->tokens().size(), 48u);

  const std::vector<text::TokenId> prompt = PlainPrompt(100);
  const GenerateResult rest = session->Generate(GreedyRequest({prompt.begin() + 48, prompt.end()}, 5)).value();
  EXPECT_EQ(rest.tokens, engine->NewSession().value()->Generate(GreedyRequest(prompt, 5)).value().tokens);
}

TEST_F(SessionTest, PromptLogitsComeInOrderOncePerPosition) {
  (void)session_->Generate(GreedyRequest(PlainPrompt(10), 2)).value();
  std::vector<uint32_t> positions;
  GenerateRequest request = GreedyRequest(PlainPrompt(20, 3), 3);
  request.on_prompt_logits = [&](uint32_t position, std::span<const float> logits) {
    EXPECT_EQ(logits.size(), 288u);
    positions.push_back(position);
  };
  (void)session_->Generate(request).value();
  std::vector<uint32_t> expected(20);
  for (uint32_t i = 0; i < 20; ++i) expected[i] = 12 + i;
  EXPECT_EQ(positions, expected);
}

TEST_F(SessionTest, WatchingThePromptsLogitsChangesNoToken) {
  GenerateRequest request = GreedyRequest(PlainPrompt(20, 3), 5);
  const std::vector<text::TokenId> unwatched = session_->Generate(request).value().tokens;
  session_->Truncate(0);
  request.on_prompt_logits = [](uint32_t, std::span<const float>) {};
  EXPECT_EQ(session_->Generate(request).value().tokens, unwatched);
}

TEST_F(SessionTest, AnExceptionOfACallbackEndsOnlyItsRequest) {
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 10);
  request.on_token = [](text::TokenId) -> bool { throw std::runtime_error("no"); };
  EXPECT_EQ(session_->Generate(request).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(session_->Generate(GreedyRequest(PlainPrompt(3), 2)).ok());
}

TEST_F(SessionTest, TheSeedDecidesTheDraw) {
  GenerateRequest request = GreedyRequest(PlainPrompt(10), 12);
  request.sampling.temperature = 1.5f;
  request.sampling.seed = 7;
  const std::vector<text::TokenId> first = session_->Generate(request).value().tokens;
  session_->Truncate(0);
  EXPECT_EQ(session_->Generate(request).value().tokens, first);
  session_->Truncate(0);
  request.sampling.seed = 8;
  EXPECT_NE(session_->Generate(request).value().tokens, first);
}

TEST_F(SessionTest, RunningOutOfBlocksIsAnErrorOfTheRequest) {
  const auto other = engine_->NewSession().value();  // the engine has blocks for one full context
  (void)other->Generate(GreedyRequest(PlainPrompt(200), 0)).value();
  EXPECT_EQ(session_->Generate(GreedyRequest(PlainPrompt(65), 1)).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(session_->tokens().empty());
  EXPECT_TRUE(other->Generate(GreedyRequest(PlainPrompt(10), 1)).ok());
  other->Truncate(0);
  EXPECT_TRUE(session_->Generate(GreedyRequest(PlainPrompt(65), 1)).ok());
}

TEST_F(SessionTest, ADestroyedSessionLeavesItsBlocksToOthers) {
  auto other = engine_->NewSession().value();
  (void)other->Generate(GreedyRequest(PlainPrompt(250), 0)).value();
  other.reset();
  EXPECT_TRUE(session_->Generate(GreedyRequest(PlainPrompt(250), 1)).ok());
}

TEST_F(SessionTest, OutlivesItsEngineAndRefusesRequests) {
  (void)session_->Generate(GreedyRequest(PlainPrompt(3), 2)).value();
  engine_.reset();
  EXPECT_EQ(session_->Generate(GreedyRequest(PlainPrompt(3), 2)).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(session_->tokens().size(), 4u);
}

// Writes the tiny model with one token's kind changed.
void WriteWithTokenKind(const std::string& path, text::TokenId id, text::TokenKind kind) {
  std::ifstream in(TinyModelPath(), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const format::GgufFile file = format::GgufFile::Parse(std::as_bytes(std::span(bytes)), "m.gguf").value();
  const auto& kinds = std::get<format::GgufArray>(file.Find("tokenizer.ggml.token_type")->value);
  const size_t offset = size_t(reinterpret_cast<const char*>(kinds.data) - bytes.data()) + size_t(id) * sizeof(int32_t);
  bytes[offset] = char(kind);
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(Session, NeverDrawsATokenThatTheVocabularyCallsUnused) {
  const testing::TemporaryFolder folder;
  WriteWithTokenKind(folder.File("m.gguf"), 77, text::TokenKind::kUnused);
  const auto engine = Engine::Load(folder.File("m.gguf"), TinyOptions()).value();
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 4);
  Force(request, 77);
  EXPECT_THAT(engine->NewSession().value()->Generate(request).value().tokens, ::testing::Not(::testing::Contains(77)));
  Force(request, 78);
  EXPECT_THAT(engine->NewSession().value()->Generate(request).value().tokens, ::testing::Each(78));
}

TEST(Session, AFileThatShrinksWhileInUseEndsTheRequestWithAStatus) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.File("m.gguf");
  std::filesystem::copy_file(TinyModelPath(), path);
  EngineOptions options = TinyOptions();
  options.weights = WeightPlacement::kMapped;
  const auto engine = Engine::Load(path, options).value();
  const auto session = engine->NewSession().value();
  GenerateRequest request = GreedyRequest(PlainPrompt(3), 50);
  size_t seen = 0;
  request.on_token = [&](text::TokenId) {
    if (++seen == 3) std::filesystem::resize_file(path, 100);
    return true;
  };
  const Status status = session->Generate(request).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt) << status.ToString();
  EXPECT_EQ(seen, 3u);
  EXPECT_EQ(session->Generate(GreedyRequest(PlainPrompt(3), 1)).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace sterna::engine
