// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "memory/slot_table.h"
#include "sterna/status.h"

namespace sterna::memory {

// What is read before anybody asks for it: nothing; the next part in order; the next part that this pass, or the one
// after it, will use.
enum class PreloadStrategy : uint8_t { kNone, kSequential, kPredictive };

// Since creation.
struct StreamCounters {
  uint64_t hits = 0;        // parts asked for that lay in the window or were on their way
  uint64_t misses = 0;      // parts asked for of which nothing had been read
  uint64_t loads = 0;       // parts read
  uint64_t evictions = 0;   // parts given up for another
  uint64_t bytes_read = 0;  // from the file
  uint64_t stall_ns = 0;    // the caller waited for a part
};

// Parts of something too large, used one after the other from the first to the last, again and again (a pass each),
// through a few slots of memory. A thread of its own fills the slots ahead of the use.
//
// One caller at a time, except for counters(). Allocates nothing after Create, unless a load fails.
class StreamWindow {
 public:
  struct Options {
    size_t parts = 0;
    size_t slots = 2;  // at least 2, or 1 with one part
    EvictionPolicy eviction = EvictionPolicy::kFarthestNext;
    PreloadStrategy preload = PreloadStrategy::kPredictive;
  };
  // Fills `slot` with `part` and returns the bytes that were read for it. Called on the window's thread.
  using Load = std::function<Result<uint64_t>(size_t part, size_t slot)>;

  // InvalidArgument for fewer slots; ResourceExhausted when the system gives no thread.
  static Result<std::unique_ptr<StreamWindow>> Create(const Options& options, Load load);
  ~StreamWindow();
  StreamWindow(const StreamWindow&) = delete;
  StreamWindow& operator=(const StreamWindow&) = delete;

  // The next pass uses parts 0 .. parts - 1.
  void BeginPass(size_t parts);
  // Waits until `part` lies in a slot, which stays as it is until the next call. The load's error when it failed; a
  // later call tries again.
  Result<size_t> Acquire(size_t part);
  // No part is in use any more.
  void EndPass();

  StreamCounters counters() const;

  // Later parts go to the first `slots` slots alone (2 at least), until it is called again; what lies in the others is
  // forgotten, and `give_back` is called for each of them. Any thread.
  void LimitSlots(size_t slots, const std::function<void(size_t slot)>& give_back);
  // Slots that were ever filled.
  size_t touched_slots() const;

 private:
  static constexpr size_t kNone = SlotTable::kNone;
  static constexpr size_t kMostAhead = 4;
  static constexpr size_t kSlotsPerAhead = 4;  // the others keep parts for the next pass

  StreamWindow(const Options& options, Load load);
  void Main();
  size_t Ahead() const;
  size_t After(size_t part) const;
  size_t NextToLoad() const;
  size_t SlotFor() const;
  bool IsWantedSoon(size_t part) const;
  void LoadPart(size_t part, size_t slot, std::unique_lock<std::mutex>& lock);

  const Load load_;
  const PreloadStrategy preload_;

  mutable std::mutex mutex_;
  std::condition_variable work_, arrived_;
  // Guarded by mutex_.
  SlotTable table_;
  size_t pass_parts_;
  size_t in_use_ = kNone, wanted_ = kNone, loading_ = kNone, loading_slot_ = kNone;
  size_t failed_ = kNone;  // why: failure_
  Status failure_;
  bool stopping_ = false;
  size_t usable_slots_, touched_slots_ = 0;
  StreamCounters counters_;

  std::thread thread_;
};

}  // namespace sterna::memory
