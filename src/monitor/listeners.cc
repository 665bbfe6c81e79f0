// SPDX-License-Identifier: Apache-2.0
#include "monitor/listeners.h"

#include <array>
#include <atomic>
#include <mutex>

namespace sterna::monitor {
namespace {

struct Listeners {
  std::atomic<uint64_t> epoch = 1;
  std::mutex mutex;
  std::array<std::shared_ptr<Recorder>, 2> by_kind;  // guarded by mutex
};

// Never destroyed: engines may ask while the process exits.
Listeners& TheListeners() {
  static Listeners* const listeners = new Listeners;
  return *listeners;
}

}  // namespace

bool Listen(Listener kind, const std::shared_ptr<Recorder>& recorder) {
  Listeners& listeners = TheListeners();
  const std::lock_guard lock(listeners.mutex);
  std::shared_ptr<Recorder>& place = listeners.by_kind[size_t(kind)];
  if (place != nullptr) return false;
  place = recorder;
  ++listeners.epoch;
  return true;
}

void StopListening(const Recorder& recorder) {
  Listeners& listeners = TheListeners();
  const std::lock_guard lock(listeners.mutex);
  for (std::shared_ptr<Recorder>& place : listeners.by_kind) {
    if (place.get() != &recorder) continue;
    place.reset();
    ++listeners.epoch;
  }
}

std::shared_ptr<Recorder> CurrentListener() {
  Listeners& listeners = TheListeners();
  const std::lock_guard lock(listeners.mutex);
  for (const std::shared_ptr<Recorder>& recorder : listeners.by_kind) {
    if (recorder != nullptr) return recorder;
  }
  return nullptr;
}

uint64_t ListenerEpoch() { return TheListeners().epoch.load(std::memory_order_relaxed); }

}  // namespace sterna::monitor
