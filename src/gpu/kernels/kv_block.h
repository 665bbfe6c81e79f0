// SPDX-License-Identifier: Apache-2.0
//
// Keys and values as they are stored: element types, and where a row finds them.
#pragma once

#include "gpu/kernels/attention_args.h"
#include "gpu/kernels/block_reduce.h"

namespace sterna {
namespace gpu {

struct KvF32 {
  typedef float Type;
  enum { kScaled = 0 };
};
struct KvF16 {
  typedef uint16_t Type;
  enum { kScaled = 0 };
};
struct KvQ8 {
  typedef int8_t Type;
  enum { kScaled = 1 };  // a scale for each token's key and value
};

STERNA_DEVICE float LoadKv(float stored) { return stored; }
STERNA_DEVICE float LoadKv(uint16_t stored) { return HalfToFloat(stored); }
STERNA_DEVICE float LoadKv(int8_t stored) { return float(stored); }

// `scale` is of q8 alone; NaN gives 0.
STERNA_DEVICE void StoreKvElement(STERNA_GLOBAL float* to, float x, float) { *to = x; }
STERNA_DEVICE void StoreKvElement(STERNA_GLOBAL uint16_t* to, float x, float) { *to = FloatToHalf(x); }
STERNA_DEVICE void StoreKvElement(STERNA_GLOBAL int8_t* to, float x, float scale) {
  const float rounded = scale == 0.0f ? 0.0f : RoundHalfEven(x / scale);
  const float low = rounded < -127.0f ? -127.0f : rounded;
  *to = low != low ? int8_t(0) : int8_t(low > 127.0f ? 127.0f : low);
}

STERNA_DEVICE STERNA_GLOBAL uint8_t* KvRegion(STERNA_ARGS(KvArgs) kv, uint32_t row, uint32_t block, uint32_t head) {
  const uint64_t stored = kv.blocks[kv.tables[row] + block];
  return kv.store + ((stored * kv.layers + kv.layer) * kv.kv_heads + head) * kv.region_bytes;
}

template <class Kv>
STERNA_DEVICE float KvScale(const Thread self, const STERNA_GLOBAL float* x, uint32_t count) {
  if (!Kv::kScaled) return 0.0f;
  float largest = 0.0f;
  for (uint32_t d = self.index; d < count; d += kStoreKvThreads) {
    const float magnitude = Magnitude(x[d]);
    largest = magnitude > largest ? magnitude : largest;
  }
  STERNA_SHARED float* const scratch = reinterpret_cast<STERNA_SHARED float*>(self.shared);
  return BlockMax(self, scratch, kStoreKvThreads / kWarpThreads, largest, 0.0f) / 127.0f;
}

template <class Kv>
STERNA_DEVICE void StoreKvRow(STERNA_ARGS(StoreKvArgs) args, const Thread self) {
  typedef STERNA_GLOBAL typename Kv::Type* Elements;
  const uint32_t head = self.block_x, row = self.block_y, head_dim = args.kv.head_dim;
  const uint32_t position = args.kv.positions[row], slot = position % kKvTokens;
  STERNA_GLOBAL uint8_t* const region = KvRegion(args.kv, row, position / kKvTokens, head);
  const STERNA_GLOBAL float* const key = args.keys + uint64_t(row) * args.key_stride + head * head_dim;
  const STERNA_GLOBAL float* const value = args.values + uint64_t(row) * args.value_stride + head * head_dim;
  const float key_scale = KvScale<Kv>(self, key, head_dim), value_scale = KvScale<Kv>(self, value, head_dim);
  const Elements keys = reinterpret_cast<Elements>(region);
  const Elements values = reinterpret_cast<Elements>(region + args.kv.part_bytes);
  for (uint32_t d = self.index; d < head_dim; d += kStoreKvThreads) {
    StoreKvElement(keys + d * kKvTokens + slot, key[d], key_scale);
    StoreKvElement(values + slot * head_dim + d, value[d], value_scale);
  }
  if (Kv::kScaled && self.index == 0) {
    STERNA_GLOBAL float* const scales = reinterpret_cast<STERNA_GLOBAL float*>(region + 2 * args.kv.part_bytes);
    scales[slot] = key_scale;
    scales[kKvTokens + slot] = value_scale;
  }
}

STERNA_KERNEL(StoreKvF32, StoreKvArgs, kStoreKvThreads) { StoreKvRow<KvF32>(args, self); }
STERNA_KERNEL(StoreKvF16, StoreKvArgs, kStoreKvThreads) { StoreKvRow<KvF16>(args, self); }
STERNA_KERNEL(StoreKvQ8, StoreKvArgs, kStoreKvThreads) { StoreKvRow<KvQ8>(args, self); }

}  // namespace gpu
}  // namespace sterna
