// SPDX-License-Identifier: Apache-2.0
#include "batch/read_rows.h"

#include <gmock/gmock.h>

#include <cmath>

namespace sterna::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Row> Rows(std::string_view text, FileFormat format, const Row& defaults = {}) {
  auto input = ReadRows(text, format, defaults);
  EXPECT_TRUE(input.ok()) << input.status().message();
  return input.ok() ? std::move(input->rows) : std::vector<Row>();
}

std::string FaultOf(std::string_view line) {
  const auto rows = Rows(line, FileFormat::kJsonLines);
  return rows.size() == 1 ? rows[0].status.message() : "not one row";
}

TEST(ReadRows, APromptPerLine) {
  const auto rows = Rows("\xef\xbb\xbfone\r\n\n  \ntwo \"x\"\nthree", FileFormat::kText);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].prompt, "one");
  EXPECT_EQ(rows[1].prompt, "two \"x\"");
  EXPECT_EQ(rows[2].prompt, "three");
}

TEST(ReadRows, TextLinesMayHoldAnyBytes) {
  const std::string bytes("a\0b\xff\n", 5);
  EXPECT_EQ(Rows(bytes, FileFormat::kText)[0].prompt, std::string("a\0b\xff", 4));
}

TEST(ReadRows, EveryFieldOfAnObjectArrives) {
  const auto rows = Rows(
      R"({"id":7,"prompt":"p","system":"s","max_tokens":3,"temperature":0.5,"top_k":1,"top_p":0.25,"min_p":0.125,)"
      R"("repeat_penalty":1.5,"frequency_penalty":-1,"presence_penalty":1,"penalty_window":9,"seed":18446744073709551615,)"
      R"("stop":["a","b"],"ignore_eos":true,"logit_bias":{"4":2,"5":"-inf"},"raw":true})",
      FileFormat::kJsonLines);
  ASSERT_EQ(rows.size(), 1u);
  const Row& row = rows[0];
  ASSERT_TRUE(row.status.ok()) << row.status.message();
  EXPECT_EQ(row.id->text, "7");
  EXPECT_TRUE(row.id->is_number);
  EXPECT_EQ(row.system, "s");
  EXPECT_TRUE(row.raw);
  EXPECT_EQ(row.request.max_tokens, 3u);
  EXPECT_TRUE(row.request.ignore_end_of_generation);
  EXPECT_THAT(row.request.stop_strings, ElementsAre("a", "b"));
  const sample::SamplingParams& s = row.request.sampling;
  EXPECT_EQ(s.temperature, 0.5f);
  EXPECT_EQ(s.top_k, 1u);
  EXPECT_EQ(s.top_p, 0.25f);
  EXPECT_EQ(s.min_p, 0.125f);
  EXPECT_EQ(s.repetition_penalty, 1.5f);
  EXPECT_EQ(s.frequency_penalty, -1.0f);
  EXPECT_EQ(s.presence_penalty, 1.0f);
  EXPECT_EQ(s.penalty_window_tokens, 9u);
  EXPECT_EQ(s.seed, UINT64_MAX);
  ASSERT_EQ(s.logit_bias.size(), 2u);
  EXPECT_EQ(s.logit_bias[0], (std::pair<int32_t, float>(4, 2.0f)));
  EXPECT_EQ(s.logit_bias[1], (std::pair<int32_t, float>(5, -INFINITY)));
}

TEST(ReadRows, WhatARowDoesNotSayIsTheDefault) {
  Row defaults;
  defaults.request.max_tokens = 11;
  defaults.request.stop_strings = {"x"};
  const auto rows = Rows(R"(["a",{"prompt":"b","stop":[],"max_tokens":null}])", FileFormat::kJson, defaults);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].request.max_tokens, 11u);
  EXPECT_THAT(rows[0].request.stop_strings, ElementsAre("x"));
  EXPECT_EQ(rows[1].request.max_tokens, 11u);
  EXPECT_THAT(rows[1].request.stop_strings, ElementsAre());
}

