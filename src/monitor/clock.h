// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sterna::monitor {

// Nanoseconds that never go back. Tests bring their own, so that no test depends on how fast a machine is.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowNs() const = 0;
};

// The system's steady clock.
const Clock& SteadyClock();

}  // namespace sterna::monitor
