// SPDX-License-Identifier: Apache-2.0
//
// Each stop string is matched by its own Knuth-Morris-Pratt automaton, so no byte is looked at twice.
#include "sample/stop_strings.h"

#include <algorithm>
#include <utility>

namespace sterna::sample {

StopStringMatcher::StopStringMatcher(std::vector<std::string> stops) {
  for (std::string& stop : stops) {
    if (!stop.empty()) stops_.push_back(MakeStop(std::move(stop)));
  }
}

StopStringMatcher::Stop StopStringMatcher::MakeStop(std::string text) {
  Stop stop{std::move(text), {0}, 0};
  for (size_t i = 1; i < stop.text.size(); ++i) {
    stop.Advance(stop.text[i]);
    stop.fallback.push_back(uint32_t(stop.matched));
  }
  stop.matched = 0;
  return stop;
}

void StopStringMatcher::Stop::Advance(char byte) {
  while (matched > 0 && text[matched] != byte) matched = fallback[matched - 1];
  if (text[matched] == byte) ++matched;
}

StopStringMatcher::Output StopStringMatcher::Push(std::string_view text) {
  if (stopped_) return {"", true};
  for (const char byte : text) {
    pending_.push_back(byte);
    size_t completed_bytes = 0;
    for (Stop& stop : stops_) {
      stop.Advance(byte);
      if (stop.matched == stop.text.size()) completed_bytes = std::max(completed_bytes, stop.matched);
    }
    if (completed_bytes > 0) {
      stopped_ = true;
      pending_.resize(pending_.size() - completed_bytes);
      return {std::exchange(pending_, {}), true};
    }
  }
  size_t held_bytes = 0;
  for (const Stop& stop : stops_) held_bytes = std::max(held_bytes, stop.matched);
  Output output{pending_.substr(0, pending_.size() - held_bytes), false};
  pending_.erase(0, output.text.size());
  return output;
}

std::string StopStringMatcher::Flush() {
  for (Stop& stop : stops_) stop.matched = 0;
  return std::exchange(pending_, {});
}

}  // namespace sterna::sample
