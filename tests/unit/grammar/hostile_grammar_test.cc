// SPDX-License-Identifier: Apache-2.0
//
// Grammars and schemas made to take the engine down: refused, or answered within the limits.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "grammar/constraint.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"
#include "grammar/limits.h"
#include "grammar_fuzz_body.h"

namespace sterna::grammar {
namespace {

std::shared_ptr<const TokenTree> Tree() {
  static const std::string kBytes = [] {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += char(byte);
    return bytes;
  }();
  std::vector<std::string_view> tokens;
  for (size_t byte = 0; byte < 256; ++byte) tokens.push_back(std::string_view(kBytes).substr(byte, 1));
  for (const char* const token : {"aaaa", "aaaaaaaaaaaaaaaa", "abab", "bbbbbbbb"}) tokens.emplace_back(token);
  return std::make_shared<const TokenTree>(tokens, std::vector<text::TokenId>{});
}

// Compiles and takes some steps; the status of the first thing that failed.
Status Run(const Result<Syntax>& syntax, int steps = 20) {
  if (!syntax.ok()) return syntax.status();
  auto automaton = Automaton::Compile(*syntax);
  if (!automaton.ok()) return automaton.status();
  const auto constraint = Constraint::Create(*std::move(automaton), Tree());
  if (!constraint.ok()) return constraint.status();
  Matcher matcher(*constraint);
  if (Status status = matcher.Begin(); !status.ok()) return status;
  TokenSet allowed(Tree()->vocabulary_size());
  for (int i = 0; i < steps && !matcher.MustEnd(); ++i) {
    if (Status status = matcher.Allowed(allowed); !status.ok()) return status;
    text::TokenId token = text::TokenId(Tree()->vocabulary_size()) - 1;
    while (!allowed.Holds(token)) --token;
    if (Status status = matcher.Accept(token); !status.ok()) return status;
  }
  return {};
}

Status RunGbnf(const std::string& text) { return Run(ParseGbnf(text)); }
Status RunSchema(const std::string& text) { return Run(ParseJsonSchema(text)); }

std::string Times(std::string_view text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(HostileGrammar, NestingIsBounded) {
  EXPECT_EQ(RunGbnf("root ::= " + Times("(", 60'000)).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(RunGbnf("root ::= " + Times("(", 128) + "\"a\"" + Times(")", 128)).ok());
  EXPECT_EQ(RunGbnf("root ::= " + Times("(", 129) + "\"a\"" + Times(")", 129)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(RunGbnf("root ::= \"a\"" + Times("*", 60'000)).code(), StatusCode::kInvalidArgument);
}

TEST(HostileGrammar, SizesAreBounded) {
  EXPECT_EQ(RunGbnf("root ::= \"" + Times("a", kMaxTextBytes) + "\"").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(RunGbnf("root ::= (\"a\"{60000}){60000}").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(RunGbnf("root ::= ((((\"a\"{900}){900}){900}){900}){900}").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(RunGbnf("root ::= " + Times("x ", 300'000) + "\nx ::= \"a\"").code(), StatusCode::kResourceExhausted);
  std::string rules = "root ::= \"a\"\n";
  for (int i = 0; i < 30'000; ++i) rules += fmt::format("r{} ::= \"a\"\n", i);
  EXPECT_EQ(RunGbnf(rules).code(), StatusCode::kResourceExhausted);
}

TEST(HostileGrammar, ManyRulesAreReadWithinTheLimits) {
  std::string one_after_the_other = "root ::=", chain = "root ::= r0\n", nested = "root ::= r0\n",
              side_by_side = "root ::= r0";
  std::string rules;
  for (int i = 0; i < 10'000; ++i) {
    one_after_the_other += fmt::format(" r{}", i);
    chain += fmt::format("r{} ::= r{}\n", i, i + 1);
    nested += fmt::format("r{} ::= r{} \"b\"\n", i, i + 1);
    side_by_side += fmt::format(" | r{}", i);
    rules += fmt::format("r{} ::= \"a\" | \"b\"\n", i);
  }
  EXPECT_TRUE(RunGbnf(one_after_the_other + "\n" + rules).ok());
  EXPECT_EQ(RunGbnf(side_by_side + "\n" + rules).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(RunGbnf(chain + "r10000 ::= \"a\"").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(RunGbnf(nested + "r10000 ::= \"a\"").code(), StatusCode::kResourceExhausted);
  std::string doubling = "root ::= r0\n";
  for (int i = 0; i < 500; ++i) doubling += fmt::format("r{} ::= r{} r{}\n", i, i + 1, i + 1);
  EXPECT_TRUE(RunGbnf(doubling + "r500 ::= \"a\"").ok());
}

TEST(HostileGrammar, AmbiguityEndsWithAnAnswerOrAnError) {
  for (const char* const text :
       {"root ::= (\"a\"*)*", "root ::= ((\"a\"?){300}){3} \"b\"", "root ::= [ab]* \"a\" [ab]{20}",
        "root ::= (\"a\" | \"aa\" | \"aaa\")* \"b\"", "root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\"",
        "root ::= \"a\" root root | \"a\"", "root ::= x x x x x x \"b\"\nx ::= \"a\"* y\ny ::= \"a\"*",
        "root ::= (a | b | c)* \"d\"\na ::= \"a\" c?\nb ::= \"a\" a?\nc ::= \"a\" b?",
        "root ::= [^\\x00-\\U0010FFFF] | \"a\"", "root ::= (\"\"*)* \"\"+ \"a\"", "root ::= .{0,60000}",
        "root ::= ([a-z]{1,50} \" \"?){1,500}"}) {
    const StatusCode code = RunGbnf(text).code();
    EXPECT_TRUE(code == StatusCode::kOk || code == StatusCode::kResourceExhausted) << text << StatusCodeName(code);
  }
}

TEST(HostileSchema, IsBounded) {
  EXPECT_EQ(RunSchema(Times("{\"items\":", 10'000) + "{}" + Times("}", 10'000)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(RunSchema(Times("[", 100'000)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(RunSchema("{\"enum\":[\"" + Times("a", kMaxTextBytes) + "\"]}").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(RunSchema(R"({"type":"array","minItems":1000000000})").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(RunSchema(R"({"type":"string","minLength":65536})").ok());
  std::string values, properties, definitions;
  for (int i = 0; i < 15'000; ++i) values += fmt::format("{}\"{}\"", i > 0 ? "," : "", i * 7919);
  EXPECT_TRUE(RunSchema("{\"enum\":[" + values + "]}").ok());
  for (int i = 0; i < 20'000; ++i) properties += fmt::format("{}\"p{}\":{{}}", i > 0 ? "," : "", i);
  EXPECT_EQ(RunSchema("{\"properties\":{" + properties + "}}").code(), StatusCode::kResourceExhausted);
  for (int i = 0; i < 5000; ++i) definitions += fmt::format("\"d{}\":{{\"$ref\":\"#/$defs/d{}\"}},", i, i + 1);
  EXPECT_EQ(RunSchema("{\"$ref\":\"#/$defs/d0\",\"$defs\":{" + definitions + "\"d5000\":{}}}").code(),
            StatusCode::kResourceExhausted);
  // References that double from one to the next, in allOf and in oneOf.
  std::string joined, alike = "\"o\":{\"properties\":{", names;
  for (int i = 0; i < 50; ++i)
    joined += fmt::format(R"("a{0}":{{"allOf":[{{"$ref":"#/$defs/a{1}"}},{{"$ref":"#/$defs/a{1}"}}]}},)", i, i + 1);
  EXPECT_TRUE(RunSchema(R"({"$ref":"#/$defs/a0","$defs":{)" + joined + R"("a50":{"title":"t"}}})").ok());
  for (int i = 0; i < 1000; ++i) {
    alike += fmt::format(R"({}"p{}":{{"$ref":"#/$defs/o"}})", i > 0 ? "," : "", i);
    names += fmt::format(R"({}"p{}")", i > 0 ? "," : "", i);
  }
  EXPECT_EQ(RunSchema(R"({"oneOf":[{"$ref":"#/$defs/o"},{"$ref":"#/$defs/o"}],"$defs":{)" + alike +
                      R"(},"required":[)" + names + "]}}}")
                .code(),
            StatusCode::kInvalidArgument);
  for (const char* const pattern : {"^(a+)+$", "^(a|aa)*b{60000}$", "(a*)*(b*)*c", "^([a-z]{1,200}){1,200}$"}) {
    const StatusCode code = RunSchema(fmt::format("{{\"pattern\":\"{}\"}}", pattern)).code();
    EXPECT_TRUE(code == StatusCode::kOk || code == StatusCode::kResourceExhausted) << pattern << StatusCodeName(code);
  }
}

TEST(HostileGrammar, TheFuzzersSeedsHold) {
  size_t seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(STERNA_FUZZ_CORPUS) + "/grammar")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(fuzz::CheckGrammarInput({reinterpret_cast<const uint8_t*>(text.data()), text.size()}), "")
        << entry.path();
    ++seeds;
  }
  EXPECT_GT(seeds, 8u);
}

}  // namespace
}  // namespace sterna::grammar
