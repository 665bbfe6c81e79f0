// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sterna::sample {

// Watches streamed text for stop strings: text that may be the start of one is held back, and a stop string never
// shows.
class StopStringMatcher {
 public:
  explicit StopStringMatcher(std::vector<std::string> stops);  // empty strings are ignored
  struct Output {
    std::string text;      // may be shown now
    bool stopped = false;  // a stop string was completed; nothing after it is shown
  };
  Output Push(std::string_view text);
  // What was held back, at the end of generation without a stop.
  std::string Flush();

 private:
  std::vector<std::string> stops_;
  std::string pending_;
  bool stopped_ = false;
};

}  // namespace sterna::sample
