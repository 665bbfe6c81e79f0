// SPDX-License-Identifier: Apache-2.0
//
// The dialect (dialect.h) for Metal 3. Compile with -fno-fast-math. There are no late copies, so they land at once, and
// no int8 tile product, so lanes hand each other their fragments.
#pragma once

#include <metal_stdlib>

#include "gpu/dialect/fragments.h"

#pragma METAL fp contract(off)

// `threadgroup` is keyword and attribute; a compiler that has the keyword as a macro takes another spelling here.
#ifndef STERNA_METAL_SHARED
#define STERNA_METAL_SHARED [[threadgroup(0)]]
#endif

#define STERNA_DEVICE static inline
#define STERNA_UNROLL _Pragma("clang loop unroll(full)")
#define STERNA_ARGS(Args) constant Args&

#define STERNA_KERNEL(Name, Args, threads)                                                                   \
  STERNA_DEVICE void Name##Text(constant Args& args, const ::sterna::gpu::Thread self);                      \
  [[max_total_threads_per_threadgroup(threads)]] kernel void Name(                                           \
      constant Args& args [[buffer(0)]], threadgroup uint8_t* block_shared STERNA_METAL_SHARED,              \
      metal::uint2 block [[threadgroup_position_in_grid]], uint32_t index [[thread_index_in_threadgroup]]) { \
    Name##Text(args, ::sterna::gpu::Thread{block.x, block.y, index, index % 32, index / 32, block_shared});  \
  }                                                                                                          \
  STERNA_DEVICE void Name##Text(constant Args& args, const ::sterna::gpu::Thread self)

namespace sterna {
namespace gpu {

struct Thread {
  uint32_t block_x, block_y, index, lane, warp;
  threadgroup uint8_t* shared;
};

STERNA_DEVICE void Barrier(const Thread) {
  metal::threadgroup_barrier(metal::mem_flags::mem_threadgroup | metal::mem_flags::mem_device);
}

template <class Value>
STERNA_DEVICE Value ShuffleXor(const Thread, Value value, uint32_t mask) {
  return metal::simd_shuffle_xor(value, uint16_t(mask));
}

STERNA_DEVICE int32_t Dot4(int32_t sum, uint32_t a, uint32_t b) {
  for (uint32_t shift = 0; shift < 32; shift += 8) sum += int32_t(int8_t(a >> shift)) * int8_t(b >> shift);
  return sum;
}

STERNA_DEVICE uint32_t ShuffleFrom(const Thread, uint32_t value, uint32_t lane) {
  return metal::simd_shuffle(value, uint16_t(lane));
}

// Below, in dialect.h: there is no unit for it.
STERNA_DEVICE void MultiplyTileByShuffles(const Thread, thread TileC&, const thread TileA&, const thread TileB&);
STERNA_DEVICE void MultiplyTile(const Thread self, thread TileC& c, const thread TileA& a, const thread TileB& b) {
  MultiplyTileByShuffles(self, c, a, b);
}

STERNA_DEVICE Words4 Load16(const device void* from) {
  const metal::uint4 words = *static_cast<const device metal::uint4*>(from);
  return {{words.x, words.y, words.z, words.w}};
}

STERNA_DEVICE void CopyLater(const Thread, threadgroup void* to, const device void* from, bool valid) {
  *static_cast<threadgroup metal::uint4*>(to) =
      valid ? *static_cast<const device metal::uint4*>(from) : metal::uint4(0);
}
STERNA_DEVICE void CommitCopies(const Thread) {}
template <int kLeft>
STERNA_DEVICE void WaitCopies(const Thread) {}

STERNA_DEVICE float Fma(float a, float b, float c) { return metal::fma(a, b, c); }
STERNA_DEVICE float Sqrt(float x) { return metal::precise::sqrt(x); }
STERNA_DEVICE float RoundHalfEven(float x) { return metal::rint(x); }
STERNA_DEVICE float Magnitude(float x) { return metal::fabs(x); }
STERNA_DEVICE float FloatOf(uint32_t bits) { return as_type<float>(bits); }
STERNA_DEVICE uint32_t BitsOf(float x) { return as_type<uint32_t>(x); }
STERNA_DEVICE float HalfToFloat(uint16_t bits) { return float(as_type<half>(bits)); }
STERNA_DEVICE uint16_t FloatToHalf(float x) { return as_type<uint16_t>(half(x)); }

}  // namespace gpu
}  // namespace sterna
