// SPDX-License-Identifier: Apache-2.0
#include "monitor/thread_tracks.h"

#include <functional>
#include <string>

namespace sterna::monitor {

Track* ThreadTracks::Mine() {
  const std::thread::id self = std::this_thread::get_id();
  const size_t first = std::hash<std::thread::id>{}(self);
  for (size_t i = 0; i < kMaxThreads; ++i) {
    const size_t place = (first + i) % kMaxThreads;
    Slot& slot = slots_[place];
    std::thread::id owner = slot.owner.load(std::memory_order_relaxed);
    if (owner == self) return slot.track;
    if (owner != std::thread::id{}) continue;
    if (!slot.owner.compare_exchange_strong(owner, self, std::memory_order_relaxed)) continue;
    slot.track = recorder_.AddTrack("thread " + std::to_string(place));
    return slot.track;
  }
  return nullptr;
}

}  // namespace sterna::monitor
