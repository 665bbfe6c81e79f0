// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/dialect/address_spaces.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kElementThreads = 128;

// Add: x = x + y. GateRelu2, GateSilu, GateGelu: x = act(x) * y. Grid: (count / kElementThreads rounded up, rows).
struct PairArgs {
  STERNA_GLOBAL float* x;
  const STERNA_GLOBAL float* y;
  uint32_t x_stride, y_stride;  // floats
  uint32_t count;
};

// Rope: in place on the heads of each row, dimensions i and i + rotary / 2, or 2 i and 2 i + 1 where `pairs`.
// Grid: (heads * rotary / 2 / kElementThreads rounded up, rows).
struct RopeArgs {
  STERNA_GLOBAL float* x;
  const STERNA_GLOBAL float* table;         // [positions] of rotary / 2 cosines, then as many sines
  const STERNA_GLOBAL uint32_t* positions;  // [rows]
  uint32_t stride;                          // floats
  uint32_t heads, head_dim, rotary;
  uint32_t pairs;
};

}  // namespace gpu
}  // namespace sterna
