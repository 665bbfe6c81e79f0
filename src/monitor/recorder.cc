// SPDX-License-Identifier: Apache-2.0
#include "monitor/recorder.h"

#include <new>
#include <utility>

namespace sterna::monitor {
namespace {

constexpr size_t kPlainSpans = size_t{1} << 17;
constexpr size_t kDetailedSpans = size_t{1} << 19;

size_t SpansPerTrack(const RecorderOptions& options) {
  if (options.spans_per_track > 0) return options.spans_per_track;
  return options.detailed ? kDetailedSpans : kPlainSpans;
}

template <class T>
std::vector<const T*> Pointers(const std::deque<T>& items) {
  std::vector<const T*> pointers;
  for (const T& item : items) pointers.push_back(&item);
  return pointers;
}

}  // namespace

Recorder::Recorder(const RecorderOptions& options)
    : detailed_(options.detailed),
      spans_per_track_(SpansPerTrack(options)),
      clock_(options.clock != nullptr ? *options.clock : SteadyClock()),
      start_ns_(clock_.NowNs()) {}

Track* Recorder::AddTrack(std::string name) {
  const std::lock_guard lock(mutex_);
  try {
    if (tracks_.size() < kMaxTracks) return &tracks_.emplace_back(std::move(name), clock_, spans_per_track_);
  } catch (const std::bad_alloc&) {
    // Told by refused_tracks: a profile never stops the work.
  }
  ++refused_tracks_;
  return nullptr;
}

OperationTotal* Recorder::AddOperation(std::string_view phase, std::string_view name) {
  const std::lock_guard lock(mutex_);
  return &operations_.emplace_back(phase, name);
}

std::vector<const Track*> Recorder::tracks() const {
  const std::lock_guard lock(mutex_);
  return Pointers(tracks_);
}

std::vector<const OperationTotal*> Recorder::operations() const {
  const std::lock_guard lock(mutex_);
  return Pointers(operations_);
}

uint64_t Recorder::refused_tracks() const {
  const std::lock_guard lock(mutex_);
  return refused_tracks_;
}

}  // namespace sterna::monitor
