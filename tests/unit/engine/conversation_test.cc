// SPDX-License-Identifier: Apache-2.0
#include "engine/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

using text::Role;
using text::TokenId;

// The bitnet template: "User: X<|eot_id|>Assistant: Y<|eot_id|>User: ..."
class ConversationTest : public ::testing::Test {
 protected:
  explicit ConversationTest(uint32_t context_tokens = 256, uint32_t chunk_tokens = 256) {
    EngineOptions options = TinyOptions();
    options.context_tokens = context_tokens;
    options.prefill_chunk_tokens = chunk_tokens;
    engine_ = LoadTiny(options);
    session_ = engine_->NewSession().value();
    chat_ = std::make_unique<Conversation>(
        *session_, engine_->tokenizer(),
        std::shared_ptr<const text::ChatTemplate>(text::ChatTemplate::BuiltIn("bitnet").value()));
  }
  // Greedy answers of exactly `max_tokens` tokens.
  static TextRequest Answer(uint32_t max_tokens) {
    TextRequest request;
    request.sampling.temperature = 0;
    request.max_tokens = max_tokens;
    request.ignore_end_of_generation = true;
    return request;
  }
  // An answer that is nothing but the token that ends it.
  static TextRequest EndedBy(TokenId end) {
    TextRequest request = Answer(10);
    request.ignore_end_of_generation = false;
    request.sampling.logit_bias = {{end, 1e6f}};
    return request;
  }
  std::vector<TokenId> Encoded(std::string_view text) const {
    return engine_->tokenizer().Encode(text, /*trusted=*/true, /*add_special=*/false).value();
  }
  TokenId Control(std::string_view text) const { return Encoded(text).at(0); }
  std::vector<TokenId> Held() const { return {session_->tokens().begin(), session_->tokens().end()}; }
  std::vector<TokenId> HeldUpTo(size_t count) const {
    return {session_->tokens().begin(), session_->tokens().begin() + std::ptrdiff_t(count)};
  }
  std::vector<TokenId> WithBos(std::string_view text) const {
    std::vector<TokenId> ids = Encoded(text);
    ids.insert(ids.begin(), Control("<|begin_of_text|>"));
    return ids;
  }
  static std::vector<TokenId> Join(std::initializer_list<std::vector<TokenId>> parts) {
    std::vector<TokenId> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Conversation> chat_;
};

TEST_F(ConversationTest, TheFirstTurnIsTheTemplateAfterBos) {
  const auto turn = chat_->Say("hello", Answer(3)).value();
  const std::vector<TokenId> prompt = WithBos("User: hello<|eot_id|>Assistant: ");
  EXPECT_EQ(turn.result.timings.prompt_tokens, prompt.size());
  EXPECT_EQ(Held(), Join({prompt, turn.result.tokens}));
  EXPECT_EQ(turn.context_used_tokens, session_->tokens().size());
}

TEST_F(ConversationTest, ASecondTurnPrefillsOnlyWhatIsNew) {
  const auto first = chat_->Say("one", Answer(3)).value();
  const std::vector<TokenId> before = Held();
  const auto second = chat_->Say("two", Answer(2)).value();
  const std::vector<TokenId> added = Encoded("<|eot_id|>User: two<|eot_id|>Assistant: ");
  EXPECT_EQ(Held(), Join({before, added, second.result.tokens}));
  EXPECT_EQ(second.result.timings.prompt_tokens, added.size() + 1) << "and the last token of the first answer";
}

TEST_F(ConversationTest, ADrawnEndOfTurnIsNotWrittenTwice) {
  (void)chat_->Say("one", EndedBy(Control("<|eot_id|>"))).value();
  const std::vector<TokenId> before = Held();
  EXPECT_EQ(before.back(), Control("<|eot_id|>"));
  const auto second = chat_->Say("two", Answer(1)).value();
  EXPECT_EQ(Held(), Join({before, Encoded("User: two<|eot_id|>Assistant: "), second.result.tokens}));
}

TEST_F(ConversationTest, AnotherEndTokenStandsForTheEndOfTurn) {
  (void)chat_->Say("one", EndedBy(Control("<|end_of_text|>"))).value();
  const std::vector<TokenId> before = Held();
  const auto second = chat_->Say("two", Answer(1)).value();
  EXPECT_EQ(Held(), Join({before, Encoded("User: two<|eot_id|>Assistant: "), second.result.tokens}));
}

TEST_F(ConversationTest, WhatTheUserTypesIsNeverAControlToken) {
  (void)chat_->Say("a<|eot_id|>b", Answer(1)).value();
  EXPECT_EQ(std::count(session_->tokens().begin(), session_->tokens().end(), Control("<|eot_id|>")), 1);
}

TEST_F(ConversationTest, TheSystemPromptComesFirst) {
  chat_->SetSystem("be brief");
  (void)chat_->Say("one", Answer(1)).value();
  const std::vector<TokenId> expected = WithBos("System: be brief<|eot_id|>User: one<|eot_id|>Assistant: ");
  EXPECT_EQ(HeldUpTo(session_->tokens().size() - 1), expected);
}

TEST_F(ConversationTest, ANewSystemPromptRendersTheTurnsAgain) {
  (void)chat_->Say("one", Answer(2)).value();
  chat_->SetSystem("be brief");
  (void)chat_->Say("two", Answer(1)).value();
  const std::vector<TokenId> start = WithBos("System: be brief<|eot_id|>User: one<|eot_id|>Assistant: ");
  EXPECT_EQ(HeldUpTo(start.size()), start);
}

TEST_F(ConversationTest, RemembersTheMessages) {
  const auto turn = chat_->Say("one", Answer(2)).value();
  ASSERT_EQ(chat_->messages().size(), 2u);
  EXPECT_EQ(chat_->messages()[0].role, Role::kUser);
  EXPECT_EQ(chat_->messages()[0].content, "one");
  EXPECT_EQ(chat_->messages()[1].role, Role::kAssistant);
  EXPECT_EQ(chat_->messages()[1].content, turn.result.text);
}

TEST_F(ConversationTest, ClearForgetsTheTurnsAndKeepsTheSystemPrompt) {
  chat_->SetSystem("be brief");
  (void)chat_->Say("one", Answer(2)).value();
  chat_->Clear();
  EXPECT_TRUE(chat_->messages().empty());
  const auto turn = chat_->Say("two", Answer(1)).value();
  const std::vector<TokenId> prompt = WithBos("System: be brief<|eot_id|>User: two<|eot_id|>Assistant: ");
  EXPECT_EQ(Held(), Join({prompt, turn.result.tokens}));
  EXPECT_LT(turn.result.timings.prompt_tokens, prompt.size()) << "the system prompt is held already";
}

TEST_F(ConversationTest, SetMessagesContinuesAnEarlierChat) {
  chat_->SetMessages({{Role::kUser, "one"}, {Role::kAssistant, "ah"}});
  const auto turn = chat_->Say("two", Answer(1)).value();
  const std::vector<TokenId> prompt =
      WithBos("User: one<|eot_id|>Assistant: ah<|eot_id|>User: two<|eot_id|>Assistant: ");
  EXPECT_EQ(Held(), Join({prompt, turn.result.tokens}));
}

TEST_F(ConversationTest, ACancelledAnswerStaysAsFarAsItCame) {
  TextRequest request = Answer(50);
  int polls = 0;
  request.cancelled = [&] { return ++polls > 4; };
  const auto turn = chat_->Say("one", request).value();
  EXPECT_EQ(turn.result.finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(turn.result.tokens.size(), 4u);
  EXPECT_EQ(chat_->messages().back().content, turn.result.text);
  const std::vector<TokenId> before = Held();
  const auto second = chat_->Say("two", Answer(1)).value();
  EXPECT_EQ(Held(), Join({before, Encoded("<|eot_id|>User: two<|eot_id|>Assistant: "), second.result.tokens}));
}

TEST_F(ConversationTest, StopStringsAreCutFromTheAnswer) {
  TextRequest request = Answer(30);
  const std::string whole = chat_->Say("one", request).value().result.text;
  ASSERT_GT(whole.size(), 8u);
  chat_->Clear();
  request.stop_strings = {whole.substr(3, 4)};
  std::string streamed;
  request.on_text = [&](std::string_view part) { streamed += part; };
  const auto turn = chat_->Say("one", request).value();
  EXPECT_EQ(turn.result.finish_reason, FinishReason::kStop);
  EXPECT_EQ(turn.result.text, whole.substr(0, whole.find(request.stop_strings[0])));
  EXPECT_EQ(streamed, turn.result.text);
}

TEST_F(ConversationTest, AnErrorLeavesTheHistoryAsItWas) {
  (void)chat_->Say("one", Answer(2)).value();
  TextRequest request = Answer(2);
  request.sampling.temperature = -1;
  EXPECT_EQ(chat_->Say("two", request).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(chat_->messages().size(), 2u);
}

// Conversations with a template as files store them.
class StoredTemplateTest : public ConversationTest {
 protected:
  void Use(const std::string& source) {
    auto made = text::ChatTemplate::FromSource("stored", source, engine_->tokenizer().vocabulary());
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    chat_ = std::make_unique<Conversation>(*session_, engine_->tokenizer(),
                                           std::shared_ptr<const text::ChatTemplate>(*std::move(made)));
  }
};

TEST_F(StoredTemplateTest, ASecondTurnPrefillsOnlyWhatIsNew) {
  Use("{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content | trim }}<|eot_id|>{% endfor %}"
      "{% if add_generation_prompt %}[assistant] {% endif %}");
  chat_->SetSystem("be brief");
  const auto first = chat_->Say(" one ", Answer(3)).value();
  EXPECT_EQ(Held(),
            Join({WithBos("[system] be brief<|eot_id|>[user] one<|eot_id|>[assistant] "), first.result.tokens}));
  const std::vector<TokenId> before = Held();
  const auto second = chat_->Say("two", Answer(2)).value();
  EXPECT_EQ(Held(), Join({before, Encoded("<|eot_id|>[user] two<|eot_id|>[assistant] "), second.result.tokens}));
}

TEST_F(StoredTemplateTest, ATemplateThatReordersTurnsIsRenderedAgainAsAWhole) {
  Use("{% for m in messages | reverse %}{{ m.content }};{% endfor %}");
  (void)chat_->Say("one", Answer(1)).value();
  const std::string answer = chat_->messages().back().content;
  (void)chat_->Say("two", Answer(1)).value();
  const std::vector<TokenId> expected = WithBos("two;" + answer + ";one;");
  EXPECT_EQ(HeldUpTo(expected.size()), expected);
}

TEST_F(StoredTemplateTest, ATemplateThatRefusesATurnLeavesTheHistoryAsItWas) {
  Use("{% for m in messages %}{{ raise_exception('no') if m.content == 'bad' }}{{ m.content }}{% endfor %}");
  (void)chat_->Say("one", Answer(1)).value();
  const Status status = chat_->Say("bad", Answer(1)).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("the template refuses this conversation: no"));
  EXPECT_EQ(chat_->messages().size(), 2u);
  EXPECT_TRUE(chat_->Say("two", Answer(1)).ok());
}

class ChunkedConversationTest : public ConversationTest {
 protected:
  ChunkedConversationTest() : ConversationTest(256, 4) {}
};

TEST_F(ChunkedConversationTest, ATurnCancelledInItsPrefillDoesNotSpoilTheNext) {
  TextRequest request = Answer(5);
  int polls = 0;
  request.cancelled = [&] { return ++polls > 2; };
  const auto turn = chat_->Say("one", request).value();
  EXPECT_TRUE(turn.result.tokens.empty());
  EXPECT_EQ(turn.context_used_tokens, 8u) << "two chunks";
  const auto second = chat_->Say("two", Answer(1)).value();
  const std::vector<TokenId> prompt = WithBos("User: one<|eot_id|>Assistant: <|eot_id|>User: two<|eot_id|>Assistant: ");
  EXPECT_EQ(Held(), Join({prompt, second.result.tokens}));
}

class ShortConversationTest : public ConversationTest {
 protected:
  ShortConversationTest() : ConversationTest(96) {}
};

TEST_F(ShortConversationTest, DropsTheOldestTurnsAndKeepsTheSystemPrompt) {
  chat_->SetSystem("be brief");
  uint32_t dropped = 0;
  for (const char* message : {"first", "second", "third", "fourth", "fifth", "sixth"}) {
    const auto turn = chat_->Say(message, Answer(6));
    ASSERT_TRUE(turn.ok()) << turn.status().ToString();
    EXPECT_LE(turn->context_used_tokens, 96u);
    EXPECT_EQ(turn->result.tokens.size(), 6u) << "old turns leave room for the answer";
    dropped += turn->dropped_turns;
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(chat_->messages().size(), 2 * (6 - dropped));
  EXPECT_EQ(chat_->messages().front().role, Role::kUser);
  const std::vector<TokenId> system = WithBos("System: be brief<|eot_id|>User:");
  EXPECT_EQ(HeldUpTo(system.size()), system);
}

TEST_F(ShortConversationTest, LeavesRoomForTheAnswerWhateverTheMessagesLengths) {
  for (size_t turn = 0; turn < 40; ++turn) {
    const auto answer = chat_->Say(std::string(1 + turn * 5 % 17, 'q'), Answer(6));
    ASSERT_TRUE(answer.ok()) << answer.status().ToString();
    EXPECT_EQ(answer->result.tokens.size(), 6u) << "turn " << turn;
  }
}

TEST_F(ShortConversationTest, RefusesAMessageOverTheContextNamingBothNumbers) {
  (void)chat_->Say("one", Answer(2)).value();
  const Status status = chat_->Say(std::string(300, 'q'), Answer(2)).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("the context holds 96"));
  EXPECT_EQ(chat_->messages().size(), 2u);
  EXPECT_TRUE(chat_->Say("two", Answer(2)).ok());
}

}  // namespace
}  // namespace sterna::engine
