// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gpu/dialect/address_spaces.h"

namespace sterna {
namespace gpu {

STERNA_CONSTANT uint32_t kKvTokens = 64;  // positions of a block

// Keys and values of every block, layer and KV head, as the CPU holds them: [block][layer][kv head] { keys
// [head_dim][64], values [64][head_dim], q8: key scales [64], value scales [64] }.
struct KvArgs {
  STERNA_GLOBAL uint8_t* store;
  uint64_t part_bytes;    // keys of a region, and values
  uint64_t region_bytes;  // of a block, layer and KV head
  uint32_t layers, layer, kv_heads, head_dim;
  // Of each row of the step: its position, and where in `blocks` its sequence's block table begins.
  const STERNA_GLOBAL uint32_t* positions;
  const STERNA_GLOBAL uint32_t* tables;
  const STERNA_GLOBAL uint32_t* blocks;
};

// StoreKvF32, StoreKvF16, StoreKvQ8: the rows' keys and values at their positions. Grid: (kv heads, rows).
STERNA_CONSTANT uint32_t kStoreKvThreads = 64;
STERNA_CONSTANT uint32_t kStoreKvSharedBytes = 128;
struct StoreKvArgs {
  KvArgs kv;
  const STERNA_GLOBAL float* keys;
  const STERNA_GLOBAL float* values;
  uint32_t key_stride, value_stride;  // floats
};

// AttendF32, AttendF16, AttendQ8: causal attention of each query head of each row. Grid: (query heads, rows). Shared
// memory: AttendSharedBytes(head_dim).
STERNA_CONSTANT uint32_t kAttendThreads = 64;
struct AttendArgs {
  KvArgs kv;
  const STERNA_GLOBAL float* queries;
  STERNA_GLOBAL float* out;
  uint32_t query_stride, out_stride;  // floats
  uint32_t group;                     // query heads that share a KV head
  uint32_t window;                    // positions that a row sees, its own included; 0: all up to its own
  float softmax_scale;
};

// Scratch of reductions, p of a block, the query, and what the blocks so far give.
constexpr uint32_t AttendSharedBytes(uint32_t head_dim) { return 128 + 4 * kKvTokens + 2 * 4 * head_dim; }

}  // namespace gpu
}  // namespace sterna
