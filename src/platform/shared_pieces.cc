// SPDX-License-Identifier: Apache-2.0
#include "platform/shared_pieces.h"

#include "base/check.h"

namespace sterna::platform {

void SharedPieces::Share(size_t count, size_t workers) {
  STERNA_DCHECK(count <= kMaxPieces && workers >= 1 && workers <= runs_.size());
  sharing_ = workers;
  for (size_t worker = 0; worker < workers; ++worker) {
    const Run run{uint32_t(worker * count / workers), uint32_t((worker + 1) * count / workers)};
    runs_[worker].word.store(Pack(run), std::memory_order_relaxed);
  }
}

bool SharedPieces::TakeFront(size_t worker, size_t* piece) {
  std::atomic<uint64_t>& word = runs_[worker].word;
  uint64_t seen = word.load(std::memory_order_relaxed);
  for (Run run = Unpack(seen); !run.empty(); run = Unpack(seen)) {
    if (word.compare_exchange_weak(seen, Pack({run.begin + 1, run.end}), std::memory_order_relaxed)) {
      *piece = run.begin;
      return true;
    }
  }
  return false;
}

// `worker` has no pieces of its own left. The last piece of a run moves too: its owner may have lost its core.
bool SharedPieces::TakeLaterHalf(size_t victim, size_t worker) {
  std::atomic<uint64_t>& word = runs_[victim].word;
  uint64_t seen = word.load(std::memory_order_relaxed);
  for (Run run = Unpack(seen); !run.empty(); run = Unpack(seen)) {
    const uint32_t middle = run.begin + (run.end - run.begin) / 2;
    if (word.compare_exchange_weak(seen, Pack({run.begin, middle}), std::memory_order_relaxed)) {
      runs_[worker].word.store(Pack({middle, run.end}), std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

bool SharedPieces::Take(size_t worker, size_t* piece) {
  while (true) {
    if (TakeFront(worker, piece)) return true;
    bool moved = false;
    for (size_t step = 1; step < sharing_ && !moved; ++step) moved = TakeLaterHalf((worker + step) % sharing_, worker);
    if (!moved) return false;
  }
}

}  // namespace sterna::platform
