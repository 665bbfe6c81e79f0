// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sterna::platform {

// The pieces of a loop, shared out to workers. Each has a run of neighbours, which it takes from the front, so that
// what it reads lies in one stretch and what is prefetched past a piece is its own next one. A worker whose run is used
// up takes the later half of another's. Each piece is taken once.
class SharedPieces {
 public:
  static constexpr size_t kMaxPieces = UINT32_MAX;

  explicit SharedPieces(size_t workers) : runs_(workers) {}

  // Pieces 0 .. count - 1 for workers 0 .. workers - 1. Nobody may take any meanwhile.
  void Share(size_t count, size_t workers);

  // The next piece of `worker`. False when there is none that another does not hold already.
  bool Take(size_t worker, size_t* piece);

 private:
  // Pieces begin .. end - 1 in one word. A run's pieces leave it for good, so a word never comes back while it means
  // anything, and an exchange that finds the old word is right.
  struct Run {
    uint32_t begin, end;
    bool empty() const { return begin >= end; }
  };
  struct alignas(64) SharedRun {
    std::atomic<uint64_t> word = 0;
  };
  static Run Unpack(uint64_t word) { return {uint32_t(word), uint32_t(word >> 32)}; }
  static uint64_t Pack(Run run) { return uint64_t{run.end} << 32 | run.begin; }

  bool TakeFront(size_t worker, size_t* piece);
  bool TakeLaterHalf(size_t victim, size_t worker);

  std::vector<SharedRun> runs_;
  size_t sharing_ = 0;
};

}  // namespace sterna::platform
