// SPDX-License-Identifier: Apache-2.0
//
// The automaton and its masks against the oracle, for grammars, texts and vocabularies made by chance.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "grammar/constraint.h"
#include "grammar/gbnf_parser.h"
#include "unit/grammar/random_grammar.h"
#include "unit/grammar/syntax_oracle.h"

namespace sterna::grammar {
namespace {

constexpr text::TokenId kEnd = 0;

// Tokens of up to four letters, some twice, one without text, and one that ends generation.
const std::vector<std::string_view>& Tokens() {
  static const std::vector<std::string_view> tokens = {"<end>", "a",    "b",    "c",   "aa",   "ab",  "ba",
                                                       "bc",    "",     "abc",  "cab", "ca",   "aab", "bbb",
                                                       "abca",  "aaaa", "bcab", "a",   "\xc3", "\xa9"};
  return tokens;
}

std::shared_ptr<const TokenTree> Tree() {
  std::vector<std::string_view> shown = Tokens();
  shown[kEnd] = {};
  return std::make_shared<const TokenTree>(shown, std::vector<text::TokenId>{kEnd});
}

// Walks through the grammar by chance, and compares every mask on the way with what the oracle says of each token.
// Adds one to `over` when a limit ended the walk.
void CheckWalk(const Syntax& syntax, const std::shared_ptr<const Constraint>& constraint, std::mt19937& random,
               size_t& over) {
  Matcher matcher(constraint);
  ASSERT_TRUE(matcher.Begin().ok());
  std::string text;
  for (int step = 0; step < 6; ++step) {
    TokenSet allowed(Tokens().size());
    const Status status = matcher.Allowed(allowed);
    if (status.code() == StatusCode::kResourceExhausted) return void(++over);
    std::vector<text::TokenId> choices;
    const bool half = text.ends_with('\xc3');  // the oracle knows whole characters
    for (text::TokenId id = 0; id < text::TokenId(Tokens().size()); ++id) {
      const std::string longer = text + std::string(Tokens()[size_t(id)]);
      if (id == kEnd) {
        ASSERT_EQ(SyntaxOracle(syntax, text).Matches(), allowed.Holds(id)) << text;
      } else if (Tokens()[size_t(id)].empty()) {
        ASSERT_FALSE(allowed.Holds(id));
      } else if (!longer.ends_with('\xc3') && !half) {
        ASSERT_EQ(SyntaxOracle(syntax, longer).BeginsSomeText(), allowed.Holds(id))
            << "'" << text << "' then '" << Tokens()[size_t(id)] << "'";
      }
      if (id != kEnd && allowed.Holds(id)) choices.push_back(id);
    }
    ASSERT_EQ(allowed.Count() > 0, status.ok());
    ASSERT_EQ(matcher.MayEnd(), allowed.Holds(kEnd));
    ASSERT_EQ(matcher.MustEnd(), status.ok() && choices.empty());
    if (choices.empty()) return;
    const text::TokenId token = choices[random() % choices.size()];
    const Status accepted = matcher.Accept(token);
    if (accepted.code() == StatusCode::kResourceExhausted) return void(++over);
    ASSERT_TRUE(accepted.ok()) << accepted.ToString();
    text += Tokens()[size_t(token)];
  }
}

TEST(Matcher, AllowsWhatTheOracleAllowsForGrammarsByChance) {
  const auto tree = Tree();
  size_t compiled = 0, over = 0;
  for (uint32_t seed = 0; seed < 150; ++seed) {
    const std::string text = RandomGrammar(seed).Make();
    SCOPED_TRACE("seed " + std::to_string(seed) + ":\n" + text);
    const Syntax syntax = ParseGbnf(text).value();
    auto automaton = Automaton::Compile(syntax);
    if (!automaton.ok()) {  // by chance a rule may begin with itself behind what may be empty
      ASSERT_NE(automaton.status().message().find("left recursion"), std::string::npos)
          << automaton.status().ToString();
      continue;
    }
    ++compiled;
    const auto created = Constraint::Create(*std::move(automaton), tree);
    if (created.status().code() == StatusCode::kResourceExhausted) {
      ++over;
      continue;
    }
    const auto constraint = created.value();
    std::mt19937 random(seed);
    for (int walk = 0; walk < 3; ++walk) {
      CheckWalk(syntax, constraint, random, over);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(compiled, 100u);
  EXPECT_LT(over, compiled / 10);
}

std::shared_ptr<const Constraint> Compiled(std::string_view grammar, std::shared_ptr<const TokenTree> tree = Tree()) {
  return Constraint::Create(Automaton::Compile(ParseGbnf(grammar).value()).value(), std::move(tree)).value();
}

TEST(Matcher, HalfCharactersGoOnOnlyAsAllowedCharacters) {
  Matcher matcher(Compiled("root ::= [\\u00e0-\\u00ea] \"a\""));
  ASSERT_TRUE(matcher.Begin().ok());
  TokenSet allowed(Tokens().size());
  ASSERT_TRUE(matcher.Allowed(allowed).ok());
  EXPECT_EQ(allowed.Count(), 1u);
  ASSERT_TRUE(matcher.Accept(18).ok());  // the first byte of e0..ea
  ASSERT_TRUE(matcher.Allowed(allowed).ok());
  EXPECT_EQ(allowed.Count(), 1u);
  EXPECT_TRUE(allowed.Holds(19));
  EXPECT_FALSE(matcher.MayEnd());
}

TEST(Matcher, TokensThatAreNotAllowedAreRefused) {
  Matcher matcher(Compiled("root ::= \"ab\""));
  ASSERT_TRUE(matcher.Begin().ok());
  EXPECT_EQ(matcher.Accept(kEnd).code(), StatusCode::kInternal);
  EXPECT_EQ(matcher.Accept(8).code(), StatusCode::kInternal);
  EXPECT_EQ(matcher.Accept(2).code(), StatusCode::kInternal);
}

TEST(Matcher, NoTokenForTheGrammarIsAnError) {
  Matcher matcher(Compiled("root ::= \"a\" \"x\""));
  ASSERT_TRUE(matcher.Begin().ok());
  TokenSet allowed(Tokens().size());
  ASSERT_TRUE(matcher.Allowed(allowed).ok());
  ASSERT_TRUE(matcher.Accept(1).ok());
  EXPECT_EQ(matcher.Allowed(allowed).code(), StatusCode::kFailedPrecondition);
}

// Right recursion is a loop: the stack does not grow, however long the answer is.
TEST(Matcher, RightRecursionHasNoDepth) {
  Matcher matcher(Compiled("root ::= \"a\" root | \"b\""));
  ASSERT_TRUE(matcher.Begin().ok());
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(matcher.Accept(15).ok());
}

TEST(Matcher, DepthIsBounded) {
  Matcher matcher(Compiled("root ::= \"a\" root \"b\" | \"c\""));
  ASSERT_TRUE(matcher.Begin().ok());
  Status status;
  for (int i = 0; i < 20'000 && status.ok(); ++i) status = matcher.Accept(15);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace sterna::grammar
