// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sterna::server {

// One server-sent event. `data` is one line.
inline std::string SseEvent(std::string_view data) {
  std::string event = "data: ";
  event += data;
  event += "\n\n";
  return event;
}

inline constexpr std::string_view kSseDone = "data: [DONE]\n\n";

}  // namespace sterna::server
