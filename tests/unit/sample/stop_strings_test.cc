// SPDX-License-Identifier: Apache-2.0
#include "sample/stop_strings.h"

#include <random>

#include <gtest/gtest.h>

namespace sterna::sample {
namespace {

struct Shown {
  std::string text;
  bool stopped = false;
  bool operator==(const Shown&) const = default;
};

// Everything a matcher shows when the text comes in the given pieces.
Shown ShowAll(StopStringMatcher& matcher, const std::vector<std::string>& pieces) {
  Shown shown;
  for (const std::string& piece : pieces) {
    const auto output = matcher.Push(piece);
    shown.text += output.text;
    shown.stopped = output.stopped;
  }
  shown.text += matcher.Flush();
  return shown;
}

// The definition, on the whole text: the match that ends first, of these the longest.
Shown FindNaively(const std::vector<std::string>& stops, const std::string& text) {
  for (size_t end = 1; end <= text.size(); ++end) {
    for (size_t begin = 0; begin < end; ++begin) {
      const std::string candidate = text.substr(begin, end - begin);
      for (const std::string& stop : stops) {
        if (stop == candidate) return {text.substr(0, begin), true};
      }
    }
  }
  return {text, false};
}

TEST(StopStrings, ShowsTextWithoutStopsAtOnce) {
  StopStringMatcher matcher({"END"});
  EXPECT_EQ(matcher.Push("some text").text, "some text");
  EXPECT_EQ(matcher.Flush(), "");
}

TEST(StopStrings, HoldsBackWhatMayBecomeAStop) {
  StopStringMatcher matcher({"END"});
  EXPECT_EQ(matcher.Push("an E").text, "an ");
  EXPECT_EQ(matcher.Push("N").text, "");
  EXPECT_EQ(matcher.Push("T").text, "ENT");
  EXPECT_EQ(matcher.Push("EN").text, "");
  EXPECT_EQ(matcher.Flush(), "EN");
}

TEST(StopStrings, NeverShowsTheStopNorWhatFollows) {
  StopStringMatcher matcher({"END"});
  const auto output = matcher.Push("before END after");
  EXPECT_EQ(output.text, "before ");
  EXPECT_TRUE(output.stopped);
  EXPECT_EQ(matcher.Push("more").text, "");
  EXPECT_TRUE(matcher.Push("more").stopped);
  EXPECT_EQ(matcher.Flush(), "");
}

TEST(StopStrings, ShowsEverythingWhenOnlyEmptyStopsAreGiven) {
  StopStringMatcher matcher({"", ""});
  EXPECT_EQ(matcher.Push("text").text, "text");
}

TEST(StopStrings, FallsBackToAShorterPrefixOfTheSameStop) {
  StopStringMatcher matcher({"aab"});
  EXPECT_EQ(matcher.Push("aaa").text, "a");
  EXPECT_TRUE(matcher.Push("b").stopped);
}

TEST(StopStrings, TakesTheLongerOfTwoThatEndTogether) {
  StopStringMatcher matcher({"b", "ab"});
  EXPECT_EQ(matcher.Push("xa").text, "x");
  const auto output = matcher.Push("b");
  EXPECT_EQ(output.text, "");
  EXPECT_TRUE(output.stopped);
}

TEST(StopStrings, MeetTheDefinitionForEveryWayToCutTheText) {
  std::mt19937 generator(1);
  const auto draw_text = [&](size_t longest) {
    std::string text(generator() % longest, 'a');
    for (char& c : text) c = char('a' + generator() % 2);
    return text;
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> stops;
    for (size_t i = 0; i < 1 + generator() % 3; ++i) stops.push_back(draw_text(6));
    const std::string text = draw_text(14);
    const Shown expected = FindNaively(stops, text);
    for (size_t first = 0; first <= text.size(); ++first) {
      for (size_t second = first; second <= text.size(); ++second) {
        StopStringMatcher matcher(stops);
        const Shown shown =
            ShowAll(matcher, {text.substr(0, first), text.substr(first, second - first), text.substr(second)});
        ASSERT_EQ(shown.text, expected.text) << text << " cut at " << first << " and " << second;
        ASSERT_EQ(shown.stopped, expected.stopped) << text << " cut at " << first << " and " << second;
      }
    }
  }
}

TEST(StopStrings, TakesALongStopAndALongTextInLinearTime) {
  const std::string stop = std::string(1 << 20, 'a') + "b";
  StopStringMatcher matcher({stop});
  const auto output = matcher.Push(std::string(3 << 20, 'a'));
  EXPECT_EQ(output.text.size(), size_t(2) << 20);
  EXPECT_TRUE(matcher.Push("b").stopped);
}

}  // namespace
}  // namespace sterna::sample
