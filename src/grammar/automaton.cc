// SPDX-License-Identifier: Apache-2.0
#include "grammar/automaton.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <map>
#include <new>
#include <utility>

#include "base/status_macros.h"
#include "grammar/limits.h"
#include "grammar/rule_checks.h"

namespace sterna::grammar {
namespace {

// The root and all that it reads, in the order in which they are found.
Result<RuleSet> BuildReachableRules(const Syntax& syntax, std::vector<RuleId>& written) {
  RuleSet set;
  std::map<RuleId, RuleId> number = {{syntax.root, 0}};
  written = {syntax.root};
  set.first_state = {0};
  for (size_t i = 0; i < written.size(); ++i) {
    STERNA_ASSIGN_OR_RETURN(RuleStates rule, BuildRuleStates(syntax, written[i]));
    for (RuleStates::State& state : rule.states) {
      for (RuleStates::CallStep& call : state.call_steps) {
        const auto [entry, added] = number.try_emplace(call.rule, RuleId(written.size()));
        if (added) written.push_back(call.rule);
        call.rule = entry->second;
      }
    }
    set.first_state.push_back(uint32_t(set.first_state.back() + rule.states.size()));
    set.rules.push_back(std::move(rule));
    if (set.state_count() > kMaxStates) {
      return Status::ResourceExhausted(
          fmt::format("grammar: it takes over {} states, which is the limit; use smaller repetitions", kMaxStates));
    }
  }
  return set;
}

// The written rules under the numbers of the set, for messages.
Syntax NamesOf(const Syntax& syntax, const std::vector<RuleId>& written) {
  Syntax names;
  for (const RuleId rule : written) names.AddRule(syntax.rules()[rule].name, syntax.rules()[rule].place);
  return names;
}

}  // namespace

Result<Automaton> Automaton::Compile(const Syntax& syntax) try {
  std::vector<RuleId> written;
  STERNA_ASSIGN_OR_RETURN(const RuleSet set, BuildReachableRules(syntax, written));
  STERNA_RETURN_IF_ERROR(CheckLeftRecursion(NamesOf(syntax, written), set));
  const std::vector<bool> live = LiveStates(set);
  if (!live[0]) {
    const Syntax::Rule& root = syntax.rules()[syntax.root];
    return Status::InvalidArgument(
        fmt::format("grammar {}: no text satisfies rule '{}'; give each rule a way to end", root.place, root.name));
  }
  Automaton automaton;
  automaton.Append(set.rules, set.first_state, live);
  automaton.FindClasses();
  return automaton;
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted("grammar: not enough memory to compile it");
}

void Automaton::Append(const std::vector<RuleStates>& rules, const std::vector<StateId>& first_state,
                       const std::vector<bool>& live) {
  first_byte_step_ = first_call_step_ = {0};
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    const StateId first = first_state[rule];
    const auto& states = rules[rule].states;
    const auto ends_only = [&](uint32_t state) {
      return states[state].final && states[state].byte_steps.empty() && states[state].call_steps.empty();
    };
    for (const RuleStates::State& state : states) {
      for (const auto& [bytes, target] : state.byte_steps) {
        if (live[first + target]) byte_steps_.push_back({bytes, first + target});
      }
      for (const auto& [called, target] : state.call_steps) {
        const StateId begin = first_state[called];
        if (live[first + target] && live[begin]) call_steps_.push_back({begin, first + target, ends_only(target)});
      }
      final_.push_back(state.final);
      first_byte_step_.push_back(uint32_t(byte_steps_.size()));
      first_call_step_.push_back(uint32_t(call_steps_.size()));
    }
  }
}

void Automaton::FindClasses() {
  std::bitset<257> begins;
  for (const ByteStep& step : byte_steps_) {
    begins.set(step.bytes.first);
    begins.set(size_t(step.bytes.last) + 1);
  }
  size_t current = 0;
  for (size_t byte = 0; byte < 256; ++byte) {
    if (byte > 0 && begins[byte]) ++current;
    class_of_[byte] = uint8_t(current);
  }
  class_count_ = current + 1;
}

}  // namespace sterna::grammar
