// SPDX-License-Identifier: Apache-2.0
#include "grammar/local_readings.h"

#include "base/status_macros.h"
#include "grammar/limits.h"

namespace sterna::grammar {

LocalReadings::LocalReadings(const Automaton& automaton)
    : automaton_(automaton), class_count_(automaton.class_count()), reader_(automaton, stacks_) {
  IdOf(ReadingSet{});  // kDead
  for (size_t i = 0; i < class_count_; ++i) next_[i] = kDead;
}

Result<LocalReadings::SetId> LocalReadings::From(StateId state) {
  if (const auto found = starts_.find(state); found != starts_.end()) return found->second;
  STERNA_ASSIGN_OR_RETURN(ReadingSet set, reader_.Close({{state, kBase}}));
  const SetId id = IdOf(std::move(set));
  starts_.emplace(state, id);
  return id;
}

Result<LocalReadings::SetId> LocalReadings::Read(SetId set, uint8_t byte) {
  const SetId known = Known(set, byte);
  if (known != kUnknown) return known;
  if (memory_bytes_ > kMaxLocalBytes) {
    return Status::ResourceExhausted(
        "grammar: there are too many ways to go on here; make its rules begin differently");
  }
  STERNA_ASSIGN_OR_RETURN(ReadingSet next, reader_.Read(sets_[set], byte));
  const SetId id = IdOf(std::move(next));
  next_[size_t(set) * class_count_ + automaton_.class_of(byte)] = id;
  return id;
}

LocalReadings::SetId LocalReadings::IdOf(ReadingSet set) {
  Key key{{}, set.ends};
  key.first.reserve(set.readings.size());
  for (const Reading& reading : set.readings) key.first.push_back(uint64_t(reading.state) << 32 | reading.stack);
  const auto [entry, added] = ids_.try_emplace(std::move(key), SetId(sets_.size()));
  if (added) {
    set.roots.clear();
    memory_bytes_ +=
        sizeof(ReadingSet) + 100 + 2 * sizeof(Reading) * set.readings.size() + sizeof(SetId) * class_count_;
    sets_.push_back(std::move(set));
    next_.resize(next_.size() + class_count_, kUnknown);
  }
  return entry->second;
}

}  // namespace sterna::grammar
