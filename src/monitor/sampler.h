// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "monitor/clock.h"
#include "monitor/process_probe.h"
#include "sterna/status.h"

namespace sterna::monitor {

// Takes a sample at the start, then at a fixed frequency on a thread of its own, and one at the end. Never more than
// kMaxSamples are kept: when they are reached, every second one goes and the frequency halves.
class Sampler {
 public:
  static constexpr size_t kMaxSamples = 1 << 14;
  static constexpr uint32_t kMaxFrequencyHz = 10'000;

  using Read = std::function<Sample(int64_t time_ns)>;
  // Sleeps until `time_ns` by the clock; false: it is to end.
  using WaitUntil = std::function<bool(int64_t time_ns)>;

  // InvalidArgument outside 1..kMaxFrequencyHz.
  static Status CheckFrequency(uint32_t frequency_hz);

  // `clock` outlives the sampler; `read` is called by one thread at a time.
  Sampler(const Clock& clock, uint32_t frequency_hz, Read read);
  ~Sampler() { Stop(); }
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  // ResourceExhausted when the system gives no thread. Once.
  Status Start();
  void Stop();

  // What the thread does; tests call it with a wait that moves their clock.
  void Run(const WaitUntil& wait_until);

  // Those kept so far, in order. Any thread.
  std::vector<Sample> samples() const;
  // How many were taken, those that went included, and how often they are taken now.
  uint64_t taken() const;
  double frequency_hz() const;

 private:
  void Take();
  bool Sleep(int64_t time_ns);

  const Clock& clock_;
  const Read read_;
  mutable std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stopping_ = false;        // guarded by mutex_
  int64_t period_ns_;            // guarded by mutex_
  uint64_t taken_ = 0;           // guarded by mutex_
  std::vector<Sample> samples_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sterna::monitor
