// SPDX-License-Identifier: Apache-2.0
#include "engine/text_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/engine/tiny_engine.h"

namespace sterna::engine {
namespace {

using ::testing::ElementsAre;

class TextOutputTest : public ::testing::Test {
 protected:
  // Pushes the tokens of `text` one by one, as long as no stop string was found.
  void Stream(TextOutput& output, std::string_view text) {
    const auto ids = engine_->tokenizer().Encode(text, /*trusted=*/true, /*add_special=*/false).value();
    for (const text::TokenId id : ids) {
      if (!output.Push(id)) break;
    }
  }
  TextOutput Make(std::vector<std::string> stops = {}) {
    return TextOutput(engine_->tokenizer(), std::move(stops),
                      [this](std::string_view part) { parts_.emplace_back(part); });
  }
  std::unique_ptr<Engine> engine_ = LoadTiny();
  std::vector<std::string> parts_;
};

TEST_F(TextOutputTest, ShowsWholeCharactersOnly) {
  TextOutput output = Make();
  Stream(output, "\xE2\x82\xAC!");  // three tokens of a byte each, then one
  output.Finish();
  EXPECT_THAT(parts_, ElementsAre("\xE2\x82\xAC", "!"));
  EXPECT_EQ(output.text(), "\xE2\x82\xAC!");
}

TEST_F(TextOutputTest, ReplacesAnUnfinishedCharacterAtTheEnd) {
  TextOutput output = Make();
  const auto ids = engine_->tokenizer().Encode("\xE2\x82\xAC", true, false).value();
  output.Push(ids[0]);
  output.Finish();
  EXPECT_EQ(output.text(), "\xEF\xBF\xBD");
}

TEST_F(TextOutputTest, CutsAtAStopStringThatSpansTokens) {
  TextOutput output = Make({"zqz"});
  Stream(output, "abzqzcd");
  output.Finish();
  EXPECT_TRUE(output.stopped());
  EXPECT_EQ(output.text(), "ab");
}

TEST_F(TextOutputTest, ShowsAHeldBackBeginningOfAStopStringAtTheEnd) {
  TextOutput output = Make({"zqz"});
  Stream(output, "abzq");
  EXPECT_EQ(output.text(), "ab");
  output.Finish();
  EXPECT_FALSE(output.stopped());
  EXPECT_EQ(output.text(), "abzq");
}

TEST_F(TextOutputTest, ShowsNothingForControlTokens) {
  TextOutput output = Make();
  Stream(output, "a<|eot_id|>b");
  output.Finish();
  EXPECT_EQ(output.text(), "ab");
}

}  // namespace
}  // namespace sterna::engine
