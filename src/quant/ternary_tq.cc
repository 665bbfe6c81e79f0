// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary_tq.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/half.h"
#include "quant/packed_codes.h"
#include "quant/packed_digits.h"
#include "quant/scale_tally.h"

namespace sterna::quant {
namespace {

constexpr DigitStretch kTq1Stretches[] = {{0, 32, 0, 5}, {32, 16, 160, 5}, {48, 4, 240, 4}};

// TQ2_0: 32 bytes hold four runs of 32 codes, the first run in the lowest bits; twice.
void UnpackTq2Block(const std::byte* block, uint8_t* codes) {
  for (size_t half = 0; half < 2; ++half, block += 32, codes += 128) {
    for (size_t i = 0; i < 32; i += 8) {
      const uint64_t word = LoadWord(block + i);
      for (unsigned run = 0; run < 4; ++run) {
        const uint64_t eight = (word >> (2 * run)) & 0x0303030303030303u;
        std::memcpy(codes + 32 * run + i, &eight, sizeof eight);
      }
    }
  }
}

// In place; needed only where a code 3 may have passed unseen.
void ReplaceThrees(uint8_t* codes) {
  for (size_t i = 0; i < kTqBlockElements; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, codes + i, sizeof eight);
    StoreFieldCodes(eight, 0, codes + i);
  }
}

void PackTq2Block(const uint8_t* codes, std::byte* out) {
  for (size_t half = 0; half < 2; ++half, codes += 128, out += 32) {
    for (size_t i = 0; i < 32; ++i) {
      out[i] = std::byte(codes[i] | codes[32 + i] << 2 | codes[64 + i] << 4 | codes[96 + i] << 6);
    }
  }
}

size_t TqScaleOffset(TensorType type) { return Info(type).block_bytes - sizeof(uint16_t); }

bool TqAllZero(TensorType type, const std::byte* block) {
  uint8_t codes[kTqBlockElements];
  UnpackTqBlock(type, block, codes);
  return std::all_of(codes, codes + kTqBlockElements, [](uint8_t code) { return code == 1; });
}

Status CheckBlock(const TernarySource& source, uint64_t index, const std::byte* block, float scale) {
  const uint64_t first = index * kTqBlockElements;
  const std::string_view name = Info(source.type).name;
  if (!std::isfinite(scale)) {
    return Status::Corrupt(fmt::format("the {} scale of the block at row {}, column {} is {}; it must be finite", name,
                                       first / source.columns, first % source.columns, scale));
  }
  if (source.type == TensorType::kTQ2_0 && HasThrees({block, 64})) {
    const FieldPlace place = FirstThree({block, 64});
    const uint64_t element = first + place.byte / 32 * 128 + 32 * place.field + place.byte % 32;
    return Status::Corrupt(fmt::format("{} code at row {}, column {} is 3; codes are 0, 1 or 2", name,
                                       element / source.columns, element % source.columns));
  }
  return {};
}

// The whole count, for the message; only run once a bad code was seen.
uint64_t CountTq2Threes(const TernarySource& source) {
  uint64_t count = 0;
  for (size_t at = 0; at < source.bytes.size(); at += 66) count += CountThrees(source.bytes.subspan(at, 64));
  return count;
}

}  // namespace

void UnpackTqBlock(TensorType type, const std::byte* block, uint8_t* codes) {
  return type == TensorType::kTQ1_0 ? UnpackDigits(kTq1Stretches, block, codes) : UnpackTq2Block(block, codes);
}

float TqBlockScale(TensorType type, const std::byte* block) {
  uint16_t half;
  std::memcpy(&half, block + TqScaleOffset(type), sizeof half);
  return F16ToF32(half);
}

Result<TernaryScales> InspectTq(const TernarySource& source) {
  const size_t block_bytes = Info(source.type).block_bytes;
  const uint64_t blocks = source.rows * source.columns / kTqBlockElements;
  ScaleTally tally;
  const std::byte* block = source.bytes.data();
  for (uint64_t i = 0; i < blocks; ++i, block += block_bytes) {
    const float scale = TqBlockScale(source.type, block);
    if (Status status = CheckBlock(source, i, block, scale); !status.ok()) {
      if (!std::isfinite(scale)) return status;
      return Status::Corrupt(fmt::format("{} ({} such codes)", status.message(), CountTq2Threes(source)));
    }
    tally.Add(scale, [&] { return TqAllZero(source.type, block); });
  }
  return tally.Scales(kTqBlockElements);
}

void UnpackTqRow(const TernarySource& source, uint64_t row, uint8_t* codes) {
  const size_t block_bytes = Info(source.type).block_bytes;
  const uint64_t blocks = source.columns / kTqBlockElements;
  const std::byte* block = source.bytes.data() + row * blocks * block_bytes;
  for (uint64_t i = 0; i < blocks; ++i, block += block_bytes, codes += kTqBlockElements) {
    if (TqBlockScale(source.type, block) == 0) {
      std::memset(codes, 1, kTqBlockElements);
      continue;
    }
    UnpackTqBlock(source.type, block, codes);
    if (source.type == TensorType::kTQ2_0) ReplaceThrees(codes);
  }
}

void TqRowScales(const TernarySource& source, uint64_t row, float* scales) {
  const size_t block_bytes = Info(source.type).block_bytes;
  const uint64_t blocks = source.columns / kTqBlockElements;
  const std::byte* block = source.bytes.data() + row * blocks * block_bytes;
  for (uint64_t i = 0; i < blocks; ++i, block += block_bytes) scales[i] = TqBlockScale(source.type, block);
}

void PackTq(TensorType type, std::span<const uint8_t> codes, std::span<const float> scales, std::byte* out) {
  const size_t block_bytes = Info(type).block_bytes;
  for (const float scale : scales) {
    type == TensorType::kTQ1_0 ? PackDigits(kTq1Stretches, codes.data(), out) : PackTq2Block(codes.data(), out);
    const uint16_t half = F32ToF16(scale);
    std::memcpy(out + TqScaleOffset(type), &half, sizeof half);
    codes = codes.subspan(kTqBlockElements), out += block_bytes;
  }
}

}  // namespace sterna::quant
