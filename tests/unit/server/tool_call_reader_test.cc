// SPDX-License-Identifier: Apache-2.0
#include "server/tool_call_reader.h"

#include <gtest/gtest.h>

namespace sterna::server {
namespace {

constexpr std::string_view kAnswer =
    "I <look>.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"at\": \"}</tool_call>\"}}\n</tool_call>\n"
    "<tool_call>\n{\"name\": \"clock\", \"arguments\": {}}\n</tool_call>";

// What `answer` gives in pieces of some size.
ToolCallReader::Gain Read(std::string_view answer, size_t piece_bytes) {
  ToolCallReader reader;
  ToolCallReader::Gain all;
  for (size_t at = 0; at <= answer.size(); at += piece_bytes) {
    const ToolCallReader::Gain gain =
        reader.Push(answer.substr(at, piece_bytes), /*last=*/at + piece_bytes > answer.size());
    all.text += gain.text;
    for (const ToolCall& part : gain.calls) {
      if (part.index == all.calls.size()) all.calls.push_back({part.index, part.name, {}});
      all.calls[part.index].arguments += part.arguments;
    }
  }
  return all;
}

TEST(ToolCallReader, TellsTextAndCallsApartHoweverTheyCome) {
  for (size_t piece_bytes = 1; piece_bytes <= kAnswer.size() + 1; ++piece_bytes) {
    const ToolCallReader::Gain all = Read(kAnswer, piece_bytes);
    EXPECT_EQ(all.text, "I <look>.\n");
    ASSERT_EQ(all.calls.size(), 2u) << piece_bytes;
    EXPECT_EQ(all.calls[0].name, "weather");
    EXPECT_EQ(all.calls[0].arguments, "{\"at\": \"}</tool_call>\"}");
    EXPECT_EQ(all.calls[1].name, "clock");
    EXPECT_EQ(all.calls[1].arguments, "{}");
  }
}

TEST(ToolCallReader, AnAnswerThatIsCutOffLosesNoText) {
  for (size_t bytes = 0; bytes <= kAnswer.find("<tool"); ++bytes) {
    EXPECT_EQ(Read(kAnswer.substr(0, bytes), 3).text, kAnswer.substr(0, bytes));
  }
  EXPECT_EQ(Read("a <tool_cal", 4).text, "a <tool_cal");
  const ToolCallReader::Gain cut = Read(kAnswer.substr(0, kAnswer.find("</tool")), 4);
  ASSERT_EQ(cut.calls.size(), 1u);
  EXPECT_EQ(cut.calls[0].arguments, "{\"at\": \"}");
}

TEST(ToolCallReader, TellsWhatIsCertainAtOnce) {
  ToolCallReader reader;
  EXPECT_EQ(reader.Push("a <", false).text, "a ");
  EXPECT_EQ(reader.Push("b", false).text, "<b");
  EXPECT_EQ(reader.Push("<tool_call>\n{\"name\": \"f\", \"argum", false).calls.size(), 0u);
  EXPECT_EQ(reader.Push("ents\": {\"a", false).calls.at(0).arguments, "{\"a");
  EXPECT_EQ(reader.Push("b\":1}}", false).calls.at(0).arguments, "b\":1}");
}

}  // namespace
}  // namespace sterna::server
