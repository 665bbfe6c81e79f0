// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary_q2.h"

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

constexpr size_t kMostElements = 128;

bool HasDigits(TensorType type) { return type == TensorType::kPTQ1_0; }

// Where a block's codes and its scale begin.
size_t CodesOffset(TensorType type) { return HasDigits(type) ? 0 : sizeof(uint16_t); }
size_t Q2ScaleOffset(TensorType type) { return HasDigits(type) ? Info(type).block_bytes - sizeof(uint16_t) : 0; }
size_t CodeBytes(TensorType type) { return Info(type).block_bytes - sizeof(uint16_t); }

constexpr DigitStretch kPtq1Stretches[] = {{0, 16, 0, 5}, {16, 8, 80, 5}, {24, 2, 120, 4}};

// Codes as stored: 3 where a 2-bit field holds it. Element j is field j % 4 of byte j / 4.
void UnpackStored(TensorType type, const std::byte* block, uint8_t* codes) {
  if (HasDigits(type)) return UnpackDigits(kPtq1Stretches, block, codes);
  const std::byte* const fields = block + CodesOffset(type);
  for (size_t j = 0; j < Info(type).block_elements; ++j) {
    codes[j] = uint8_t(unsigned(fields[j / 4]) >> (2 * (j % 4)) & 3u);
  }
}

void PackBlock(TensorType type, const uint8_t* codes, std::byte* out) {
  if (HasDigits(type)) return PackDigits(kPtq1Stretches, codes, out);
  std::byte* const fields = out + CodesOffset(type);
  for (size_t j = 0; j < Info(type).block_elements; j += 4) {
    fields[j / 4] = std::byte(codes[j] | codes[j + 1] << 2 | codes[j + 2] << 4 | codes[j + 3] << 6);
  }
}

float BlockScale(TensorType type, const std::byte* block) {
  uint16_t half;
  std::memcpy(&half, block + Q2ScaleOffset(type), sizeof half);
  return F16ToF32(half);
}

bool Q2AllZero(TensorType type, const std::byte* block) {
  uint8_t codes[kMostElements];
  UnpackStored(type, block, codes);
  return std::all_of(codes, codes + Info(type).block_elements, [](uint8_t code) { return code == 1; });
}

bool BlockHasThrees(TensorType type, const std::byte* block) {
  return !HasDigits(type) && HasThrees({block + CodesOffset(type), CodeBytes(type)});
}

Status RefuseThree(const TernarySource& source, uint64_t index, const std::byte* block) {
  uint8_t codes[kMostElements];
  const size_t elements = Info(source.type).block_elements;
  UnpackStored(source.type, block, codes);
  const auto at = uint64_t(std::find(codes, codes + elements, uint8_t{3}) - codes);
  const uint64_t element = index * elements + at;
  return Status::Corrupt(
      fmt::format("{} code at row {}, column {} is 3, twice the scale: the format allows it, a ternary matrix does not",
                  Info(source.type).name, element / source.columns, element % source.columns));
}

const std::byte* RowStart(const TernarySource& source, uint64_t row) {
  const TypeInfo& info = Info(source.type);
  return source.bytes.data() + row * (source.columns / info.block_elements) * info.block_bytes;
}

}  // namespace

Result<TernaryScales> InspectQ2(const TernarySource& source) {
  const TypeInfo& info = Info(source.type);
  const uint64_t blocks = source.rows * (source.columns / info.block_elements);
  ScaleTally tally;
  const std::byte* block = source.bytes.data();
  for (uint64_t i = 0; i < blocks; ++i, block += info.block_bytes) {
    const float scale = BlockScale(source.type, block);
    if (!std::isfinite(scale)) {
      const uint64_t first = i * info.block_elements;
      return Status::Corrupt(fmt::format("the {} scale of the block at row {}, column {} is {}; it must be finite",
                                         info.name, first / source.columns, first % source.columns, scale));
    }
    if (BlockHasThrees(source.type, block)) return RefuseThree(source, i, block);
    tally.Add(scale, [&] { return Q2AllZero(source.type, block); });
  }
  return tally.Scales(info.block_elements);
}

void UnpackQ2Row(const TernarySource& source, uint64_t row, uint8_t* codes) {
  const TypeInfo& info = Info(source.type);
  const std::byte* block = RowStart(source, row);
  for (uint64_t k = 0; k < source.columns; k += info.block_elements, block += info.block_bytes) {
    if (BlockScale(source.type, block) == 0) {
      std::fill_n(codes + k, info.block_elements, uint8_t{1});
      continue;
    }
    UnpackStored(source.type, block, codes + k);
    std::replace(codes + k, codes + k + info.block_elements, uint8_t{3}, uint8_t{1});
  }
}

void Q2RowScales(const TernarySource& source, uint64_t row, float* scales) {
  const TypeInfo& info = Info(source.type);
  const std::byte* block = RowStart(source, row);
  for (uint64_t k = 0; k < source.columns; k += info.block_elements, block += info.block_bytes) {
    *scales++ = BlockScale(source.type, block);
  }
}

void PackQ2(TensorType type, std::span<const uint8_t> codes, std::span<const float> scales, std::byte* out) {
  const TypeInfo& info = Info(type);
  for (const float scale : scales) {
    PackBlock(type, codes.data(), out);
    const uint16_t half = F32ToF16(scale);
    std::memcpy(out + Q2ScaleOffset(type), &half, sizeof half);
    codes = codes.subspan(info.block_elements), out += info.block_bytes;
  }
}

}  // namespace sterna::quant
