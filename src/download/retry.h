// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "download/hooks.h"
#include "download/http_client.h"
#include "sterna/status.h"

namespace sterna::download {

// Waits and counts between tries: half a second, then twice as long each time up to 30 s, or as long as the server asks
// for (60 s at most).
class Retry {
 public:
  Retry(uint32_t limit, const Hooks& hooks) : limit_(limit), hooks_(hooks) {}

  // ok: try again now. Otherwise what to return: the outcome's own Status when trying again is of no use or was done
  // too often, or Cancelled.
  Status Wait(const HttpOutcome& outcome);
  // Something was gained: the count begins anew.
  void Reset() { tries_ = 0; }

 private:
  uint32_t limit_;
  uint32_t tries_ = 0;
  const Hooks& hooks_;
};

// Sleeps in pieces; false when the caller wants to stop.
bool SleepUnlessStopped(std::chrono::milliseconds time, const Hooks& hooks);

}  // namespace sterna::download
