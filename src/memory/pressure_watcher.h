// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "memory/pressure.h"
#include "sterna/status.h"

namespace sterna::memory {

// Checks how full memory is at an interval, on a thread of its own, until it is destroyed.
class PressureWatcher {
 public:
  using Read = std::function<PressureReading()>;

  // `control` must outlive the watcher. ResourceExhausted when the system gives no thread.
  static Result<std::unique_ptr<PressureWatcher>> Start(PressureControl& control, Read read,
                                                        std::chrono::milliseconds interval);
  ~PressureWatcher();
  PressureWatcher(const PressureWatcher&) = delete;
  PressureWatcher& operator=(const PressureWatcher&) = delete;

 private:
  PressureWatcher(PressureControl& control, Read read, std::chrono::milliseconds interval);
  void Main();

  PressureControl& control_;
  const Read read_;
  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

// What the system says of this process: its control group's share (v1, v2) and how long tasks waited for memory. The
// budget's share is the caller's to fill.
PressureReading ReadSystemPressure();

}  // namespace sterna::memory