TEST(ReadRows, MessagesAndPartsOfThem) {
  const auto rows =
      Rows(R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"},)"
           R"({"type":"text","text":"b"}]},{"role":"assistant","content":"c"}]})",
           FileFormat::kJsonLines);
  ASSERT_TRUE(rows[0].status.ok()) << rows[0].status.message();
  ASSERT_EQ(rows[0].messages.size(), 3u);
  EXPECT_EQ(rows[0].messages[0].role, text::Role::kSystem);
  EXPECT_EQ(rows[0].messages[1].content, "ab");
  EXPECT_EQ(rows[0].messages[2].role, text::Role::kAssistant);
}

TEST(ReadRows, LinesOfOtherBatchFiles) {
  const auto rows =
      Rows(R"({"custom_id":"r1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","max_tokens":5,)"
           R"("messages":[{"role":"user","content":"q"}]}})"
           "\n"
           R"({"custom_id":"r2","method":"POST","url":"/v1/completions","body":{"prompt":"p"}})"
           "\n"
           R"({"custom_id":"r3","method":"POST","url":"/v1/embeddings","body":{"input":"p"}})",
           FileFormat::kJsonLines);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].id->text, "r1");
  EXPECT_EQ(rows[0].request.max_tokens, 5u);
  EXPECT_FALSE(rows[0].raw);
  EXPECT_EQ(rows[1].prompt, "p");
  EXPECT_TRUE(rows[1].raw);
  EXPECT_THAT(rows[2].status.message(), HasSubstr("line 3: 'url' must be"));
}

TEST(ReadRows, ABadLineIsThatRowsFaultAndNamesTheLine) {
  const auto rows = Rows("{\"prompt\":\"a\"}\n\n{\"prompt\":\n\"b\"\n", FileFormat::kJsonLines);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_TRUE(rows[0].status.ok());
  EXPECT_THAT(rows[1].status.message(), HasSubstr("line 3: broken JSON, column"));
  EXPECT_EQ(rows[2].prompt, "b");
}

TEST(ReadRows, WrongFieldsAreNamed) {
  EXPECT_THAT(FaultOf(R"({"prompt":5})"), HasSubstr("line 1: 'prompt' must be a text"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","text":"b"})"), HasSubstr("second prompt"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","max_tokens":-1})"), HasSubstr("'max_tokens' must be a whole number in 0.."));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","max_tokens":1.5})"), HasSubstr("'max_tokens'"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","max_tokens":4294967296})"), HasSubstr("'max_tokens'"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","temperature":"hot"})"), HasSubstr("'temperature' must be a number"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","temperature":1e300})"), HasSubstr("'temperature' must be a number"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","stop":[1]})"), HasSubstr("'stop' must be"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","logit_bias":{"x":1}})"), HasSubstr("'logit_bias' must be"));
  EXPECT_THAT(FaultOf(R"({"id":1.5,"prompt":"a"})"), HasSubstr("'id' must be"));
  EXPECT_THAT(FaultOf(R"({"messages":[]})"), HasSubstr("'messages' must be"));
  EXPECT_THAT(FaultOf(R"({"messages":[{"role":"bird","content":"x"}]})"), HasSubstr("role is system"));
  EXPECT_THAT(FaultOf(R"({"messages":[{"role":"user"}]})"), HasSubstr("content is a text"));
  EXPECT_THAT(FaultOf(R"({"id":"x"})"), HasSubstr("no 'prompt'"));
  EXPECT_THAT(FaultOf(R"({"prompt":"a","messages":[{"role":"user","content":"x"}]})"), HasSubstr("both"));
  EXPECT_THAT(FaultOf("[1]"), HasSubstr("a text or an object"));
  EXPECT_THAT(FaultOf("\"\xff\""), HasSubstr("broken JSON"));
  EXPECT_THAT(FaultOf(std::string(100000, '[')), HasSubstr("broken JSON"));
}

TEST(ReadRows, DeepNestingIsNoRecursion) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  for (const char* line :
       {R"({"prompt":"a","id":@})", R"({"messages":[{"role":"user","content":@}]})",
        R"({"messages":[{"role":@,"content":"x"}]})", R"({"prompt":"a","stop":[@]})",
        R"({"prompt":"a","logit_bias":{"1":@}})", R"({"custom_id":"x","url":@,"body":{"prompt":"a"}})",
        R"({"messages":[{"role":"user","content":[{"text":@}]}]})"}) {
    std::string text = line;
    text.replace(text.find('@'), 1, deep);
    EXPECT_THAT(FaultOf(text), HasSubstr("must be")) << line;
  }
  EXPECT_EQ(FaultOf(R"({"prompt":"a","unknown":)" + deep + "}"), "");
}

