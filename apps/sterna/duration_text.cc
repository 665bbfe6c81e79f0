// SPDX-License-Identifier: Apache-2.0
#include "duration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace sterna::cli {

std::string DurationText(double seconds) {
  constexpr double kLongestShown = 1e8;
  const auto minutes = static_cast<uint64_t>(std::min(seconds, kLongestShown) / 60);
  if (minutes >= 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  if (minutes >= 2) return fmt::format("{} min", minutes);
  return fmt::format("{:.0f} s", seconds);
}

}  // namespace sterna::cli
