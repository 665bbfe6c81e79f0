// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "grammar/automaton.h"
#include "grammar/readings.h"

namespace sterna::grammar {
namespace {

using ::testing::HasSubstr;

class Texts {
 public:
  explicit Texts(const Syntax& syntax) : automaton_(Automaton::Compile(syntax).value()) {}
  bool Accept(std::string_view text) {
    Reader reader(automaton_, stacks_);
    ReadingSet set = reader.Close({{automaton_.begin(), kBase}}).value();
    for (const char byte : text) set = reader.Read(set, uint8_t(byte)).value();
    return set.ends;
  }

 private:
  Automaton automaton_;
  StackPool stacks_;
};

void Check(std::string_view schema, const std::vector<std::string>& yes, const std::vector<std::string>& no) {
  SCOPED_TRACE(schema);
  const auto syntax = ParseJsonSchema(schema);
  ASSERT_TRUE(syntax.ok()) << syntax.status().ToString();
  Texts texts(*syntax);
  for (const std::string& text : yes) EXPECT_TRUE(texts.Accept(text)) << text;
  for (const std::string& text : no) EXPECT_FALSE(texts.Accept(text)) << text;
}

TEST(JsonSchema, Types) {
  Check(R"({"type":"null"})", {"null"}, {"nul", "0", "\"null\""});
  Check(R"({"type":"boolean"})", {"true", "false"}, {"1", "\"true\""});
  Check(R"({"type":"integer"})", {"0", "-1", "12345"}, {"01", "1.0", "-", "1e3", "+1"});
  Check(R"({"type":"number"})", {"0", "-1.5", "1e3", "1.25E-10"}, {".5", "1.", "0x1", "NaN"});
  Check(R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1"});
  Check(R"({})", {"{}", "[1, [2]]", "\"x\"", "1", "null", "{\"a\": {\"b\":[]}}"}, {"", "{", "a", "{a:1}", "[1,]"});
  Check("true", {"1", "{}"}, {""});
  Check(R"({"title":"t","description":"d","default":1,"examples":[],"$schema":"x","x-order":1})", {"1"}, {});
}

TEST(JsonSchema, Strings) {
  Check(R"({"type":"string"})", {R"("")", R"("a\n\"\\\/\u00e9")", R"("\ud83d\ude00")", "\"\u00e9\u6d77\""},
        {R"(")", R"("\ud83d")", R"("\ude00")", R"("\x41")", "\"\n\"", "\"\xff\""});
  Check(R"({"type":"string","minLength":2,"maxLength":3})",
        {R"("ab")", "\"\u00e9\u6d77\U0001F600\"", R"("\ud83d\ude00\n")"}, {R"("a")", R"("abcd")", R"("\n")"});
  Check(R"({"enum":["red","g\"n","\u00e9",1,null,{"a":[1.50]}]})",
        {R"("red")", R"("g\"n")", "\"\u00e9\"", "1", "null", R"({"a":[1.50]})"}, {R"("re")", "red", "2"});
  Check(R"({"type":"string","enum":["a",1]})", {R"("a")"}, {"1"});
  Check(R"({"const":"x"})", {R"("x")"}, {R"("y")", "x"});
}

