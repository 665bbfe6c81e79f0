// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "gpu/dialect/fragments.h"
#include "gpu/emulator/collectives.h"
#include "gpu/emulator/fibre.h"

namespace sterna::gpu {

// The block that is being executed: a fibre for each of its threads, what each waits for, and its shared memory. Which
// thread runs next is in order with seed 0, and otherwise drawn at every turn.
class EmulatedBlock {
 public:
  EmulatedBlock(uint32_t threads, uint64_t seed);

  // One block of a grid; "" or what went wrong, after which this object is of no use. `shared` is filled before.
  std::string Run(const EmulatedKernel& kernel, const void* args, std::array<uint32_t, 2> place_in_grid,
                  std::span<uint8_t> shared);

  // By the kernel's text (collectives.h).
  void Barrier(uint32_t thread, Place place);
  // The value of lane `source`; `mask` is the same for all lanes of a warp.
  uint32_t Shuffle(uint32_t thread, uint32_t value, uint32_t source, uint32_t mask, Place place);
  void Multiply(uint32_t thread, TileC& c, const TileA& a, const TileB& b, Place place);
  void Issue(uint32_t thread, void* to, const void* from, bool valid);
  void Commit(uint32_t thread) { threads_[thread]->issued_groups++; }
  void Land(uint32_t thread, uint32_t groups_left);

 private:
  enum class Doing : uint8_t { kRuns, kBarrier, kShuffle, kMultiply, kEnded };
  struct Copy {
    void* to;
    const void* from;  // null: zeros
    uint32_t group;
  };
  struct ThreadState {
    ThreadState(EmulatedBlock& owner, uint32_t number) : block(owner), index(number), fibre(&RunThread, this) {}
    EmulatedBlock& block;
    const uint32_t index;
    Fibre fibre;
    Doing doing = Doing::kRuns;
    Place place;                                  // of the collective it waits in
    uint32_t value = 0, source = 0, operand = 0;  // of a shuffle
    TileA a = {};
    TileB b = {};
    TileC c = {};
    std::vector<Copy> copies;  // that have not landed
    uint32_t issued_groups = 0;
  };

  static void RunThread(void* state);
  static bool SameCollective(const ThreadState& x, const ThreadState& y);
  std::span<const std::unique_ptr<ThreadState>> Warp(uint32_t thread) const;
  // Waits with those of `group`; the last to arrive calls `complete` and wakes all.
  template <class Complete>
  void Meet(uint32_t thread, Doing what, Place place, std::span<const std::unique_ptr<ThreadState>> group,
            Complete complete);
  void Wake(std::span<const std::unique_ptr<ThreadState>> group);
  uint32_t NextThread();
  std::string Describe(const ThreadState& thread) const;
  std::string DescribeStuck() const;

  std::vector<std::unique_ptr<ThreadState>> threads_;
  std::vector<uint32_t> runnable_;
  std::minstd_rand random_;
  const bool in_order_;
  uint32_t last_ = 0;  // the thread that ran last
  const EmulatedKernel* kernel_ = nullptr;
  const void* args_ = nullptr;
  std::array<uint32_t, 2> place_in_grid_ = {};
  uint8_t* shared_ = nullptr;
  std::string trouble_;
};

}  // namespace sterna::gpu
