// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <future>
#include <thread>

#include "unit/api/built_in.h"

namespace sterna {
namespace {

class GenerationTest : public testing::Test {
 protected:
  Generation Start(uint32_t max_length = 16, std::function<void(std::string_view)> on_text = {}) {
    return TextGenerator(engine_, model_, Greedy(max_length)).generate("What is a sparrow?", std::move(on_text));
  }

  InferenceEngine engine_ = InferenceEngine::with_config(Config()).value();
  Model model_ = engine_.load_model(kBuiltInModel).value();
  const std::string expected_ = model_.generate("What is a sparrow?", Greedy())->text;
};

TEST_F(GenerationTest, GivesWhatTheBlockingFormGives) {
  Generation generation = Start();
  EXPECT_EQ(expected_, generation.get()->text);
  EXPECT_EQ(StatusCode::kFailedPrecondition, generation.get().status().code());
}

TEST_F(GenerationTest, GivesItsTextInPieces) {
  Generation generation = Start();
  std::string text;
  while (const std::optional<std::string> piece = generation.next()) text += *piece;
  EXPECT_EQ(expected_, text);
  EXPECT_EQ(expected_, generation.get()->text);
}

TEST_F(GenerationTest, GoesOnWithAConversation) {
  const std::vector<ChatMessage> conversation = {
      {Role::User, "What is a sparrow?"}, {Role::Assistant, expected_}, {Role::User, "What is a piano?"}};
  const GenerationResult result = model_.chat(conversation, Greedy()).value();
  EXPECT_EQ(result.tokens, TextGenerator(engine_, model_, Greedy()).chat(conversation).get()->tokens);
  const Model fresh = LoadBuiltIn();  // which has nothing of an earlier turn
  EXPECT_EQ(result.tokens, fresh.chat(conversation, Greedy())->tokens);
  GenerationConfig sampled;
  sampled.temperature = 2;
  sampled.max_length = 16;
  EXPECT_NE(model_.chat(conversation, sampled)->tokens, fresh.generate("What is a piano?", sampled)->tokens);
  EXPECT_EQ(expected_, model_.chat({{Role::User, "What is a sparrow?"}}, Greedy())->text);
}

TEST_F(GenerationTest, CallsBackWithEachPiece) {
  std::string text;
  Generation generation = Start(16, [&](std::string_view piece) { text += piece; });
  EXPECT_EQ(expected_, generation.get()->text);
  EXPECT_EQ(expected_, text);
  EXPECT_EQ(std::nullopt, generation.next());
}

TEST_F(GenerationTest, EndsWhenCancelled) {
  std::promise<void> begun;
  std::atomic<bool> told = false;
  Generation generation = Start(100'000, [&](std::string_view) {
    if (!told.exchange(true)) begun.set_value();
  });
  begun.get_future().wait();
  generation.cancel();
  const Result<GenerationResult> result = generation.get();
  ASSERT_TRUE(result.ok());
  // The answer may have ended by itself before it heard.
  EXPECT_TRUE(result->finish_reason == FinishReason::Cancelled || result->text == expected_ || !result->text.empty());
}

TEST_F(GenerationTest, MayBeForgottenAtAnyTime) {
  for (int i = 0; i < 8; ++i) {
    Generation generation = Start(1000);
    if (i % 2 == 1) static_cast<void>(generation.next());
  }
  Generation replaced = Start(1000);
  replaced = Start();
  EXPECT_EQ(expected_, replaced.get()->text);
}

TEST_F(GenerationTest, SaysWhetherItHasEnded) {
  Generation generation = Start();
  while (!generation.wait_for(ms(50))) {
  }
  EXPECT_TRUE(generation.await_ready());
  EXPECT_TRUE(generation.wait_for(ms(0)));
}

TEST_F(GenerationTest, TellsErrors) {
  GenerationConfig config;
  config.top_p = 2;
  Generation generation = TextGenerator(engine_, model_, config).generate("x");
  EXPECT_EQ(StatusCode::kInvalidArgument, generation.get().status().code());
}

// The least coroutine that can wait for something.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Task Await(TextGenerator generator, std::promise<std::string>& answer) {
  Generation generation = generator.generate("What is a sparrow?");
  Result<GenerationResult> result = co_await generation;
  answer.set_value(result.ok() ? result->text : result.status().ToString());
}

Task AwaitOn(TextGenerator generator, std::function<void(std::coroutine_handle<>)> executor,
             std::promise<std::thread::id>& where) {
  static_cast<void>(co_await generator.generate("What is a sparrow?").resume_on(std::move(executor)));
  where.set_value(std::this_thread::get_id());
}

TEST_F(GenerationTest, CanBeAwaited) {
  std::promise<std::string> answer;
  Await(TextGenerator(engine_, model_, Greedy()), answer);
  EXPECT_EQ(expected_, answer.get_future().get());
}

TEST_F(GenerationTest, GoesOnWhereTheExecutorSays) {
  std::promise<std::coroutine_handle<>> ready;
  std::promise<std::thread::id> where;
  AwaitOn(
      TextGenerator(engine_, model_, Greedy()), [&](std::coroutine_handle<> handle) { ready.set_value(handle); },
      where);
  auto went_on = where.get_future();
  auto handle = ready.get_future();
  // Either it waits for us, or it had ended before it was awaited.
  if (handle.wait_for(std::chrono::seconds(60)) == std::future_status::ready) handle.get().resume();
  EXPECT_EQ(std::this_thread::get_id(), went_on.get());
}

}  // namespace
}  // namespace sterna
