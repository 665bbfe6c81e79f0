// SPDX-License-Identifier: Apache-2.0
#include "memory/stream_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace sterna::memory {

Result<std::unique_ptr<StreamWindow>> StreamWindow::Create(const Options& options, Load load) {
  const size_t least = std::min<size_t>(options.parts, 2);
  if (options.parts == 0 || options.slots < least) {
    return Status::InvalidArgument(fmt::format("{} parts do not flow through {} slots; {} are the fewest",
                                               options.parts, options.slots, std::max<size_t>(least, 1)));
  }
  std::unique_ptr<StreamWindow> window(new StreamWindow(options, std::move(load)));
  try {
    window->thread_ = std::thread([&self = *window] { self.Main(); });
  } catch (const std::system_error& error) {
    return Status::ResourceExhausted(std::string("the system gives no thread that reads ahead: ") + error.what());
  }
  return window;
}

StreamWindow::StreamWindow(const Options& options, Load load)
    : load_(std::move(load)),
      preload_(options.preload),
      table_(options.parts, options.slots, options.eviction),
      pass_parts_(options.parts),
      usable_slots_(options.slots) {}

StreamWindow::~StreamWindow() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void StreamWindow::BeginPass(size_t parts) {
  const std::lock_guard lock(mutex_);
  pass_parts_ = parts;
}

Result<size_t> StreamWindow::Acquire(size_t part) {
  std::unique_lock lock(mutex_);
  const bool there = table_.SlotOf(part) != kNone;
  ++(there || loading_ == part ? counters_.hits : counters_.misses);
  in_use_ = kNone;
  if (!there) {
    failed_ = kNone;
    wanted_ = part;
    work_.notify_one();
    const auto start = std::chrono::steady_clock::now();
    arrived_.wait(lock, [&] { return table_.SlotOf(part) != kNone || failed_ == part; });
    counters_.stall_ns += uint64_t(std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count());
    wanted_ = kNone;
    if (table_.SlotOf(part) == kNone) return failure_;
  }
  in_use_ = part;
  table_.NoteUse(part);
  work_.notify_one();
  return table_.SlotOf(part);
}

void StreamWindow::EndPass() {
  const std::lock_guard lock(mutex_);
  in_use_ = kNone;
  work_.notify_one();
}

void StreamWindow::LimitSlots(size_t slots, const std::function<void(size_t slot)>& give_back) {
  const std::lock_guard lock(mutex_);
  usable_slots_ = std::clamp(slots, std::min<size_t>(table_.slots(), 2), table_.slots());
  for (size_t slot = usable_slots_; slot < table_.slots(); ++slot) {
    // The part in use and the one that is being read stay.
    if (slot == loading_slot_ || (in_use_ != kNone && table_.SlotOf(in_use_) == slot)) continue;
    table_.Clear(slot);
    give_back(slot);
  }
}

size_t StreamWindow::touched_slots() const {
  const std::lock_guard lock(mutex_);
  return touched_slots_;
}

StreamCounters StreamWindow::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void StreamWindow::Main() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const size_t part = NextToLoad();
    const size_t slot = part == kNone ? kNone : SlotFor();
    if (slot == kNone) {
      work_.wait(lock);
    } else {
      LoadPart(part, slot, lock);
    }
  }
}

// Never kNone for the part that the caller waits for: what is read ahead takes one slot less than there are.
size_t StreamWindow::SlotFor() const {
  const size_t last = table_.parts() - 1;
  const size_t before_wanted = wanted_ == kNone || wanted_ == 0 ? last : wanted_ - 1;
  return table_.Choose(in_use_ != kNone ? in_use_ : before_wanted, usable_slots_,
                       [this](size_t part) { return part != in_use_ && !IsWantedSoon(part); });
}

// Parts that are read ahead of the one in use: always fewer than the slots, so that the part in use and these leave
// one.
size_t StreamWindow::Ahead() const { return std::clamp<size_t>(usable_slots_ / kSlotsPerAhead, 1, kMostAhead); }

// The part used after `part`; after kNone the first.
size_t StreamWindow::After(size_t part) const {
  if (part == kNone) return 0;
  const size_t end = preload_ == PreloadStrategy::kPredictive ? pass_parts_ : table_.parts();
  return part + 1 < end ? part + 1 : 0;
}

size_t StreamWindow::NextToLoad() const {
  if (wanted_ != kNone && table_.SlotOf(wanted_) == kNone && failed_ != wanted_) return wanted_;
  if (preload_ == PreloadStrategy::kNone) return kNone;
  size_t part = wanted_ != kNone ? wanted_ : in_use_;
  for (size_t i = 0; i < Ahead(); ++i) {
    part = After(part);
    if (part == failed_) return kNone;
    if (table_.SlotOf(part) == kNone) return part;
  }
  return kNone;
}

// Within what is read ahead, which must not push itself out.
bool StreamWindow::IsWantedSoon(size_t part) const {
  if (part == wanted_) return true;
  if (preload_ == PreloadStrategy::kNone) return false;
  size_t next = wanted_ != kNone ? wanted_ : in_use_;
  for (size_t i = 0; i < Ahead(); ++i) {
    next = After(next);
    if (next == part) return true;
  }
  return false;
}

void StreamWindow::LoadPart(size_t part, size_t slot, std::unique_lock<std::mutex>& lock) {
  if (table_.PartIn(slot) != kNone) ++counters_.evictions;
  table_.Clear(slot);
  loading_ = part;
  loading_slot_ = slot;
  touched_slots_ = std::max(touched_slots_, slot + 1);
  lock.unlock();
  Result<uint64_t> bytes_read = load_(part, slot);
  lock.lock();
  loading_ = loading_slot_ = kNone;
  if (bytes_read.ok()) {
    table_.Put(part, slot);
    ++counters_.loads;
    counters_.bytes_read += *bytes_read;
  } else {
    failed_ = part;
    failure_ = bytes_read.status();
  }
  arrived_.notify_one();
}

}  // namespace sterna::memory
