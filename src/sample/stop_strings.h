// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::sample {

// Watches streamed text for stop strings: text that may be the start of one is held back, and a stop string never
// shows. The stop that is complete first wins; of two that end together, the longer. How the text is cut into pushes
// makes no difference. Time is proportional to text times number of stops, whatever they hold.
class StopStringMatcher {
 public:
  explicit StopStringMatcher(std::vector<std::string> stops);  // empty strings are ignored
  struct Output {
    std::string text;      // may be shown now
    bool stopped = false;  // a stop string was completed; nothing after it is shown
  };
  // After a stop: no text, stopped.
  Output Push(std::string_view text);
  // What was held back, at the end of generation without a stop.
  std::string Flush();

 private:
  // One stop string and how much of it the end of the text matches.
  struct Stop {
    std::string text;
    std::vector<uint32_t> fallback;  // for a match of n+1 bytes: the next shorter match that is also possible
    size_t matched = 0;
    void Advance(char byte);
  };
  static Stop MakeStop(std::string text);

  std::vector<Stop> stops_;
  std::string pending_;  // not yet shown: as long as the longest match
  bool stopped_ = false;
};

}  // namespace sterna::sample
