// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "grammar/automaton.h"
#include "grammar/readings.h"
#include "sterna/status.h"

namespace sterna::grammar {

// What can be read from a state of the automaton without knowing who called its rule, as a deterministic automaton that
// is built where it is walked. Not thread-safe.
class LocalReadings {
 public:
  using SetId = uint32_t;
  static constexpr SetId kDead = 0;  // nothing reads on, and nothing returned
  static constexpr SetId kUnknown = SetId(-1);

  explicit LocalReadings(const Automaton& automaton);

  Result<SetId> From(StateId state);
  // kUnknown before Read was called with a byte of the same class.
  SetId Known(SetId set, uint8_t byte) const { return next_[size_t(set) * class_count_ + automaton_.class_of(byte)]; }
  Result<SetId> Read(SetId set, uint8_t byte);
  // Whether some reading ended its rule here, and goes on where it was called.
  bool Ends(SetId set) const { return sets_[set].ends; }
  bool ReadsOn(SetId set) const { return !sets_[set].readings.empty(); }
  size_t MemoryBytes() const { return memory_bytes_; }

 private:
  using Key = std::pair<std::vector<uint64_t>, bool>;

  SetId IdOf(ReadingSet set);

  const Automaton& automaton_;
  const size_t class_count_;
  StackPool stacks_;
  Reader reader_;
  std::vector<ReadingSet> sets_;
  std::vector<SetId> next_;  // [sets][classes]
  std::map<Key, SetId> ids_;
  std::map<StateId, SetId> starts_;
  size_t memory_bytes_ = 0;
};

}  // namespace sterna::grammar
