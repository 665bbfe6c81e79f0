// SPDX-License-Identifier: Apache-2.0
#include "memory/slot_table.h"

#include "base/check.h"

namespace sterna::memory {

SlotTable::SlotTable(size_t parts, size_t slots, EvictionPolicy policy)
    : policy_(policy), slot_of_(parts, kNone), slots_(slots) {}

void SlotTable::Put(size_t part, size_t slot) {
  STERNA_DCHECK(slot_of_[part] == kNone && slots_[slot].part == kNone);
  ++clock_;
  slot_of_[part] = slot;
  slots_[slot] = {part, clock_, clock_, 0};
}

void SlotTable::Clear(size_t slot) {
  if (slots_[slot].part != kNone) slot_of_[slots_[slot].part] = kNone;
  slots_[slot] = {};
}

void SlotTable::NoteUse(size_t part) {
  Slot& slot = slots_[slot_of_[part]];
  slot.used_at = ++clock_;
  ++slot.uses;
}

size_t SlotTable::Choose(size_t now, size_t usable, const std::function<bool(size_t part)>& may_go) const {
  size_t chosen = kNone;
  for (size_t i = 0; i < usable; ++i) {
    if (slots_[i].part == kNone) return i;
    if (!may_go(slots_[i].part)) continue;
    if (chosen == kNone || GoesBefore(slots_[i], slots_[chosen], now)) chosen = i;
  }
  return chosen;
}

bool SlotTable::GoesBefore(const Slot& a, const Slot& b, size_t now) const {
  // Parts until it is used again.
  const auto distance = [&](const Slot& slot) { return (slot.part + parts() - now - 1) % parts(); };
  switch (policy_) {
    case EvictionPolicy::kFarthestNext: return distance(a) > distance(b);
    case EvictionPolicy::kLru: return a.used_at < b.used_at;
    case EvictionPolicy::kLfu: return a.uses != b.uses ? a.uses < b.uses : a.used_at < b.used_at;
    case EvictionPolicy::kFifo: return a.loaded_at < b.loaded_at;
  }
  return false;
}

}  // namespace sterna::memory
