// SPDX-License-Identifier: Apache-2.0
#include "engine/step_profile.h"

#include <utility>

#include "monitor/listeners.h"

namespace sterna::engine {

StepProfile::StepProfile(monitor::Recorder* own, backend::TimedBackend& backend)
    : backend_(backend), has_own_(own != nullptr) {
  if (has_own_) Tell(own);
}

monitor::Track* StepProfile::Track() {
  if (has_own_) return track_;
  const uint64_t epoch = monitor::ListenerEpoch();
  if (epoch == epoch_) return track_;
  epoch_ = epoch;
  std::shared_ptr<monitor::Recorder> listener = monitor::CurrentListener();
  if (listener == listener_) return track_;
  Tell(listener.get());
  listener_ = std::move(listener);  // the old one goes after nobody knows it any more
  return track_;
}

void StepProfile::Tell(monitor::Recorder* recorder) {
  track_ = recorder != nullptr ? recorder->AddTrack("engine") : nullptr;
  backend_.SetRecorder(recorder, track_);
}

}  // namespace sterna::engine
