// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "monitor/clock.h"

namespace sterna::monitor {

// Stands still until it is moved.
class HandClock final : public Clock {
 public:
  int64_t NowNs() const override { return now_ns_.load(); }
  void Move(int64_t ns) { now_ns_ += ns; }

 private:
  std::atomic<int64_t> now_ns_ = 1'000'000;
};

}  // namespace sterna::monitor