TEST(JsonSchema, Patterns) {
  Check(R"({"pattern":"^[A-Z]{2}-\\d+$"})", {R"("AB-1")", R"("ZZ-0099")"},
        {R"("A-1")", R"("AB-")", R"("xAB-1")", R"("AB-1x")"});
  Check(R"({"pattern":"b"})", {R"("b")", R"("abc")", R"("\nb")"}, {R"("")", R"("ac")"});
  Check(R"({"pattern":"^a|b$"})", {R"("a")", R"("ax")", R"("xb")"}, {R"("xa")", R"("bx")"});
  Check(R"({"pattern":"^(?:a|(b|c)d)*?\\.?$"})", {R"("")", R"("abdcd.")"}, {R"("b")", R"("a..")"});
  Check(R"({"pattern":"^[\"\\\\\\n]$"})", {R"("\"")", R"("\\")", R"("\n")"}, {R"(""")", R"("\")", R"("n")"});
  Check(R"({"pattern":"^\\w\\W\\s\\S.[^a]$"})", {R"("a- bcd")"}, {R"("a- bca")", R"("aab bcd")"});
  Check(R"({"pattern":"^\\u00e9\\x41[\\u4e00-\\u9fff]$"})", {"\"\u00e9A\u6d77\""}, {"\"\u00e9Aa\""});
}

TEST(JsonSchema, Formats) {
  Check(R"({"type":"string","format":"date"})", {R"("2024-02-29")", R"("2000-02-29")", R"("1999-12-31")"},
        {R"("2023-02-29")", R"("1900-02-29")", R"("2024-02-30")", R"("2024-04-31")", R"("2024-13-01")",
         R"("2024-00-10")"});
  Check(R"({"type":"string","format":"date-time"})", {R"("2024-02-29T23:59:59Z")", R"("2024-01-01T00:00:00.5+01:00")"},
        {R"("2024-01-01T24:00:00Z")", R"("2024-01-01T00:00:00")", R"("2024-01-01 00:00:00Z")"});
  Check(R"({"type":"string","format":"time"})", {R"("12:00:00Z")"}, {R"("12:60:00Z")"});
  Check(R"({"type":"string","format":"uuid"})", {R"("123e4567-e89b-12d3-a456-426614174000")"},
        {R"("123e4567e89b12d3a456426614174000")"});
  Check(R"({"type":"string","format":"ipv4"})", {R"("255.0.19.200")"},
        {R"("256.0.0.1")", R"("1.2.3")", R"("01.2.3.4")"});
}

TEST(JsonSchema, WholeNumbersBetweenBounds) {
  const auto check = [](int low, int high) {
    const std::string schema =
        "{\"type\":\"integer\",\"minimum\":" + std::to_string(low) + ",\"maximum\":" + std::to_string(high) + "}";
    Texts texts(ParseJsonSchema(schema).value());
    for (int i = -1200; i <= 1200; ++i)
      ASSERT_EQ(texts.Accept(std::to_string(i)), i >= low && i <= high) << schema << i;
    EXPECT_FALSE(texts.Accept("-0") || texts.Accept("007"));
  };
  const std::pair<int, int> cases[] = {{0, 9},  {0, 0},     {-3, 5},    {7, 1007},    {-1007, -7}, {99, 101},
                                       {-1, 0}, {123, 456}, {199, 200}, {1000, 1000}, {-250, 999}};
  for (const auto& [low, high] : cases) check(low, high);
  Check(R"({"type":"integer","exclusiveMinimum":3,"exclusiveMaximum":6})", {"4", "5"}, {"3", "6"});
  Check(R"({"type":"integer","minimum":2.5,"exclusiveMaximum":4.5})", {"3", "4"}, {"2", "5"});
  Check(R"({"minimum":0,"type":"integer"})", {"0", "9999999999999999"}, {"-1", "10000000000000000"});
}

TEST(JsonSchema, NumbersBetweenWholeBounds) {
  const auto check = [](const std::string& bounds, double low, bool above, double high, bool below) {
    Texts texts(ParseJsonSchema("{\"type\":\"number\"," + bounds + "}").value());
    for (int i = -300; i <= 300; ++i) {
      const double value = i / 20.0;
      char text[32];
      std::snprintf(text, sizeof text, i % 20 == 0 ? "%.0f" : "%.2f", value);
      const bool inside = (above ? value > low : value >= low) && (below ? value < high : value <= high);
      ASSERT_EQ(texts.Accept(text), inside) << bounds << " " << text;
    }
  };
  check(R"("minimum":0,"maximum":1)", 0, false, 1, false);
  check(R"("minimum":-2,"maximum":10)", -2, false, 10, false);
  check(R"("exclusiveMinimum":-2,"exclusiveMaximum":3)", -2, true, 3, true);
  check(R"("exclusiveMinimum":0)", 0, true, 1e9, false);
  check(R"("exclusiveMaximum":0)", -1e9, false, 0, true);
  check(R"("minimum":-7,"maximum":-3)", -7, false, -3, false);
  check(R"("exclusiveMinimum":-7,"exclusiveMaximum":-3)", -7, true, -3, true);
  check(R"("minimum":5,"maximum":5)", 5, false, 5, false);
}

TEST(JsonSchema, Objects) {
  constexpr const char* kPerson =
      R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"tag":{"type":"null"}},
    "required":["name"],"additionalProperties":false})";
  Check(kPerson,
        {R"({"name":"x"})", R"({ "name": "x", "age": 3})", R"({"name":"x","tag":null})",
         "{\n  \"name\": \"x\",\n  \"age\": 1,\n  \"tag\": null\n}"},
        {"{}", R"({"age":3})", R"({"age":3,"name":"x"})", R"({"name":"x",})", R"({"name":"x","other":1})",
         R"({"name":1})", R"({"name":"x","name":"y"})"});
  Check(R"({"properties":{"a":{"type":"null"},"b":{"type":"null"}}})",
        {"{}", R"({"a":null})", R"({"b":null})", R"({"a":null,"b":null})"},
        {R"({"b":null,"a":null})", R"({"c":null})", R"({,"b":null})"});
  Check(R"({"type":"object"})", {"{}", R"({"x":[1]})"}, {"[]"});
  Check(R"({"type":"object","properties":{"ab":{"type":"null"}},"additionalProperties":{"type":"integer"}})",
        {"{}", R"({"ab":null,"a":1,"abc":2,"b":3})", R"({"":1})", R"({"x":1})"},
        {R"({"ab":1})", R"({"x":null})", R"({"\u0061b":1})", R"({"x":1,"ab":2})"});
  Check(R"({"required":["k"],"additionalProperties":{"type":"integer"}})", {R"({"k":1})", R"({"k":1,"j":2})"},
        {"{}", R"({"j":2})"});
  Check(R"({"properties":{"a/b~\"":{"const":1}},"required":["a/b~\""]})", {R"({"a/b~\"":1})"}, {"{}"});
  Check(R"({"properties":{"a":false,"b":{"const":1}}})", {"{}", R"({"b":1})"}, {R"({"a":1})"});
}

TEST(JsonSchema, Arrays) {
  Check(R"({"type":"array","items":{"type":"integer"}})", {"[]", "[1]", "[1, 2,3]"}, {"[1,]", "[\"a\"]", "[,1]"});
  Check(R"({"type":"array","items":{"const":1},"minItems":2,"maxItems":3})", {"[1,1]", "[1,1,1]"},
        {"[]", "[1]", "[1,1,1,1]"});
  Check(R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"});
  Check(R"({"type":"array","minItems":1})", {"[{}]", "[1,\"a\"]"}, {"[]"});
  Check(R"({"prefixItems":[{"const":1},{"const":2}]})", {"[]", "[1]", "[1,2]"}, {"[2]", "[1,2,3]"});
  Check(R"({"prefixItems":[{"const":1},{"const":2}],"items":{"const":3},"minItems":1})", {"[1]", "[1,2,3,3]"},
        {"[]", "[1,3]"});
  Check(R"({"prefixItems":[{"const":1}],"items":false,"minItems":1})", {"[1]"}, {"[]", "[1,1]"});
  Check(R"({"prefixItems":[{"const":1}],"minItems":3})", {"[1,null,{}]"}, {"[1,2]"});
}

TEST(JsonSchema, Combinations) {
  Check(R"({"anyOf":[{"type":"integer"},{"const":"x"}]})", {"1", "\"x\""}, {"\"y\""});
  Check(R"({"oneOf":[{"type":"integer"},{"type":"string"}]})", {"1", "\"y\""}, {"null"});
  Check(R"({"oneOf":[{"properties":{"kind":{"const":"a"},"n":{"type":"integer"}},"required":["kind","n"]},
                     {"properties":{"kind":{"enum":["b","c"]}},"required":["kind"]}]})",
        {R"({"kind":"a","n":1})", R"({"kind":"c"})"}, {R"({"kind":"a"})"});
  Check(R"({"type":"string","anyOf":[{"type":"string","maxLength":1},{"enum":["abc"]}]})", {"\"a\"", "\"abc\""},
        {"\"ab\""});
  Check(
      R"({"allOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"$ref":"#/$defs/b"}],"properties":{"c":{"const":3}},
            "$defs":{"b":{"type":"object","properties":{"b":{"const":2}},"required":["b"]}}})",
      {R"({"a":1,"b":2})", R"({"a":1,"b":2,"c":3})"}, {R"({"a":1})", "{}"});
  Check(R"({"properties":{"x":{"description":"d","allOf":[{"$ref":"#/$defs/n"}]}},"$defs":{"n":{"type":"integer"}}})",
        {R"({"x":1})"}, {R"({"x":"1"})"});
}

TEST(JsonSchema, References) {
  Check(
      R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},
            "required":["v","next"]}}})",
      {R"({"v":1,"next":null})", R"({"v":1,"next":{"v":2,"next":null}})"}, {R"({"v":1})", R"({"v":1,"next":{}})"});
  Check(R"({"type":"array","items":{"$ref":"#"}})", {"[]", "[[],[[]]]"}, {"[1]"});
  Check(
      R"({"properties":{"a/":{"type":"integer"},"b":{"$ref":"#/properties/a~1"},"c":{"$ref":"#/$defs/list/0"}},"$defs":{"list":[{"const":1}]}})",
      {R"({"b":2,"c":1})"}, {R"({"b":"2"})", R"({"c":2})"});
  Check(R"({"properties":{"next":{"allOf":[{"$ref":"#"}]}}})", {"{}", R"({"next":{"next":{}}})"}, {R"({"next":1})"});
}

TEST(JsonSchema, RefusesWithThePointerWhatItDoesNotDo) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"properties":{"a":{"type":"string","contentEncoding":"x"}}})",
       "#/properties/a/contentEncoding: this keyword is not supported"},
      {R"({"not":{}})", "#/not"},
      {R"({"if":{}})", "#/if"},
      {R"({"patternProperties":{}})", "#/patternProperties"},
      {R"({"type":"array","uniqueItems":true})", "#/uniqueItems"},
      {R"({"type":"integer","multipleOf":2})", "#/multipleOf"},
      {R"({"requierd":["a"]})", "#/requierd"},
      {R"x({"type":"foo"})x", "#/type: \"foo\" is no type"},
      {R"x({"type":[]})x", "#/type"},
      {R"x({"items":{"type":"string","format":"hostname"}})x",
       "#/items/format: the format \"hostname\" is not supported"},
      {R"x({"pattern":"(?=a)"})x", "#/pattern: pattern, byte 2: look-around"},
      {R"x({"pattern":"(a)\\1"})x", "byte 4: the escape is not supported"},
      {R"x({"pattern":"a\\b"})x", "the escape is not supported"},
      {R"x({"pattern":"[b-a]"})x", "the range has no order"},
      {R"x({"pattern":"(a"})x", "')' is missing"},
      {R"x({"pattern":"a)"})x", "')' closes no group"},
      {R"x({"pattern":"*a"})x", "nothing stands here to be repeated"},
      {R"x({"pattern":"a^"})x", "anchors are only supported at the ends"},
      {R"x({"pattern":5})x", "#/pattern"},
      {R"({"type":"string","pattern":"a","minLength":1})", "not supported together"},
      {R"({"minLength":-1})", "#/minLength"},
      {R"({"minItems":1000000000,"type":"array"})", "#/minItems: 1000000000 is over the limit"},
      {R"({"minItems":2,"maxItems":1})", "more items than it may"},
      {R"({"type":"integer","minimum":3,"maximum":2})", "no number lies between"},
      {R"({"type":"number","minimum":0.5})", "#/minimum: only whole numbers"},
      {R"({"type":"number","minimum":"0"})", "#/minimum: a number should"},
      {R"({"$ref":"http://x/y"})", "#/$ref: only references inside"},
      {R"({"$ref":"#/$defs/x"})", "#/$ref: there is nothing at"},
      {R"({"properties":{"a":{"$ref":"#anchor"}}})", "#/properties/a/$ref: anchors"},
      {R"({"oneOf":[{"type":"integer"},{"type":"number"}]})",
       "#/oneOf/1: a value may satisfy this branch of oneOf and branch 0"},
      {R"({"anyOf":[]})", "#/anyOf"},
      {R"({"anyOf":[{}],"properties":{}})", "beside other keywords"},
      {R"({"type":"string","anyOf":[{"type":"integer"}]})", "#/anyOf/0: the branch allows types"},
      {R"({"enum":[]})", "#/enum: no value here"},
      {R"({"enum":[1],"minimum":0})", "enum beside other keywords"},
      {R"({"allOf":[{"type":"string"},{"minLength":1}]})", "#/allOf/0: several schemas"},
      {R"({"allOf":[{"properties":{"a":{"const":1}}},{"properties":{"a":{"const":2}}}]})",
       "#/allOf/1/properties/a: two schemas"},
      {R"({"required":["x"],"properties":{}})", "#/required/0: there is no such property"},
      {R"({"properties":{"a":1}})", "#/properties/a: a schema should stand"},
      {R"({"allOf":[{"$ref":"#"}]})", "allOf has no end"},
      {"[]", "#: a schema should stand"},
      {"{", "schema: it is no JSON from line 1"},
      {"{\"a\":\n 01}", "line 2, column"},
      {R"({"type":"string","type":"null"})", "the key \"type\" stands twice"},
  };
  for (const auto& [schema, message] : cases) {
    const auto syntax = ParseJsonSchema(schema);
    ASSERT_FALSE(syntax.ok()) << schema;
    EXPECT_EQ(syntax.status().code(), StatusCode::kInvalidArgument) << schema;
    EXPECT_THAT(syntax.status().message(), HasSubstr(message)) << schema;
  }
  EXPECT_THAT(Automaton::Compile(ParseJsonSchema(R"({"$ref":"#"})").value()).status().message(),
              HasSubstr("left recursion"));
}

TEST(JsonObject, IsAnyObject) {
  Texts texts(JsonObjectSyntax().value());
  for (const char* const text : {"{}", R"({"a": [1, {"b": "c"}], "d": null})"}) EXPECT_TRUE(texts.Accept(text)) << text;
  for (const char* const text : {"", "[]", "1", "\"a\"", "{\"a\"}", "{} "}) EXPECT_FALSE(texts.Accept(text)) << text;
}

}  // namespace
}  // namespace sterna::grammar
