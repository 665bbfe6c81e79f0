// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "sterna/status.h"

namespace sterna::platform {

// Calls a function at an interval, on a thread of its own, until it is destroyed.
class IntervalThread {
 public:
  // The first call is an interval from now. ResourceExhausted when the system gives no thread; `what` it was for is in
  // the message: "that watches memory".
  static Result<std::unique_ptr<IntervalThread>> Start(std::string_view what, std::chrono::milliseconds interval,
                                                       std::function<void()> call);
  // Waits for a call that runs.
  ~IntervalThread();
  IntervalThread(const IntervalThread&) = delete;
  IntervalThread& operator=(const IntervalThread&) = delete;

 private:
  IntervalThread(std::chrono::milliseconds interval, std::function<void()> call);
  void Main();

  const std::chrono::milliseconds interval_;
  const std::function<void()> call_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sterna::platform
