// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "backend/timed_backend.h"
#include "monitor/recorder.h"

namespace sterna::engine {

// Whom a step tells what it does: the recorder that the engine was given, else the process's listener, else nobody.
class StepProfile {
 public:
  // Both outlive this; `own` may be null.
  StepProfile(monitor::Recorder* own, backend::TimedBackend& backend);

  // At the start of each step, by the step loop's thread: the track for its spans. While nothing changes, one relaxed
  // load.
  monitor::Track* Track();

 private:
  void Tell(monitor::Recorder* recorder);

  backend::TimedBackend& backend_;
  const bool has_own_;
  uint64_t epoch_ = 0;  // of the listeners, as last looked at
  std::shared_ptr<monitor::Recorder> listener_;
  monitor::Track* track_ = nullptr;
};

}  // namespace sterna::engine
