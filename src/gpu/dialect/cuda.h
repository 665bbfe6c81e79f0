// SPDX-License-Identifier: Apache-2.0
//
// The dialect (dialect.h) for nvcc, from sm_80 up. Compile with -fmad=false.
#pragma once

#include "gpu/dialect/fragments.h"

#define STERNA_DEVICE static __device__ __forceinline__
#define STERNA_UNROLL _Pragma("unroll")
#define STERNA_ARGS(Args) const Args&

#define STERNA_KERNEL(Name, Args, threads)                                                        \
  STERNA_DEVICE void Name##Text(const Args& args, const ::sterna::gpu::Thread self);              \
  extern "C" __global__ void __launch_bounds__(threads) Name(const __grid_constant__ Args args) { \
    Name##Text(args, ::sterna::gpu::ThisThread());                                                \
  }                                                                                               \
  STERNA_DEVICE void Name##Text(const Args& args, const ::sterna::gpu::Thread self)

namespace sterna {
namespace gpu {

struct Thread {
  uint32_t block_x, block_y, index, lane, warp;
  uint8_t* shared;
};

STERNA_DEVICE Thread ThisThread() {
  extern __shared__ __align__(16) uint8_t block_shared[];
  return {blockIdx.x, blockIdx.y, threadIdx.x, threadIdx.x % 32, threadIdx.x / 32, block_shared};
}

STERNA_DEVICE void Barrier(const Thread) { __syncthreads(); }

template <class Value>
STERNA_DEVICE Value ShuffleXor(const Thread, Value value, uint32_t mask) {
  return __shfl_xor_sync(0xffffffffu, value, int(mask));
}

STERNA_DEVICE uint32_t ShuffleFrom(const Thread, uint32_t value, uint32_t lane) {
  return __shfl_sync(0xffffffffu, value, int(lane));
}

STERNA_DEVICE void MultiplyTile(const Thread, TileC& c, const TileA& a, const TileB& b) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+r"(c.sum[0]), "+r"(c.sum[1]), "+r"(c.sum[2]), "+r"(c.sum[3])
      : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
}

STERNA_DEVICE void CopyLater(const Thread, void* to, const void* from, bool valid) {
  const uint32_t place = uint32_t(__cvta_generic_to_shared(to));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(place), "l"(from), "r"(valid ? 16 : 0) : "memory");
}
STERNA_DEVICE void CommitCopies(const Thread) { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int kLeft>
STERNA_DEVICE void WaitCopies(const Thread) {
  asm volatile("cp.async.wait_group %0;" ::"n"(kLeft) : "memory");
}

STERNA_DEVICE Words4 Load16(const void* from) {
  const uint4 words = *static_cast<const uint4*>(from);
  return {{words.x, words.y, words.z, words.w}};
}
STERNA_DEVICE int32_t Dot4(int32_t sum, uint32_t a, uint32_t b) { return __dp4a(int32_t(a), int32_t(b), sum); }
STERNA_DEVICE float Fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
STERNA_DEVICE float Sqrt(float x) { return __fsqrt_rn(x); }
STERNA_DEVICE float RoundHalfEven(float x) { return rintf(x); }
STERNA_DEVICE float Magnitude(float x) { return fabsf(x); }
STERNA_DEVICE float FloatOf(uint32_t bits) { return __uint_as_float(bits); }
STERNA_DEVICE uint32_t BitsOf(float x) { return __float_as_uint(x); }
STERNA_DEVICE float HalfToFloat(uint16_t half) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(half));
  return x;
}
STERNA_DEVICE uint16_t FloatToHalf(float x) {
  uint16_t half;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(x));
  return half;
}

}  // namespace gpu
}  // namespace sterna
