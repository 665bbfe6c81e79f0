// SPDX-License-Identifier: Apache-2.0
//
// The dialect (dialect.h) for a host compiler: what the emulator executes.
#pragma once

#include <bit>
#include <cstring>

#include "base/half.h"
#include "gpu/dialect/fragments.h"
#include "gpu/emulator/collectives.h"

#define STERNA_DEVICE static inline
#define STERNA_UNROLL
#define STERNA_ARGS(Args) const Args&

#define STERNA_KERNEL(Name, Args, threads)                                                                             \
  STERNA_DEVICE void Name##Text(const Args& args, const ::sterna::gpu::Thread self);                                   \
  constexpr ::sterna::gpu::EmulatedKernel k##Name{                                                                     \
      #Name, threads, sizeof(Args),                                                                                    \
      [](const void* args, const ::sterna::gpu::Thread& self) { Name##Text(*static_cast<const Args*>(args), self); }}; \
  STERNA_DEVICE void Name##Text([[maybe_unused]] const Args& args, [[maybe_unused]] const ::sterna::gpu::Thread self)

namespace sterna::gpu {

struct Thread {
  uint32_t block_x, block_y, index, lane, warp;
  uint8_t* shared;
  EmulatedBlock* block;
};

#define STERNA_HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void Barrier(const Thread& self, STERNA_HERE) { WaitAtBarrier(*self.block, self.index, {file, line}); }

template <class Value>
Value ShuffleXor(const Thread& self, Value value, uint32_t mask, STERNA_HERE) {
  const uint32_t given = std::bit_cast<uint32_t>(value);
  return std::bit_cast<Value>(ShuffleBits(*self.block, self.index, given, mask, {file, line}));
}

inline uint32_t ShuffleFrom(const Thread& self, uint32_t value, uint32_t lane, STERNA_HERE) {
  return PickBits(*self.block, self.index, value, lane, {file, line});
}

inline void MultiplyTile(const Thread& self, TileC& c, const TileA& a, const TileB& b, STERNA_HERE) {
  MultiplyFragments(*self.block, self.index, c, a, b, {file, line});
}

inline void CopyLater(const Thread& self, void* to, const void* from, bool valid) {
  IssueCopy(*self.block, self.index, to, from, valid);
}
inline void CommitCopies(const Thread& self) { CommitIssued(*self.block, self.index); }
template <int kLeft>
void WaitCopies(const Thread& self) {
  LandCopies(*self.block, self.index, kLeft);
}

inline Words4 Load16(const void* from) {
  Words4 words;
  std::memcpy(&words, from, sizeof words);
  return words;
}
inline int32_t Dot4(int32_t sum, uint32_t a, uint32_t b) {
  for (uint32_t shift = 0; shift < 32; shift += 8) sum += int32_t(int8_t(a >> shift)) * int8_t(b >> shift);
  return sum;
}
inline float Fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float Sqrt(float x) { return __builtin_sqrtf(x); }
inline float RoundHalfEven(float x) { return __builtin_nearbyintf(x); }
inline float Magnitude(float x) { return __builtin_fabsf(x); }
inline float FloatOf(uint32_t bits) { return std::bit_cast<float>(bits); }
inline uint32_t BitsOf(float x) { return std::bit_cast<uint32_t>(x); }
inline float HalfToFloat(uint16_t half) { return F16ToF32(half); }
inline uint16_t FloatToHalf(float x) { return F32ToF16(x); }

#undef STERNA_HERE

}  // namespace sterna::gpu
