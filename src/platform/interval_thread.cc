// SPDX-License-Identifier: Apache-2.0
#include "platform/interval_thread.h"

#include <string>
#include <system_error>
#include <utility>

namespace sterna::platform {

Result<std::unique_ptr<IntervalThread>> IntervalThread::Start(std::string_view what, std::chrono::milliseconds interval,
                                                              std::function<void()> call) {
  std::unique_ptr<IntervalThread> started(new IntervalThread(interval, std::move(call)));
  try {
    started->thread_ = std::thread([&self = *started] { self.Main(); });
  } catch (const std::system_error& error) {
    return Status::ResourceExhausted("the system gives no thread " + std::string(what) + ": " + error.what());
  }
  return started;
}

IntervalThread::IntervalThread(std::chrono::milliseconds interval, std::function<void()> call)
    : interval_(interval), call_(std::move(call)) {}

IntervalThread::~IntervalThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void IntervalThread::Main() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    call_();
    lock.lock();
  }
}

}  // namespace sterna::platform
