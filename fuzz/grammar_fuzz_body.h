// SPDX-License-Identifier: Apache-2.0
//
// What the grammar's fuzz target does with an input, as a function that says what is wrong instead of stopping, so that
// a unit test can run the seeds through it.
//
// Input: one byte that chooses (even: GBNF, odd: a JSON Schema), then its text. An answer is walked through by the
// text's own bytes; every mask must equal what reading each token on its own gives.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/constraint.h"
#include "grammar/gbnf_parser.h"
#include "grammar/json_schema.h"

namespace sterna::fuzz {

inline constexpr size_t kMaxGrammarSteps = 12;

inline const std::vector<std::string_view>& GrammarTokens() {
  static const std::string bytes = [] {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += char(byte);
    return all;
  }();
  static const std::vector<std::string_view> tokens = [] {
    std::vector<std::string_view> all;
    for (size_t byte = 0; byte < 256; ++byte) all.push_back(std::string_view(bytes).substr(byte, 1));
    for (const char* const token :
         {"aa", "ab", "abc", "{\"", "\":", " \"a\"", "\",\"", "}}", "[]", "true", "12", "-0.5", "\\u00", "\xc3\xa9"}) {
      all.emplace_back(token);
    }
    return all;
  }();
  return tokens;
}

// Whether the grammar reads the token; errors count as no.
inline bool ReadsToken(grammar::Reader& reader, grammar::ReadingSet set, std::string_view bytes) {
  for (const char byte : bytes) {
    auto next = reader.Read(set, uint8_t(byte));
    if (!next.ok()) return false;
    set = *std::move(next);
    if (set.empty()) return false;
  }
  return true;
}

inline std::string CheckGrammarWalk(const std::shared_ptr<const grammar::Constraint>& constraint,
                                    std::string_view choices) {
  grammar::Matcher matcher(constraint);
  grammar::StackPool stacks;
  grammar::Reader reader(constraint->automaton(), stacks);
  auto begin = reader.Close({{constraint->automaton().begin(), grammar::kBase}});
  if (!matcher.Begin().ok() || !begin.ok()) return "a constraint that was made does not begin";
  grammar::ReadingSet set = *std::move(begin);
  grammar::TokenSet allowed(GrammarTokens().size());
  for (size_t step = 0; step < std::min(kMaxGrammarSteps, choices.size()) && !matcher.MustEnd(); ++step) {
    const Status status = matcher.Allowed(allowed);
    if (status.code() == StatusCode::kResourceExhausted) return {};
    if (!status.ok()) return "every byte is a token, but none is allowed: " + status.ToString();
    std::vector<text::TokenId> possible;
    for (size_t id = 0; id < GrammarTokens().size(); ++id) {
      if (allowed.Holds(text::TokenId(id))) possible.push_back(text::TokenId(id));
      if (allowed.Holds(text::TokenId(id)) != ReadsToken(reader, set, GrammarTokens()[id])) {
        return "a mask differs from reading its tokens";
      }
    }
    const text::TokenId token = possible[uint8_t(choices[step]) % possible.size()];
    if (!matcher.Accept(token).ok()) return {};
    for (const char byte : GrammarTokens()[size_t(token)]) set = *reader.Read(set, uint8_t(byte));
  }
  return {};
}

// Empty, or what is wrong.
inline std::string CheckGrammarInput(std::span<const uint8_t> data) {
  if (data.empty()) return {};
  const std::string text(data.begin() + 1, data.end());
  const auto syntax = data[0] % 2 == 0 ? grammar::ParseGbnf(text) : grammar::ParseJsonSchema(text);
  if (!syntax.ok()) return syntax.status().message().empty() ? "an error without a message" : "";
  auto automaton = grammar::Automaton::Compile(*syntax);
  if (!automaton.ok()) return {};
  static const auto tree = std::make_shared<const grammar::TokenTree>(GrammarTokens(), std::vector<text::TokenId>{});
  const auto constraint = grammar::Constraint::Create(*std::move(automaton), tree);
  return constraint.ok() ? CheckGrammarWalk(*constraint, text) : std::string();
}

}  // namespace sterna::fuzz
