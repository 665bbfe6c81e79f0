// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "monitor/clock.h"

namespace sterna::monitor {

// What else is known of a span. Zero: not counted there.
struct SpanFacts {
  static constexpr int32_t kNoLayer = -1;

  uint64_t bytes = 0;          // of weights, keys and values that were read
  uint64_t multiply_adds = 0;  // that were computed
  uint32_t rows = 0;           // of a step
  uint32_t tokens = 0;         // that a step drew
  uint32_t pieces = 0;         // of parallel work that a worker did
  int32_t layer = kNoLayer;
};

// A stretch of time that ended, by the recorder's clock.
struct SpanEvent {
  std::string_view name;  // valid as long as the track
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  uint32_t depth = 0;  // how many spans of the track were open around it
  SpanFacts facts;
};

// One line of the timeline: spans that nest. One thread writes at a time, any thread may read what is published.
// Writing takes no lock and, but for the first sight of a name in Intern, no memory: a full track drops and counts.
class Track {
 public:
  // Open spans inside each other; deeper ones are dropped.
  static constexpr uint32_t kMaxDepth = 64;
  static constexpr size_t kMaxNames = 4096;

  Track(std::string name, const Clock& clock, size_t capacity);

  // `name` must stay valid: a literal, or what Intern gives.
  void Begin(std::string_view name);
  // Ends the innermost open span; nothing when none is open. How long it was, in nanoseconds.
  std::optional<int64_t> End(const SpanFacts& facts = {});
  // A span that somebody else timed, inside those that are open.
  void Add(std::string_view name, int64_t start_ns, int64_t end_ns, const SpanFacts& facts = {});

  // A copy of `name` that lives as long as the track. Names past kMaxNames share one.
  std::string_view Intern(std::string_view name);

  const std::string& name() const { return name_; }
  const Clock& clock() const { return clock_; }
  uint32_t depth() const { return depth_; }  // the writing thread's own

  // In order of their ends. Any thread; later ones may follow.
  size_t size() const { return published_.load(std::memory_order_acquire); }
  const SpanEvent& event(size_t index) const { return events_.data()[index]; }
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Open {
    std::string_view name;
    int64_t start_ns;
  };
  void Drop() { dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

  const std::string name_;
  const Clock& clock_;
  std::vector<SpanEvent> events_;  // reserved once: readers hold on to its memory
  std::atomic<size_t> published_ = 0;
  std::atomic<uint64_t> dropped_ = 0;
  std::array<Open, kMaxDepth> open_;
  uint32_t depth_ = 0;
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, std::string_view> interned_;
};

// A span that lasts as long as the object. Without a track it does nothing.
class Span {
 public:
  Span(Track* track, std::string_view name) : track_(track) {
    if (track_ != nullptr) track_->Begin(name);
  }
  ~Span() {
    if (track_ != nullptr) track_->End(facts_);
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  SpanFacts& facts() { return facts_; }

 private:
  Track* const track_;
  SpanFacts facts_;
};

}  // namespace sterna::monitor
