// SPDX-License-Identifier: Apache-2.0
#include "grammar/rule_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <map>
#include <span>
#include <utility>

#include "base/status_macros.h"
#include "grammar/limits.h"
#include "grammar/rule_graph.h"

namespace sterna::grammar {
namespace {

using StateSet = std::vector<uint32_t>;  // ascending

constexpr size_t kFewStates = 1024;  // of a rule: nobody minds so many
constexpr uint32_t kNone = uint32_t(-1);

// The subset construction: a state of the result stands for all graph states that the same reading may have reached.
class StateBuilder {
 public:
  explicit StateBuilder(const RuleGraph& graph) : graph_(graph), first_step_(graph.state_count + 1, 0) {
    steps_ = graph.steps;
    std::stable_sort(steps_.begin(), steps_.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    for (const RuleGraph::Step& step : steps_) ++first_step_[step.from + 1];
    for (size_t i = 1; i < first_step_.size(); ++i) first_step_[i] += first_step_[i - 1];
    marked_.resize(graph.state_count, false);
  }

  // False when there is too much to do.
  bool Build() {
    const size_t most_states = kFewStates + 2 * size_t(graph_.state_count);
    StateOf(Closure({graph_.begin}));
    for (uint32_t index = 0; index < result_.states.size(); ++index) {
      AddByteSteps(index);
      AddCallSteps(index);
      if (work_ > kMaxSubsetWork || result_.states.size() > most_states) return false;
    }
    return true;
  }

  // Instead: one state for each state of the graph, which takes over the steps of all that follows without reading.
  bool BuildPlain() {
    work_ = 0;
    result_.states.assign(1, {});
    std::vector<uint32_t> number(graph_.state_count, kNone), order = {graph_.begin};
    number[graph_.begin] = 0;
    const auto number_of = [&](uint32_t state) {
      if (number[state] == kNone) {
        number[state] = uint32_t(order.size());
        order.push_back(state);
        result_.states.emplace_back();
      }
      return number[state];
    };
    for (uint32_t index = 0; index < order.size() && work_ <= kMaxSubsetWork; ++index) {
      for (const uint32_t state : Closure({order[index]})) {
        if (state == graph_.end) result_.states[index].final = true;
        for (const RuleGraph::Step& step : StepsFrom(state)) {
          if (step.kind == RuleGraph::Step::Kind::kNothing) continue;
          const uint32_t target = number_of(step.to);
          RuleStates::State& from = result_.states[index];
          if (step.kind == RuleGraph::Step::Kind::kByte) {
            from.byte_steps.push_back({step.bytes, target});
          } else {
            from.call_steps.push_back({step.rule, target});
          }
        }
      }
    }
    return work_ <= kMaxSubsetWork;
  }
  RuleStates Take() { return std::move(result_); }

 private:
  std::span<const RuleGraph::Step> StepsFrom(uint32_t state) const {
    return std::span(steps_).subspan(first_step_[state], first_step_[state + 1] - first_step_[state]);
  }

  // What is reached from `from` without reading, less the states that only lead on.
  StateSet Closure(const StateSet& from) {
    StateSet reached, kept;
    const auto reach = [&](uint32_t state) {
      if (marked_[state]) return;
      marked_[state] = true;
      reached.push_back(state);
    };
    for (const uint32_t state : from) reach(state);
    for (size_t i = 0; i < reached.size(); ++i) {
      bool reads = reached[i] == graph_.end;
      for (const RuleGraph::Step& step : StepsFrom(reached[i])) {
        if (step.kind == RuleGraph::Step::Kind::kNothing)
          reach(step.to);
        else
          reads = true;
      }
      work_ += 1 + StepsFrom(reached[i]).size();
      if (reads) kept.push_back(reached[i]);
    }
    for (const uint32_t state : reached) marked_[state] = false;
    std::sort(kept.begin(), kept.end());
    return kept;
  }

  uint32_t StateOf(StateSet set) {
    work_ += set.size();
    const auto [entry, added] = index_of_.try_emplace(std::move(set), uint32_t(result_.states.size()));
    if (added) {
      result_.states.emplace_back();
      const StateSet& states = entry->first;
      result_.states.back().final = std::binary_search(states.begin(), states.end(), graph_.end);
      sets_.push_back(&states);
    }
    return entry->second;
  }

  // All bytes between two neighbouring ends of steps lead to the same states.
  void AddByteSteps(uint32_t index) {
    std::bitset<257> begins;
    ForSteps(index, RuleGraph::Step::Kind::kByte, [&](const RuleGraph::Step& step) {
      begins.set(step.bytes.first);
      begins.set(size_t(step.bytes.last) + 1);
    });
    std::vector<uint16_t> cuts;
    for (size_t byte = 0; byte < begins.size(); ++byte) {
      if (begins[byte]) cuts.push_back(uint16_t(byte));
    }
    if (cuts.empty()) return;
    std::vector<StateSet> targets(cuts.size() - 1);
    ForSteps(index, RuleGraph::Step::Kind::kByte, [&](const RuleGraph::Step& step) {
      const auto first = std::lower_bound(cuts.begin(), cuts.end(), step.bytes.first) - cuts.begin();
      for (size_t i = size_t(first); i < targets.size() && cuts[i] <= step.bytes.last; ++i) {
        targets[i].push_back(step.to);
        ++work_;
      }
    });
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].empty()) continue;
      const uint32_t target = StateOf(Closure(std::move(targets[i])));
      AddByteStep(index, {uint8_t(cuts[i]), uint8_t(cuts[i + 1] - 1)}, target);
    }
  }

  void AddByteStep(uint32_t index, ByteRange bytes, uint32_t target) {
    auto& steps = result_.states[index].byte_steps;
    if (!steps.empty() && steps.back().target == target && steps.back().bytes.last + 1 == bytes.first) {
      steps.back().bytes.last = bytes.last;
    } else {
      steps.push_back({bytes, target});
    }
  }

  void AddCallSteps(uint32_t index) {
    std::map<RuleId, StateSet> targets;
    ForSteps(index, RuleGraph::Step::Kind::kRule,
             [&](const RuleGraph::Step& step) { targets[step.rule].push_back(step.to); });
    for (auto& [rule, states] : targets) {
      const uint32_t target = StateOf(Closure(std::move(states)));
      result_.states[index].call_steps.push_back({rule, target});
    }
  }

  template <class Function>
  void ForSteps(uint32_t index, RuleGraph::Step::Kind kind, const Function& function) {
    for (const uint32_t state : *sets_[index]) {
      for (const RuleGraph::Step& step : StepsFrom(state)) {
        if (step.kind == kind) function(step);
      }
    }
  }

  const RuleGraph& graph_;
  std::vector<RuleGraph::Step> steps_;  // by where they begin
  std::vector<size_t> first_step_;
  std::vector<bool> marked_;  // all false between calls of Closure
  std::map<StateSet, uint32_t> index_of_;
  std::vector<const StateSet*> sets_;  // of each state of the result
  RuleStates result_;
  size_t work_ = 0;
};

}  // namespace

Result<RuleStates> BuildRuleStates(const Syntax& syntax, RuleId rule) {
  STERNA_ASSIGN_OR_RETURN(const RuleGraph graph, BuildRuleGraph(syntax, rule));
  StateBuilder builder(graph);
  if (builder.Build() || builder.BuildPlain()) return builder.Take();
  const Syntax::Rule& written = syntax.rules()[rule];
  return Status::ResourceExhausted(fmt::format(
      "grammar {}: rule '{}' may be read in too many ways; use smaller repetitions, or none of what may be empty",
      written.place, written.name));
}

}  // namespace sterna::grammar
