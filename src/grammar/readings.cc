// SPDX-License-Identifier: Apache-2.0
#include "grammar/readings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "grammar/limits.h"

namespace sterna::grammar {
namespace {

uint64_t Packed(uint32_t high, uint32_t low) { return uint64_t(high) << 32 | low; }

}  // namespace

std::optional<StackId> StackPool::Push(StackId below, StateId back) {
  const auto found = ids_.find(Packed(below, back));
  if (found != ids_.end()) return found->second;
  if (frames_[below].depth == kMaxDepth || frames_.size() == kMaxFrames) return std::nullopt;
  const auto stack = StackId(frames_.size());
  frames_.push_back({back, below, frames_[below].depth + 1});
  ids_.emplace(Packed(below, back), stack);
  return stack;
}

Result<ReadingSet> Reader::Close(const std::vector<Reading>& start) {
  reached_.clear();
  seen_.clear();
  ReadingSet out;
  for (const Reading& reading : start) Reach({reading, stacks_.depth(reading.stack), true});
  for (size_t i = 0; i < reached_.size(); ++i) {
    const Pending pending = reached_[i];
    const Reading& reading = pending.reading;
    const bool reads = !automaton_.byte_steps(reading.state).empty();
    if (reads) out.readings.push_back(reading);
    if (pending.is_root && (reads || !automaton_.call_steps(reading.state).empty())) out.roots.push_back(reading);
    if (automaton_.final(reading.state)) Return(pending, out);
    if (!Call(pending)) {
      return Status::ResourceExhausted(fmt::format("grammar: rules nest deeper than {} levels here", kMaxDepth));
    }
    if (reached_.size() > kMaxReadings) {
      return Status::ResourceExhausted(fmt::format(
          "grammar: there are over {} ways to read the text; make its rules begin differently", kMaxReadings));
    }
  }
  std::sort(out.readings.begin(), out.readings.end(),
            [](const Reading& a, const Reading& b) { return Packed(a.state, a.stack) < Packed(b.state, b.stack); });
  return out;
}

void Reader::Reach(const Pending& pending) {
  const bool added = seen_.emplace(Packed(pending.reading.state, pending.reading.stack), true).second;
  if (added) reached_.push_back(pending);
}

// A return from the very rule where a root stands is a reading that the root's calls do not give: a root of its own.
void Reader::Return(const Pending& pending, ReadingSet& out) {
  const StackId stack = pending.reading.stack;
  if (stack == kBase) {
    out.ends = true;
    return;
  }
  const StackPool::Frame& frame = stacks_.frame(stack);
  const bool below_root = frame.depth == pending.base_depth;
  Reach({{frame.back, frame.below}, below_root ? frame.depth - 1 : pending.base_depth, below_root});
}

bool Reader::Call(const Pending& pending) {
  for (const Automaton::CallStep& call : automaton_.call_steps(pending.reading.state)) {
    StackId stack = pending.reading.stack;
    if (!call.last) {
      const auto pushed = stacks_.Push(stack, call.target);
      if (!pushed) return false;
      stack = *pushed;
    }
    Reach({{call.begin, stack}, pending.base_depth, false});
  }
  return true;
}

Result<ReadingSet> Reader::Read(const ReadingSet& set, uint8_t byte) {
  std::vector<Reading> next;
  for (const Reading& reading : set.readings) {
    for (const Automaton::ByteStep& step : automaton_.byte_steps(reading.state)) {
      if (byte >= step.bytes.first && byte <= step.bytes.last) next.push_back({step.target, reading.stack});
    }
  }
  return Close(std::move(next));
}

}  // namespace sterna::grammar
