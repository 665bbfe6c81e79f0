// SPDX-License-Identifier: Apache-2.0
#include "batch/csv.h"

#include <gmock/gmock.h>

namespace sterna::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<CsvRecord> ReadAll(std::string_view text) {
  CsvReader reader(text);
  std::vector<CsvRecord> records;
  while (auto record = reader.Next()) records.push_back(*std::move(record));
  return records;
}

TEST(CsvReader, TakesEveryKindOfLineEnd) {
  const auto records = ReadAll("a,b\r\nc,d\n\ne,f\rg,");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_THAT(records[0].cells, ElementsAre("a", "b"));
  EXPECT_THAT(records[1].cells, ElementsAre("c", "d"));
  EXPECT_THAT(records[2].cells, ElementsAre("e", "f"));
  EXPECT_THAT(records[3].cells, ElementsAre("g", ""));
}

TEST(CsvReader, QuotedCellsHoldCommasQuotesAndLineEnds) {
  const auto records = ReadAll("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\nnext,,\"\"\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0].cells, ElementsAre("a,b", "say \"hi\"", "two\nlines"));
  EXPECT_THAT(records[1].cells, ElementsAre("next", "", ""));
  EXPECT_EQ(records[0].line, 1u);
  EXPECT_EQ(records[1].line, 3u);
}

TEST(CsvReader, NamesTheLineOfAQuoteWithoutEnd) {
  const auto records = ReadAll("a\n\"b\nc\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_TRUE(records[0].status.ok());
  EXPECT_THAT(records[1].status.message(), HasSubstr("line 2 does not end"));
}

TEST(CsvReader, TextBehindAQuoteIsAFaultOfItsLineAlone) {
  const auto records = ReadAll("\"a\"b,c\nd,e\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].status.code(), StatusCode::kCorrupt);
  EXPECT_TRUE(records[1].status.ok());
  EXPECT_THAT(records[1].cells, ElementsAre("d", "e"));
}

TEST(CsvReader, AnyBytesEnd) {
  for (const char* text : {"", "\"", "\"\"", ",", "\"\",", "\r", "\n\n", "\"a\"\"", "\xff\xfe"}) {
    EXPECT_LE(ReadAll(text).size(), 1u) << text;
  }
}

TEST(CsvReader, ReadsWhatCsvLineWrites) {
  const std::vector<std::string> cells = {"", "plain", "a,b", "\"", "\r\n", " edge ", std::string("nul\0", 4), "\xff"};
  const auto records = ReadAll(CsvLine(cells) + CsvLine({""}));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].cells, cells);
  EXPECT_THAT(records[1].cells, ElementsAre(""));
}

}  // namespace
}  // namespace sterna::batch
