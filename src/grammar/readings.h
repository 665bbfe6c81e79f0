// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "grammar/automaton.h"
#include "sterna/status.h"

namespace sterna::grammar {

// Stacks of calls as lists that share what is below: equal stacks have equal ids.
using StackId = uint32_t;
inline constexpr StackId kBase = 0;  // below all calls

class StackPool {
 public:
  struct Frame {
    StateId back = 0;  // where the caller goes on
    StackId below = kBase;
    uint32_t depth = 0;
  };

  StackPool() : frames_(1) {}
  // nullopt over kMaxDepth or kMaxFrames.
  std::optional<StackId> Push(StackId below, StateId back);
  const Frame& frame(StackId stack) const { return frames_[stack]; }
  uint32_t depth(StackId stack) const { return frames_[stack].depth; }
  size_t size() const { return frames_.size(); }

 private:
  std::vector<Frame> frames_;
  std::unordered_map<uint64_t, StackId> ids_;
};

// One way to read a text: the state reached, and the calls that led there.
struct Reading {
  StateId state = 0;
  StackId stack = kBase;
  friend bool operator==(const Reading&, const Reading&) = default;
};

// All ways to read a text at once.
struct ReadingSet {
  std::vector<Reading> readings;  // those that can read a byte; ascending
  // Readings of which the others are made by calls. Each alone, with all its calls, is what a mask is made of.
  std::vector<Reading> roots;
  bool ends = false;  // one of them has returned below the base
  bool empty() const { return readings.empty() && !ends; }
};

// Makes sets of readings. Keeps scratch: not thread-safe.
class Reader {
 public:
  Reader(const Automaton& automaton, StackPool& stacks) : automaton_(automaton), stacks_(stacks) {}

  // `start` and all that follows from it by returns and calls, before a byte is read. ResourceExhausted when the
  // readings are too many or too deep (limits.h).
  Result<ReadingSet> Close(const std::vector<Reading>& start);
  // What reading one more byte leaves of `set`; an empty one when nothing reads it.
  Result<ReadingSet> Read(const ReadingSet& set, uint8_t byte);

 private:
  struct Pending {
    Reading reading;
    uint32_t base_depth;  // of the stack of the root that it comes from
    bool is_root;
  };
  void Reach(const Pending& pending);
  void Return(const Pending& pending, ReadingSet& out);
  bool Call(const Pending& pending);

  const Automaton& automaton_;
  StackPool& stacks_;
  std::vector<Pending> reached_;
  std::unordered_map<uint64_t, bool> seen_;
};

}  // namespace sterna::grammar
