// SPDX-License-Identifier: Apache-2.0
#include "server/json_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sterna::server {
namespace {

TEST(JsonFields, OnlyObjectsAreBodies) {
  EXPECT_TRUE(ParseObject("{}").ok());
  for (const char* body : {"", "[]", "1", "{", "{} {}", "{\"a\":1e999}", "{\"a\":\"\xff\"}", "\"\\ud800\""}) {
    EXPECT_EQ(ParseObject(body).status().code(), StatusCode::kInvalidArgument) << body;
  }
}

TEST(JsonFields, DepthIsBoundedAndBracketsInStringsAreText) {
  const auto nested = [](size_t levels) {
    return "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_TRUE(ParseObject(nested(63)).ok());
  EXPECT_FALSE(ParseObject(nested(64)).ok());
  EXPECT_FALSE(ParseObject(std::string(1'000'000, '[')).ok());
  EXPECT_TRUE(ParseObject("{\"a\":\"\\\"" + std::string(1000, '[') + "\"}").ok());
}

TEST(JsonFields, NullAndMissingAreTheSame) {
  const Json body = {{"a", nullptr}};
  EXPECT_EQ(BoolField(body, "a").value(), std::nullopt);
  EXPECT_EQ(BoolField(body, "b").value(), std::nullopt);
}

TEST(JsonFields, NumbersKnowTheirRange) {
  const Json body = ParseObject(R"({"n":5,"x":0.5,"big":18446744073709551615,"text":"5","float":5.0})").value();
  EXPECT_EQ(IntegerField(body, "n", 0, 5).value(), 5);
  EXPECT_FALSE(IntegerField(body, "n", 0, 4).ok());
  EXPECT_FALSE(IntegerField(body, "big", 0, INT64_MAX).ok());
  EXPECT_FALSE(IntegerField(body, "text", 0, 9).ok());
  EXPECT_FALSE(IntegerField(body, "float", 0, 9).ok());
  EXPECT_EQ(NumberField(body, "x", 0, 1).value(), 0.5);
  EXPECT_EQ(NumberField(body, "n", 0, 9).value(), 5.0);
  const Status status = NumberField(body, "x", 1, 2).status();
  EXPECT_EQ(status.message(), "'x' must be a number from 1 to 2, not 0.5");
}

TEST(JsonFields, TextThatIsNoUtf8IsWrittenAsReplacements) {
  EXPECT_EQ(Dump({{"a", std::string("x\xff")}}), "{\"a\":\"x\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace sterna::server
