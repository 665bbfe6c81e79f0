// SPDX-License-Identifier: Apache-2.0
#include "monitor/clock.h"

#include <chrono>

namespace sterna::monitor {
namespace {

class SystemClock final : public Clock {
 public:
  int64_t NowNs() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

const Clock& SteadyClock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace sterna::monitor