TEST(ReadRows, UnknownNamesAreTold) {
  const auto json = ReadRows(R"([{"prompt":"a","temprature":1,"output":"x","error":"y"}])", FileFormat::kJson, {});
  ASSERT_TRUE(json.ok());
  EXPECT_THAT(json->unknown_fields, ElementsAre("temprature"));
  const auto csv = ReadRows("label,prompt\nx,a\n", FileFormat::kCsv, {});
  ASSERT_TRUE(csv.ok());
  EXPECT_THAT(csv->unknown_fields, ElementsAre("label"));
}

TEST(ReadRows, ColumnsAreFields) {
  const auto rows = Rows(
      "\xef\xbb\xbfid,prompt,max_tokens,stop,messages\r\n"
      "1,\"a, b\",4,\"[\"\"x\"\",\"\"y\"\"]\",\r\n"
      "two,\"c\nd\",,.,\r\n"
      ",,,,\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"m\"\"}]\"\r\n"
      "4,e,many,,\r\n"
      "5,f\r\n",
      FileFormat::kCsv);
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0].id->text, "1");
  EXPECT_EQ(rows[0].prompt, "a, b");
  EXPECT_EQ(rows[0].request.max_tokens, 4u);
  EXPECT_THAT(rows[0].request.stop_strings, ElementsAre("x", "y"));
  EXPECT_EQ(rows[1].prompt, "c\nd");
  EXPECT_EQ(rows[1].request.max_tokens, 512u);
  EXPECT_THAT(rows[1].request.stop_strings, ElementsAre("."));
  EXPECT_FALSE(rows[2].id);
  ASSERT_EQ(rows[2].messages.size(), 1u);
  EXPECT_EQ(rows[2].messages[0].content, "m");
  EXPECT_THAT(rows[3].status.message(), HasSubstr("line 6: 'max_tokens' must be JSON"));
  EXPECT_THAT(rows[4].status.message(), HasSubstr("line 7: 2 cells, the first line has 5"));
}

TEST(ReadRows, FilesThatHoldNoRows) {
  EXPECT_THAT(ReadRows("", FileFormat::kText, {}).status().message(), HasSubstr("no rows"));
  EXPECT_THAT(ReadRows("[]", FileFormat::kJson, {}).status().message(), HasSubstr("no rows"));
  EXPECT_THAT(ReadRows("prompt\n", FileFormat::kCsv, {}).status().message(), HasSubstr("no rows"));
  EXPECT_THAT(ReadRows("{\"a\":[]}", FileFormat::kJson, {}).status().message(), HasSubstr("no list of rows"));
  EXPECT_THAT(ReadRows("[\"a\",\n}", FileFormat::kJson, {}).status().message(), HasSubstr("line 2"));
  EXPECT_THAT(ReadRows("name,value\n1,2\n", FileFormat::kCsv, {}).status().message(), HasSubstr("no column 'prompt'"));
  EXPECT_THAT(ReadRows("prompt,prompt\n1,2\n", FileFormat::kCsv, {}).status().message(), HasSubstr("twice"));
}

TEST(FormatOfFile, GoesByTheEndOfTheName) {
  EXPECT_EQ(FormatOfFile("a/b.txt"), FileFormat::kText);
  EXPECT_EQ(FormatOfFile("b.json"), FileFormat::kJson);
  EXPECT_EQ(FormatOfFile("b.jsonl"), FileFormat::kJsonLines);
  EXPECT_EQ(FormatOfFile("b.ndjson"), FileFormat::kJsonLines);
  EXPECT_EQ(FormatOfFile("b.csv"), FileFormat::kCsv);
  EXPECT_FALSE(FormatOfFile("-"));
  EXPECT_FALSE(FormatOfFile("b.parquet"));
}

}  // namespace
}  // namespace sterna::batch
