// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "monitor/process_probe.h"
#include "monitor/profile.h"
#include "monitor/recorder.h"
#include "monitor/sampler.h"
#include "sterna/profile_config.h"

namespace sterna::monitor {

inline constexpr char kNoGpu[] = "gpu metrics: this build has no GPU backend";

struct SessionOptions {
  bool detailed = false;
  bool sampling = true;
  uint32_t sample_frequency_hz = 100;
};
SessionOptions SessionOptionsOf(const ProfileConfig& config);

// A profile in the making: a recorder for the engine, and a sampler that runs beside. To be made before the threads
// whose hardware counts are wanted. Thread-safe.
class Session {
 public:
  // InvalidArgument for a frequency out of range; ResourceExhausted when the system gives no thread.
  static Result<std::unique_ptr<Session>> Start(const SessionOptions& options);

  Recorder& recorder() { return *recorder_; }
  const std::shared_ptr<Recorder>& shared_recorder() const { return recorder_; }
  const ProcessProbe& probe() const { return probe_; }
  Sample ReadNow();
  // What happened up to now. Refers to the recorder of this session.
  Profile Snapshot(std::vector<std::pair<std::string, std::string>> about, const MachineLimits& limits) const;
  // The same in the form that the configuration asks for.
  std::string Report(const ProfileConfig& config) const;
  // No more samples: what comes after is not the run's.
  void StopSampling();

 private:
  explicit Session(const SessionOptions& options);

  ProcessProbe probe_;
  std::mutex probe_mutex_;  // for reading
  const std::shared_ptr<Recorder> recorder_;
  Sampler sampler_;
  int64_t end_ns_ = 0;  // 0: it still runs
};

}  // namespace sterna::monitor
