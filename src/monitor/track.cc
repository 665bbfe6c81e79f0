// SPDX-License-Identifier: Apache-2.0
#include "monitor/track.h"

#include <utility>

namespace sterna::monitor {

Track::Track(std::string name, const Clock& clock, size_t capacity) : name_(std::move(name)), clock_(clock) {
  events_.reserve(capacity);
}

void Track::Begin(std::string_view name) {
  if (depth_ < kMaxDepth) open_[depth_] = {name, clock_.NowNs()};
  ++depth_;
}

std::optional<int64_t> Track::End(const SpanFacts& facts) {
  if (depth_ == 0) return std::nullopt;
  --depth_;
  if (depth_ >= kMaxDepth) {
    Drop();
    return 0;
  }
  const Open& open = open_[depth_];
  const int64_t now = clock_.NowNs();
  Add(open.name, open.start_ns, now, facts);
  return now - open.start_ns;
}

void Track::Add(std::string_view name, int64_t start_ns, int64_t end_ns, const SpanFacts& facts) {
  if (events_.size() == events_.capacity()) return Drop();
  events_.push_back({name, start_ns, end_ns, depth_, facts});
  published_.store(events_.size(), std::memory_order_release);
}

std::string_view Track::Intern(std::string_view name) {
  if (const auto found = interned_.find(name); found != interned_.end()) return found->second;
  if (names_.size() >= kMaxNames) return "(other)";
  const std::string_view kept = names_.emplace_back(name);
  return interned_.emplace(kept, kept).first->second;
}

}  // namespace sterna::monitor
