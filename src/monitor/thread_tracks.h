// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <thread>

#include "monitor/recorder.h"

namespace sterna::monitor {

// A track for each thread that asks, found without a lock: a table of thread ids that only ever fills. A thread that
// got the id of one that ended goes on with its track.
class ThreadTracks {
 public:
  static constexpr size_t kMaxThreads = 512;

  explicit ThreadTracks(Recorder& recorder) : recorder_(recorder) {}

  // The calling thread's. Null past kMaxThreads, and where the recorder has none left.
  Track* Mine();

 private:
  struct Slot {
    std::atomic<std::thread::id> owner{};
    Track* track = nullptr;  // the owner's alone
  };
  Recorder& recorder_;
  std::array<Slot, kMaxThreads> slots_;
};

}  // namespace sterna::monitor
