// SPDX-License-Identifier: Apache-2.0
#include "batch/result_text.h"

#include <gmock/gmock.h>

namespace sterna::batch {
namespace {

using ::testing::HasSubstr;

// What batch writes is input again: every format into every other keeps ids, prompts and messages.
class RoundTrip : public ::testing::TestWithParam<FileFormat> {};

std::vector<Row> SampleRows() {
  std::vector<Row> rows(4);
  rows[0].prompt = "plain";
  rows[1].id = RowId{"a,\"b\"", false};
  rows[1].prompt = "quotes \" commas , lines\r\nand \xe2\x82\xac\xf0\x9f\x90\xa6 ";
  rows[2].messages = {{text::Role::kSystem, "s\n"}, {text::Role::kUser, "\"u\""}};
  rows[3].id = RowId{"x", false};
  rows[3].prompt = "[1]";
  return rows;
}

TEST_P(RoundTrip, KeepsRows) {
  const std::vector<Row> rows = SampleRows();
  std::vector<RowResult> results(rows.size(), {"out, \"put\"\n", "stop", 1, 2, 3, 4, ""});
  results[3] = {"", "", 0, 0, 0, 0, "failed, \"badly\""};
  const auto text = FormatResults(rows, results, {"m", 1, 0}, GetParam());
  ASSERT_TRUE(text.ok());
  const auto again = ReadRows(*text, GetParam(), {});
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_TRUE(again->unknown_fields.empty());
  ASSERT_EQ(again->rows.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = again->rows[i];
    EXPECT_TRUE(row.status.ok()) << i << row.status.message();
    EXPECT_EQ(row.prompt, rows[i].prompt);
    EXPECT_EQ(row.id ? row.id->text : "", rows[i].id ? rows[i].id->text : "");
    ASSERT_EQ(row.messages.size(), rows[i].messages.size());
    for (size_t k = 0; k < row.messages.size(); ++k) {
      EXPECT_EQ(row.messages[k].role, rows[i].messages[k].role);
      EXPECT_EQ(row.messages[k].content, rows[i].messages[k].content);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTrip,
                         ::testing::Values(FileFormat::kJson, FileFormat::kJsonLines, FileFormat::kCsv));

TEST(FormatResults, AFailedRowHasNoAnswer) {
  const auto text = FormatResults(SampleRows(), std::vector<RowResult>(4, {"", "", 0, 0, 0, 0, "why"}), {"m", 4, 0},
                                  FileFormat::kJsonLines);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("{\"index\":0,\"prompt\":\"plain\",\"error\":\"why\"}\n"));
}

TEST(FormatResults, BytesThatAreNoUtf8DoNotBreakJson) {
  std::vector<Row> rows(1);
  rows[0].prompt = "a\xff";
  const auto text = FormatResults(rows, std::vector<RowResult>(1), {"m", 0, 0}, FileFormat::kJson);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("a\xef\xbf\xbd"));
}

TEST(FormatResults, TextIsNoOutput) {
  EXPECT_EQ(FormatResults({}, {}, {}, FileFormat::kText).status().code(), StatusCode::kInvalidArgument);
}

TEST(ParseJournalLine, RefusesWhatIsNotWhole) {
  std::string line = JournalLine(3, {"x", "stop", 1, 2, 3, 4, ""});
  EXPECT_TRUE(ParseJournalLine(line));
  EXPECT_FALSE(ParseJournalLine(line.substr(0, line.size() / 2)));
  EXPECT_FALSE(ParseJournalLine("{\"index\":-1}"));
  EXPECT_FALSE(ParseJournalLine("[]"));
}

}  // namespace
}  // namespace sterna::batch
