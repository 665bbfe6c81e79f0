// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace sterna::router {

// How long to wait before a process is started again: a moment at first, twice as long each time that it did not last,
// at most half a minute.
class RestartDelay {
 public:
  using Duration = std::chrono::milliseconds;
  static constexpr Duration kFirst{100}, kLongest{30'000};
  static constexpr Duration kLasted{60'000};  // a run of this length begins the count anew

  // After a run of this length.
  Duration Next(Duration run) {
    if (run >= kLasted) next_ = kFirst;
    return std::exchange(next_, std::min(next_ * 2, kLongest));
  }

 private:
  Duration next_ = kFirst;
};

}  // namespace sterna::router
