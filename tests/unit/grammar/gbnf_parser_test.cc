// SPDX-License-Identifier: Apache-2.0
#include "grammar/gbnf_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grammar/automaton.h"
#include "unit/grammar/syntax_oracle.h"

namespace sterna::grammar {
namespace {

bool Matches(std::string_view grammar, std::string_view text) {
  const Syntax syntax = ParseGbnf(grammar).value();
  return SyntaxOracle(syntax, text).Matches();
}

TEST(GbnfParser, ReadsTheWholeLanguage) {
  constexpr std::string_view kGrammar =
      "# a list\n"
      "root ::= \"[\" ws (item (\",\" ws item)*)? \"]\" # its end\r\n"
      "item ::= word |\n"
      "  number\n"
      "word ::=\n  [a-zA-Z_] [^\\x00-\\x20,\\]\\\"-]{0,3}\n"
      "number ::= \"-\"? (\n  [0-9]{1,2} |\n  \"\\u00b5\" .\n)\n"
      "ws ::= [ \\t\\n]*";
  for (const char* const text : {"[]", "[ a]", "[a,-1, b]", "[\u00b5x,_zz\u00e9]", "[-12,\u00b5\u6d77]"}) {
    EXPECT_TRUE(Matches(kGrammar, text)) << text;
  }
  for (const char* const text : {"", "[", "[a,]", "[123]", "[abcde]", "[a-b]", "[\u00b5]", "[-a]"}) {
    EXPECT_FALSE(Matches(kGrammar, text)) << text;
  }
}

TEST(GbnfParser, RepetitionsCount) {
  struct Case {
    const char* repeat;
    std::vector<int> yes, no;
  };
  for (const Case& c :
       {Case{"*", {0, 1, 9}, {}}, Case{"+", {1, 9}, {0}}, Case{"?", {0, 1}, {2}}, Case{"{2}", {2}, {1, 3}},
        Case{"{2,}", {2, 9}, {1}}, Case{"{,2}", {0, 2}, {3}}, Case{"{ 1 , 3 }", {1, 3}, {0, 4}}, Case{"{0}", {0}, {1}},
        Case{"{2}{3}", {6}, {5, 7}}, Case{"??", {0, 1}, {2}}}) {
    const std::string grammar = std::string("root ::= \"a\"") + c.repeat;
    for (const int count : c.yes) EXPECT_TRUE(Matches(grammar, std::string(size_t(count), 'a'))) << grammar << count;
    for (const int count : c.no) EXPECT_FALSE(Matches(grammar, std::string(size_t(count), 'a'))) << grammar << count;
  }
}

TEST(GbnfParser, EscapesStandForTheirCharacters) {
  EXPECT_TRUE(Matches(R"(root ::= "\n\r\t\\\"\[\]\-\^\x41\u00e9\U0001F600")", "\n\r\t\\\"[]-^A\u00e9\U0001F600"));
  EXPECT_TRUE(Matches(R"(root ::= [\]] [-a] [a-] [^^] [\x41-\x43])", "]--aB"));
}

TEST(GbnfParser, ErrorsSayWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "no rule 'root'"},
      {"rot ::= \"a\"", "no rule 'root'"},
      {"root ::= \"a\n", "line 1, column 10: the text has no closing quote"},
      {"root ::= [a", "line 1, column 10: the class has no closing bracket"},
      {"root ::= (\"a\"", "line 1, column 14: ')' is missing for the bracket of line 1, column 10"},
      {"root ::= \"a\")", "line 1, column 13: a rule's line should end"},
      {"root ::= x", "line 1, column 10: there is no rule 'x'"},
      {"root ::= \"a\"\n\n root ::= \"b\"", "line 3, column 2: rule 'root' stands twice"},
      {"root = \"a\"", "line 1, column 6: '::=' should stand"},
      {"root ::= \"a\"\n|", "line 2, column 1: a rule's name should stand"},
      {"root ::= \"\\q\"", "line 1, column 11: unknown escape"},
      {"root ::= \"\\x4\"", "line 1, column 14: the escape needs 2 hexadecimal digits"},
      {"root ::= \"\\ud800\"", "line 1, column 13: U+D800 is no character"},
      {"root ::= \"\\U00110000\"", "line 1, column 13: U+110000 is no character"},
      {"root ::= \"\xff\"", "line 1, column 11: these bytes are not UTF-8"},
      {"root ::= [b-a]", "line 1, column 11: the range ends before it begins"},
      {"root ::= \"a\"{", "line 1, column 14: a number should stand"},
      {"root ::= \"a\"{2", "line 1, column 15: '}' is missing"},
      {"root ::= \"a\"{3,2}", "line 1, column 14: the most are fewer than the least"},
      {"root ::= \"a\"{1000000}", "line 1, column 14: too many repetitions"},
      {"root ::= \"a\"{99999999999999999999}", "line 1, column 14: too many repetitions"},
      {"root ::= <[5]>", "line 1, column 10: tokens in <...> are not supported"},
      {"root ::= *", "line 1, column 10: a rule's line should end"},
  };
  for (const auto& [text, message] : cases) {
    const auto syntax = ParseGbnf(text);
    ASSERT_FALSE(syntax.ok()) << text;
    EXPECT_EQ(syntax.status().code(), StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(syntax.status().message(), ::testing::HasSubstr(message)) << text;
    EXPECT_THAT(syntax.status().message(), ::testing::HasSubstr("; ")) << text;
  }
}

TEST(GbnfParser, AnotherRuleMayBeTheRoot) {
  EXPECT_TRUE(ParseGbnf("answer ::= \"a\"", "answer").ok());
  EXPECT_FALSE(ParseGbnf("answer ::= \"a\"", "root").ok());
}

Status CompileError(std::string_view grammar) { return Automaton::Compile(ParseGbnf(grammar).value()).status(); }

TEST(Automaton, RefusesLeftRecursionWithItsPlace) {
  for (const char* const grammar :
       {"root ::= \"x\" a\na ::= a \"b\" | \"c\"", "root ::= \"x\" a\na ::= b\nb ::= (\"y\" | c)\nc ::= a \"d\"",
        "root ::= \"x\" a\na ::= e* a \"b\" | \"c\"\ne ::= \"e\"?", "root ::= \"x\" a\na ::= a"}) {
    const Status status = CompileError(grammar);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << grammar;
    EXPECT_THAT(status.message(), ::testing::HasSubstr("left recursion")) << grammar;
    EXPECT_THAT(status.message(), ::testing::ContainsRegex("line [2-4], column 1")) << grammar;
  }
  EXPECT_EQ(CompileError("root ::= root").code(), StatusCode::kInvalidArgument);
}

TEST(Automaton, RefusesGrammarsThatNoTextSatisfies) {
  for (const char* const grammar : {"root ::= \"(\" root \")\"", "root ::= []", "root ::= [^\\x00-\\U0010FFFF]",
                                    "root ::= \"a\" b\nb ::= \"c\" d\nd ::= \"e\" b"}) {
    EXPECT_THAT(CompileError(grammar).message(), ::testing::HasSubstr("no text satisfies")) << grammar;
  }
  EXPECT_TRUE(CompileError("root ::= \"a\" | b\nb ::= \"(\" b \")\"").ok());
}

}  // namespace
}  // namespace sterna::grammar
