// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "gpu/emulator/block.h"
#include "gpu/emulator/collectives.h"
#include "sterna/status.h"

namespace sterna::gpu {

// Blocks of a launch.
struct Grid {
  uint32_t x = 1, y = 1;
};

// Runs kernels on the calling thread, as a GPU might: block after block, the threads of each interleaved wherever they
// wait, copies landing when they must. Shared memory holds rubbish at first. Seed 0 takes threads and blocks in order
// and lands every copy late; another seed shuffles all of that, always alike.
class Emulator {
 public:
  explicit Emulator(uint64_t seed = 0) : seed_(seed) {}

  // What a GPU would hang or go wrong on is FailedPrecondition and names the kernel, block, thread and line: threads
  // that wait for others in vain, warps whose lanes call different collectives, writes past the shared memory.
  // InvalidArgument: a launch that no GPU takes (an empty grid, more than 65535 blocks in y, blocks of no whole warps
  // or over 1024 threads, over `kMaxSharedBytes`).
  Status Run(const EmulatedKernel& kernel, Grid grid, uint32_t shared_bytes, const void* args);

  static constexpr uint32_t kMaxSharedBytes = 227 << 10;  // sm_90

 private:
  Status RunBlocks(const EmulatedKernel& kernel, Grid grid, uint32_t shared_bytes, const void* args);

  const uint64_t seed_;
  uint32_t block_threads_ = 0;
  std::unique_ptr<EmulatedBlock> block_;
};

}  // namespace sterna::gpu
