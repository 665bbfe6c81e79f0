// SPDX-License-Identifier: Apache-2.0
//
// Grammars over a, b, c made by chance, written as GBNF. Rule i reads a letter before it calls rule j <= i, so nothing
// is left-recursive; and each rule has an alternative without calls, so that some text satisfies it.
#pragma once

#include <fmt/format.h>

#include <random>
#include <string>

namespace sterna::grammar {

class RandomGrammar {
 public:
  explicit RandomGrammar(uint32_t seed) : random_(seed) {}

  std::string Make() {
    const uint32_t rules = 1 + Below(4);
    std::string text;
    for (uint32_t i = 0; i < rules; ++i) {
      const std::string sequence = Sequence(i, rules, 2);
      text += fmt::format("{} ::= {} | {}\n", Name(i), sequence, Leaf());
    }
    return text;
  }

 private:
  uint32_t Below(uint32_t limit) { return uint32_t(random_() % limit); }

  std::string Leaf() {
    static constexpr const char* kLeaves[] = {"\"a\"", "\"b\"",   "\"ab\"", "\"\"", "[ab]",
                                              "[^a]",  "\"cab\"", "[a-c]",  "."};
    return kLeaves[Below(9)];
  }

  static std::string Name(uint32_t rule) { return rule == 0 ? "root" : fmt::format("r{}", rule); }

  std::string Call(uint32_t rule, uint32_t rules) {
    const uint32_t called = Below(rules);
    return called > rule ? Name(called) : fmt::format("{} {}", Below(2) == 0 ? "\"a\"" : "[bc]", Name(called));
  }

  std::string Item(uint32_t rule, uint32_t rules, uint32_t depth) {
    static constexpr const char* kRepeats[] = {"", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"};
    const uint32_t kind = depth == 0 ? 0 : Below(6);
    const char* const repeat = kRepeats[Below(10)];
    if (kind < 3) return Leaf() + repeat;
    if (kind == 3) return Call(rule, rules);
    const std::string one = Sequence(rule, rules, depth - 1), other = Sequence(rule, rules, depth - 1);
    return fmt::format("({} | {}){}", one, other, repeat);
  }

  std::string Sequence(uint32_t rule, uint32_t rules, uint32_t depth) {
    std::string text = Item(rule, rules, depth);
    for (uint32_t i = 0, more = Below(3); i < more; ++i) text += ' ' + Item(rule, rules, depth);
    return text;
  }

  std::mt19937 random_;
};

}  // namespace sterna::grammar
