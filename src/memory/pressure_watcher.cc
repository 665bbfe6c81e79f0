// SPDX-License-Identifier: Apache-2.0
#include "memory/pressure_watcher.h"

#include <string>
#include <system_error>
#include <utility>

#include "platform/cgroup.h"

namespace sterna::memory {

Result<std::unique_ptr<PressureWatcher>> PressureWatcher::Start(PressureControl& control, Read read,
                                                                std::chrono::milliseconds interval) {
  std::unique_ptr<PressureWatcher> watcher(new PressureWatcher(control, std::move(read), interval));
  try {
    watcher->thread_ = std::thread([&self = *watcher] { self.Main(); });
  } catch (const std::system_error& error) {
    return Status::ResourceExhausted(std::string("the system gives no thread that watches memory: ") + error.what());
  }
  return watcher;
}

PressureWatcher::PressureWatcher(PressureControl& control, Read read, std::chrono::milliseconds interval)
    : control_(control), read_(std::move(read)), interval_(interval) {}

PressureWatcher::~PressureWatcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void PressureWatcher::Main() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    control_.Check(read_());
    lock.lock();
  }
}

PressureReading ReadSystemPressure() {
  PressureReading reading;
  reading.group_share = platform::CgroupMemoryShare().value_or(0);
  reading.stalled_percent = platform::MemoryStalledPercent().value_or(0);
  return reading;
}

}  // namespace sterna::memory
