// SPDX-License-Identifier: Apache-2.0
#include "grammar/rule_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sterna::grammar {
namespace {

enum class Reads : uint8_t { kNothing, kAnything };

// States from which the end of the rule is reached; with Reads::kNothing without reading a byte. From the ends
// backwards: a call counts as soon as both the called rule's begin and the state behind the call do.
class BackwardSearch {
 public:
  BackwardSearch(const RuleSet& set, Reads reads) : set_(set), reads_(reads), reached_(set.state_count(), false) {
    before_.resize(set.state_count());
    callers_.resize(set.rules.size());
    for (size_t rule = 0; rule < set.rules.size(); ++rule) AddSteps(rule);
  }

  std::vector<bool> Run() {
    for (size_t rule = 0; rule < set_.rules.size(); ++rule) {
      const auto& states = set_.rules[rule].states;
      for (size_t i = 0; i < states.size(); ++i) {
        if (states[i].final) Reach(uint32_t(set_.first_state[rule] + i));
      }
    }
    while (!pending_.empty()) {
      const uint32_t state = pending_.back();
      pending_.pop_back();
      for (const Before& before : before_[state]) {
        if (before.rule == kNoRule || reached_[set_.first_state[before.rule]]) Reach(before.state);
      }
      const auto rule = std::upper_bound(set_.first_state.begin(), set_.first_state.end(), state) - 1;
      if (*rule != state) continue;
      for (const auto& [from, target] : callers_[size_t(rule - set_.first_state.begin())]) {
        if (reached_[target]) Reach(from);
      }
    }
    return std::move(reached_);
  }

 private:
  static constexpr RuleId kNoRule = RuleId(-1);
  struct Before {
    uint32_t state;
    RuleId rule;  // that is read between; kNoRule: a byte
  };

  void AddSteps(size_t rule) {
    const uint32_t first = set_.first_state[rule];
    const auto& states = set_.rules[rule].states;
    for (uint32_t i = 0; i < states.size(); ++i) {
      if (reads_ == Reads::kAnything) {
        for (const auto& step : states[i].byte_steps) before_[first + step.target].push_back({first + i, kNoRule});
      }
      for (const auto& step : states[i].call_steps) {
        before_[first + step.target].push_back({first + i, step.rule});
        callers_[step.rule].emplace_back(first + i, first + step.target);
      }
    }
  }

  void Reach(uint32_t state) {
    if (reached_[state]) return;
    reached_[state] = true;
    pending_.push_back(state);
  }

  const RuleSet& set_;
  const Reads reads_;
  std::vector<bool> reached_;
  std::vector<uint32_t> pending_;
  std::vector<std::vector<Before>> before_;
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> callers_;  // of each rule: (state, state behind the call)
};

// Rules that a rule may read before any byte.
std::vector<RuleId> FirstCalls(const RuleSet& set, RuleId rule, const std::vector<bool>& empty) {
  const auto& states = set.rules[rule].states;
  std::vector<RuleId> calls;
  std::vector<bool> seen(states.size(), false);
  std::vector<uint32_t> pending = {0};
  seen[0] = true;
  while (!pending.empty()) {
    const uint32_t state = pending.back();
    pending.pop_back();
    for (const auto& step : states[state].call_steps) {
      calls.push_back(step.rule);
      if (!empty[set.first_state[step.rule]] || seen[step.target]) continue;
      seen[step.target] = true;
      pending.push_back(step.target);
    }
  }
  std::sort(calls.begin(), calls.end());
  calls.erase(std::unique(calls.begin(), calls.end()), calls.end());
  return calls;
}

}  // namespace

Status CheckLeftRecursion(const Syntax& syntax, const RuleSet& set) {
  const std::vector<bool> empty = BackwardSearch(set, Reads::kNothing).Run();
  enum class Mark : uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(set.rules.size(), Mark::kNew);
  struct Visit {
    RuleId rule;
    std::vector<RuleId> calls;
    size_t next = 0;
  };
  std::vector<Visit> path;
  const auto enter = [&](RuleId rule) {
    marks[rule] = Mark::kOpen;
    path.push_back({rule, FirstCalls(set, rule, empty)});
  };
  for (RuleId root = 0; root < set.rules.size(); ++root) {
    if (marks[root] == Mark::kNew) enter(root);
    while (!path.empty()) {
      Visit& visit = path.back();
      if (visit.next == visit.calls.size()) {
        marks[visit.rule] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const RuleId called = visit.calls[visit.next++];
      if (marks[called] == Mark::kOpen) {
        const Syntax::Rule& rule = syntax.rules()[called];
        return Status::InvalidArgument(
            fmt::format("grammar {}: rule '{}' begins with itself (left recursion); put what is read first in front",
                        rule.place, rule.name));
      }
      if (marks[called] == Mark::kNew) enter(called);
    }
  }
  return {};
}

std::vector<bool> LiveStates(const RuleSet& set) { return BackwardSearch(set, Reads::kAnything).Run(); }

}  // namespace sterna::grammar
