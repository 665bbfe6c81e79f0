// SPDX-License-Identifier: Apache-2.0
//
// Causal attention over paged keys and values. A thread block takes one query head of one row through the blocks of 64
// positions in order: a thread for each position, then a thread for each output. Chains run as in the scalar kernels.
#pragma once

#include "gpu/kernels/exp.h"
#include "gpu/kernels/kv_block.h"

namespace sterna {
namespace gpu {

// What is the same for all blocks of one query head.
struct AttendHead {
  STERNA_SHARED float* scratch;
  STERNA_SHARED float* p;      // [64]
  STERNA_SHARED float* query;  // [head_dim]
  STERNA_SHARED float* out;    // [head_dim]: of the blocks so far; each thread its own
  uint32_t position, first_seen, head_dim;
  float softmax_scale;
};

// The largest score of the blocks so far, and the sum of p against it.
struct SoftmaxSoFar {
  float largest, sum;
};

STERNA_DEVICE AttendHead HeadOf(STERNA_ARGS(AttendArgs) args, const Thread self) {
  AttendHead head;
  head.scratch = reinterpret_cast<STERNA_SHARED float*>(self.shared);
  head.p = head.scratch + kReduceBytes / 4;
  head.query = head.p + kKvTokens;
  head.out = head.query + args.kv.head_dim;
  head.position = args.kv.positions[self.block_y];
  const bool whole = args.window == 0 || head.position < args.window;
  head.first_seen = whole ? 0 : head.position + 1 - args.window;
  head.head_dim = args.kv.head_dim;
  head.softmax_scale = args.softmax_scale;
  return head;
}

// p of the block's positions against their own maximum, into shared memory; those that are not seen get 0.
template <class Kv>
STERNA_DEVICE SoftmaxSoFar BlockSoftmax(const AttendHead head, const Thread self, const STERNA_GLOBAL uint8_t* region,
                                        const STERNA_GLOBAL float* key_scales, uint32_t block) {
  const STERNA_GLOBAL typename Kv::Type* const keys =
      reinterpret_cast<const STERNA_GLOBAL typename Kv::Type*>(region) + self.index;
  const uint32_t position = block * kKvTokens + self.index;
  const bool past = position > head.position;
  const float minus_infinity = FloatOf(0xff800000u);
  float score = minus_infinity;
  if (!past && position >= head.first_seen) {
    float sum = 0.0f;
    for (uint32_t d = 0; d < head.head_dim; ++d) sum = Fma(head.query[d], LoadKv(keys[d * kKvTokens]), sum);
    if (Kv::kScaled) sum *= key_scales[self.index];
    score = sum * head.softmax_scale;
  }
  // Adding +0 turns -0 into +0, whatever the order of comparisons was.
  const float largest = BlockMax(self, head.scratch, kAttendThreads / kWarpThreads, score, minus_infinity) + 0.0f;
  head.p[self.index] = past ? 0.0f : Exp(score - largest);
  Barrier(self);
  float sum = 0.0f;
  STERNA_UNROLL
  for (uint32_t j = 0; j < kKvTokens; j += 16) sum += head.p[j + self.lane % 16];
  return {largest, TreeSum(self, sum)};
}

// head.out = head.out followed by the block's weighted values; the first block stands for itself.
template <class Kv>
STERNA_DEVICE void AddValues(const AttendHead head, const Thread self, const STERNA_GLOBAL uint8_t* part,
                             const STERNA_GLOBAL float* value_scales, uint32_t block, bool first, float old_factor,
                             float factor) {
  const STERNA_GLOBAL typename Kv::Type* const values = reinterpret_cast<const STERNA_GLOBAL typename Kv::Type*>(part);
  const uint32_t left = head.position - block * kKvTokens + 1, tokens = left < kKvTokens ? left : kKvTokens;
  for (uint32_t d = self.index; d < head.head_dim; d += kAttendThreads) {
    float sum = 0.0f;
    for (uint32_t j = 0; j < tokens; ++j) {
      const float weight = Kv::kScaled ? head.p[j] * value_scales[j] : head.p[j];
      sum = Fma(weight, LoadKv(values[j * head.head_dim + d]), sum);
    }
    head.out[d] = first ? sum : Fma(sum, factor, head.out[d] * old_factor);
  }
}

template <class Kv>
STERNA_DEVICE void AttendRow(STERNA_ARGS(AttendArgs) args, const Thread self) {
  const AttendHead head = HeadOf(args, self);
  const STERNA_GLOBAL float* const query =
      args.queries + uint64_t(self.block_y) * args.query_stride + self.block_x * head.head_dim;
  for (uint32_t d = self.index; d < head.head_dim; d += kAttendThreads) head.query[d] = query[d];
  Barrier(self);
  SoftmaxSoFar so_far = {0.0f, 0.0f};
  const uint32_t first = head.first_seen / kKvTokens, end = head.position / kKvTokens + 1;
  for (uint32_t block = first; block < end; ++block) {
    const STERNA_GLOBAL uint8_t* const region = KvRegion(args.kv, self.block_y, block, self.block_x / args.group);
    const STERNA_GLOBAL float* const scales =
        reinterpret_cast<const STERNA_GLOBAL float*>(region + 2 * args.kv.part_bytes);
    const SoftmaxSoFar own = BlockSoftmax<Kv>(head, self, region, scales, block);
    const float largest = block != first && so_far.largest > own.largest ? so_far.largest : own.largest;
    const float old_factor = Exp(so_far.largest - largest), factor = Exp(own.largest - largest);
    AddValues<Kv>(head, self, region + args.kv.part_bytes, scales + kKvTokens, block, block == first, old_factor,
                  factor);
    so_far.sum = block == first ? own.sum : Fma(own.sum, factor, so_far.sum * old_factor);
    so_far.largest = largest;
    Barrier(self);  // p may be written again
  }
  STERNA_GLOBAL float* const out = args.out + uint64_t(self.block_y) * args.out_stride + self.block_x * head.head_dim;
  for (uint32_t d = self.index; d < head.head_dim; d += kAttendThreads) out[d] = head.out[d] / so_far.sum;
}

STERNA_KERNEL(AttendF32, AttendArgs, kAttendThreads) { AttendRow<KvF32>(args, self); }
STERNA_KERNEL(AttendF16, AttendArgs, kAttendThreads) { AttendRow<KvF16>(args, self); }
STERNA_KERNEL(AttendQ8, AttendArgs, kAttendThreads) { AttendRow<KvQ8>(args, self); }

}  // namespace gpu
}  // namespace sterna
