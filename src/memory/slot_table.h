// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace sterna::memory {

// Which part gives up its slot. Parts are used in order, again and again, so kFarthestNext (what was just used goes) is
// the one that reads least; the others are what caches commonly have.
enum class EvictionPolicy : uint8_t { kFarthestNext, kLru, kLfu, kFifo };

// Which parts lie in which slots. Not thread-safe; allocates nothing after construction.
class SlotTable {
 public:
  static constexpr size_t kNone = SIZE_MAX;

  SlotTable(size_t parts, size_t slots, EvictionPolicy policy);

  size_t parts() const { return slot_of_.size(); }
  size_t slots() const { return slots_.size(); }
  size_t SlotOf(size_t part) const { return slot_of_[part]; }  // kNone where it lies in none
  size_t PartIn(size_t slot) const { return slots_[slot].part; }

  void Put(size_t part, size_t slot);
  void Clear(size_t slot);
  void NoteUse(size_t part);  // of a part that lies in a slot

  // The slot for another part while `now` is the part in use, among the first `usable` slots: a free one, else the one
  // that the policy gives up among those whose part may go. kNone when none may.
  size_t Choose(size_t now, size_t usable, const std::function<bool(size_t part)>& may_go) const;

 private:
  struct Slot {
    size_t part = kNone;
    uint64_t loaded_at = 0, used_at = 0, uses = 0;
  };
  bool GoesBefore(const Slot& a, const Slot& b, size_t now) const;

  EvictionPolicy policy_;
  uint64_t clock_ = 0;
  std::vector<size_t> slot_of_;
  std::vector<Slot> slots_;
};

}  // namespace sterna::memory
