// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/clock.h"
#include "monitor/track.h"

namespace sterna::monitor {

struct RecorderOptions {
  // Spans per layer, operation and worker. Without it at most 10 a token, and totals per operation all the same.
  bool detailed = false;
  // Memory is taken as it is filled. 0: 128 Ki spans, 512 Ki with `detailed`.
  size_t spans_per_track = 0;
  const Clock* clock = nullptr;  // outlives the recorder; null: SteadyClock()
};

// Everything that one kind of work did in one kind of step. One thread adds, any thread may read.
struct OperationTotal {
  OperationTotal(std::string_view phase_name, std::string_view operation) : phase(phase_name), name(operation) {}

  void Add(int64_t ns, uint64_t read_bytes, uint64_t macs) {
    const auto add = [](std::atomic<uint64_t>& total, uint64_t value) {
      total.store(total.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
    };
    add(calls, 1);
    add(time_ns, ns > 0 ? uint64_t(ns) : 0);
    add(bytes, read_bytes);
    add(multiply_adds, macs);
  }

  const std::string_view phase;  // "prompt", "generation"
  const std::string_view name;   // "attention"
  std::atomic<uint64_t> calls = 0, time_ns = 0, bytes = 0, multiply_adds = 0;
};

// What is recorded of a run. Whoever is handed none records nothing: that one branch is all it costs. Thread-safe.
class Recorder {
 public:
  static constexpr size_t kMaxTracks = 1024;

  explicit Recorder(const RecorderOptions& options = {});
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Lives as long as the recorder. Null when there are kMaxTracks, or no memory for another: spans there are nothing.
  Track* AddTrack(std::string name);
  // Literals. Lives as long as the recorder; each engine adds its own.
  OperationTotal* AddOperation(std::string_view phase, std::string_view name);

  bool detailed() const { return detailed_; }
  const Clock& clock() const { return clock_; }
  int64_t start_ns() const { return start_ns_; }  // when it was made

  // In the order in which they were added.
  std::vector<const Track*> tracks() const;
  std::vector<const OperationTotal*> operations() const;
  uint64_t refused_tracks() const;

 private:
  const bool detailed_;
  const size_t spans_per_track_;
  const Clock& clock_;
  const int64_t start_ns_;
  mutable std::mutex mutex_;
  std::deque<Track> tracks_;               // guarded by mutex_
  std::deque<OperationTotal> operations_;  // guarded by mutex_
  uint64_t refused_tracks_ = 0;            // guarded by mutex_
};

}  // namespace sterna::monitor
