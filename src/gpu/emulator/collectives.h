// SPDX-License-Identifier: Apache-2.0
//
// What a kernel's text calls when it runs on the CPU (dialect/emulated.h). `thread` is the index in the block.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gpu/dialect/fragments.h"

namespace sterna::gpu {

class EmulatedBlock;
struct Thread;

// A line of a kernel's text, or of a function that it calls.
struct Place {
  const char* file = "";
  int line = 0;
  bool operator==(const Place& other) const;
};

struct EmulatedKernel {
  const char* name;
  uint32_t threads;  // of a block
  size_t args_bytes;
  void (*run)(const void* args, const Thread& self);
};

void WaitAtBarrier(EmulatedBlock& block, uint32_t thread, Place place);
uint32_t ShuffleBits(EmulatedBlock& block, uint32_t thread, uint32_t value, uint32_t mask, Place place);
uint32_t PickBits(EmulatedBlock& block, uint32_t thread, uint32_t value, uint32_t lane, Place place);
void MultiplyFragments(EmulatedBlock& block, uint32_t thread, TileC& c, const TileA& a, const TileB& b, Place place);
void IssueCopy(EmulatedBlock& block, uint32_t thread, void* to, const void* from, bool valid);
void CommitIssued(EmulatedBlock& block, uint32_t thread);
void LandCopies(EmulatedBlock& block, uint32_t thread, uint32_t groups_left);

}  // namespace sterna::gpu
