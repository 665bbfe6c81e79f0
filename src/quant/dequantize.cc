// SPDX-License-Identifier: Apache-2.0
#include "quant/dequantize.h"

#include <cstring>

#include "base/check.h"
#include "base/half.h"
#include "quant/ternary_tq.h"

namespace sterna::quant {
namespace {

// Stored rows have no alignment; files are little-endian, as is every machine Sterna runs on.
uint16_t LoadU16(const std::byte* from) {
  uint16_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Float16 scale, then 32 signed bytes.
void DequantizeQ8_0(const std::byte* block, float* out) {
  const float d = F16ToF32(LoadU16(block));
  for (size_t i = 0; i < 32; ++i) out[i] = d * float(int8_t(block[2 + i]));
}

// Float16 scale, then 16 bytes; the low halves are the first 16 values.
void DequantizeQ4_0(const std::byte* block, float* out) {
  const float d = F16ToF32(LoadU16(block));
  for (size_t i = 0; i < 16; ++i) {
    const int pair = int(block[2 + i]);
    out[i] = d * float((pair & 15) - 8);
    out[i + 16] = d * float((pair >> 4) - 8);
  }
}

// Float16 scale, 32 upper bits, then 16 bytes of lower halves as in Q4_0.
void DequantizeQ5_0(const std::byte* block, float* out) {
  const float d = F16ToF32(LoadU16(block));
  const uint32_t upper = LoadU16(block + 2) | uint32_t{LoadU16(block + 4)} << 16;
  for (size_t i = 0; i < 16; ++i) {
    const int pair = int(block[6 + i]);
    out[i] = d * float(((pair & 15) | int(upper >> i & 1) << 4) - 16);
    out[i + 16] = d * float(((pair >> 4) | int(upper >> (i + 16) & 1) << 4) - 16);
  }
}

// Scale and minimum, 6 bits each, of one of eight runs of 32 values: runs 0 to 3 have theirs in the lower bits of bytes
// 0 to 3 and 4 to 7, the others four bits of each in bytes 8 to 11 and two in the upper bits of those.
struct Q4KRun {
  int scale, minimum;
};
Q4KRun RunOfQ4K(const std::byte* packed, size_t run) {
  const auto byte = [&](size_t i) { return int(packed[i]); };
  if (run < 4) return {byte(run) & 63, byte(run + 4) & 63};
  const int lower = byte(run + 4);
  return {(lower & 15) | byte(run - 4) >> 6 << 4, lower >> 4 | byte(run) >> 6 << 4};
}

// Float16 scale and scale of the minima, 12 bytes of both for each run, then 32 bytes for two runs: low halves first.
void DequantizeQ4_K(const std::byte* block, float* out) {
  const float d = F16ToF32(LoadU16(block)), minimum = F16ToF32(LoadU16(block + 2));
  for (size_t run = 0; run < 8; ++run) {
    const Q4KRun packed = RunOfQ4K(block + 4, run);
    const float scale = d * float(packed.scale), least = minimum * float(packed.minimum);  // 17 bits: exact
    for (size_t i = 0; i < 32; ++i) {
      const int pair = int(block[16 + run / 2 * 32 + i]);
      out[32 * run + i] = scale * float(run % 2 == 0 ? pair & 15 : pair >> 4) - least;
    }
  }
}

// 128 bytes of low halves, 64 bytes of upper bit pairs, 16 signed scales of 16 values each, float16 scale. Within each
// half of the block the four runs of 32 values share the bytes of the low halves two and two, and the upper pairs all
// four.
void DequantizeQ6_K(const std::byte* block, float* out) {
  const float d = F16ToF32(LoadU16(block + 208));
  for (size_t half = 0; half < 2; ++half) {
    const std::byte* low = block + 64 * half;
    const std::byte* high = block + 128 + 32 * half;
    const std::byte* scales = block + 192 + 8 * half;
    for (size_t run = 0; run < 4; ++run) {
      for (size_t i = 0; i < 32; ++i) {
        const int lower = int(low[i + 32 * (run % 2)]) >> (run < 2 ? 0 : 4) & 15;
        const int upper = int(high[i]) >> (2 * run) & 3;
        const float scale = d * float(int8_t(scales[2 * run + i / 16]));  // 19 bits: exact
        out[128 * half + 32 * run + i] = scale * float((lower | upper << 4) - 32);
      }
    }
  }
}

// Float16 scale, then four codes a byte, the first in the lowest bits; 3 stands for +2.
void DequantizeQ2_0(const std::byte* block, size_t elements, float* out) {
  const float d = F16ToF32(LoadU16(block));
  for (size_t i = 0; i < elements; ++i) out[i] = d * float((int(block[2 + i / 4]) >> (2 * (i % 4)) & 3) - 1);
}

void DequantizeTq(TensorType type, const std::byte* block, float* out) {
  uint8_t codes[kTqBlockElements];
  UnpackTqBlock(type, block, codes);
  const float d = TqBlockScale(type, block);
  for (size_t i = 0; i < kTqBlockElements; ++i) out[i] = d * float(int(codes[i]) - 1);
}

void DequantizeBlock(TensorType type, const std::byte* block, float* out) {
  switch (type) {
    case TensorType::kQ8_0: return DequantizeQ8_0(block, out);
    case TensorType::kQ4_0: return DequantizeQ4_0(block, out);
    case TensorType::kQ5_0: return DequantizeQ5_0(block, out);
    case TensorType::kQ4_K: return DequantizeQ4_K(block, out);
    case TensorType::kQ2_0:
    case TensorType::kQ2_0_G128:
    case TensorType::kPQ2_0: return DequantizeQ2_0(block, Info(type).block_elements, out);
    case TensorType::kQ6_K: return DequantizeQ6_K(block, out);
    default: return DequantizeTq(type, block, out);
  }
}

}  // namespace

bool CanDequantizeRow(TensorType type) {
  switch (type) {
    case TensorType::kF32:
    case TensorType::kF16:
    case TensorType::kBF16:
    case TensorType::kQ8_0:
    case TensorType::kQ6_K:
    case TensorType::kQ4_0:
    case TensorType::kQ5_0:
    case TensorType::kQ4_K:
    case TensorType::kQ2_0:
    case TensorType::kQ2_0_G128:
    case TensorType::kPQ2_0:
    case TensorType::kTQ1_0:
    case TensorType::kTQ2_0: return true;
    default: return false;
  }
}

void DequantizeRow(TensorType type, const std::byte* row, size_t count, float* out) {
  STERNA_DCHECK(CanDequantizeRow(type));
  STERNA_DCHECK(count % Info(type).block_elements == 0);
  switch (type) {
    case TensorType::kF32: std::memcpy(out, row, count * sizeof(float)); return;
    case TensorType::kF16:
      for (size_t i = 0; i < count; ++i) out[i] = F16ToF32(LoadU16(row + 2 * i));
      return;
    case TensorType::kBF16:
      for (size_t i = 0; i < count; ++i) out[i] = BF16ToF32(LoadU16(row + 2 * i));
      return;
    default: break;
  }
  const TypeInfo& info = Info(type);
  for (size_t done = 0; done < count; done += info.block_elements, row += info.block_bytes) {
    DequantizeBlock(type, row, out + done);
  }
}

}  // namespace sterna::quant
