// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "monitor/clock.h"

namespace sterna::monitor {

// When each worker of a pool worked on the current operation. A worker notes its own pieces; whoever waited for all of
// them reads and clears. Off until it is given a clock.
class WorkerTimes {
 public:
  struct alignas(64) Work {  // a line each: workers write at the same time
    int64_t first_ns = 0;    // start of the first piece
    int64_t last_ns = 0;     // end of the last one
    uint32_t pieces = 0;
  };

  explicit WorkerTimes(uint32_t workers) : work_(workers) {}

  // Null: off. Only while no worker works.
  void SetClock(const Clock* clock) { clock_ = clock; }
  bool on() const { return clock_ != nullptr; }

  template <class Piece>
  void Note(uint32_t worker, Piece&& piece) {
    Work& work = work_[worker];
    if (work.pieces++ == 0) work.first_ns = clock_->NowNs();
    piece();
    work.last_ns = clock_->NowNs();
  }

  // take(worker, work) for each that worked since the last call.
  template <class Take>
  void Drain(Take&& take) {
    for (uint32_t worker = 0; worker < work_.size(); ++worker) {
      if (work_[worker].pieces == 0) continue;
      take(worker, work_[worker]);
      work_[worker] = {};
    }
  }
  uint32_t workers() const { return uint32_t(work_.size()); }

 private:
  const Clock* clock_ = nullptr;
  std::vector<Work> work_;
};

}  // namespace sterna::monitor
