// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary_bn.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/half.h"
#include "quant/packed_codes.h"
#include "quant/scale_tally.h"

namespace sterna::quant {
namespace {

constexpr size_t kBlockElements = 64;
constexpr size_t kTritBytes = 12;  // of an IQ1_BN block: five digits each; one more byte holds four
constexpr size_t kInterleaved = 4;

// Digits of base 3 as a fraction of 256, the first digit the least significant: byte = ceil(256 * T / 243). Multiplying
// by 81 leaves digit 0 on top, by 27 digit 1, and so on.
constexpr unsigned kDigitFactors[] = {81, 27, 9, 3, 1};
constexpr unsigned kDigitWeights[] = {1, 3, 9, 27, 81};

uint8_t Digit(std::byte byte, size_t index) {
  return uint8_t(((unsigned(byte) * kDigitFactors[index]) & 255u) * 3 >> 8);
}

std::byte FromDigits(unsigned number) { return std::byte((256 * number + 242) / 243); }

// Byte 3i + k holds elements 16i + 5k to 16i + 5k + 4, the last byte the four elements 16i + 15.
void UnpackTritBlock(const std::byte* block, uint8_t* codes) {
  for (size_t byte = 0; byte < kTritBytes; ++byte) {
    uint8_t* const five = codes + byte / 3 * 16 + byte % 3 * 5;
    for (size_t j = 0; j < 5; ++j) five[j] = Digit(block[byte], j);
  }
  for (size_t i = 0; i < 4; ++i) codes[16 * i + 15] = Digit(block[kTritBytes], i);
}

void PackTritBlock(const uint8_t* codes, std::byte* out) {
  for (size_t byte = 0; byte < kTritBytes; ++byte) {
    const uint8_t* const five = codes + byte / 3 * 16 + byte % 3 * 5;
    unsigned number = 0;
    for (size_t j = 0; j < 5; ++j) number += kDigitWeights[j] * five[j];
    out[byte] = FromDigits(number);
  }
  unsigned number = 0;
  for (size_t i = 0; i < 4; ++i) number += kDigitWeights[i] * codes[16 * i + 15];
  out[kTritBytes] = FromDigits(number);
}

// Where a 2-bit code of a block lies. IQ2_BN: element 16f + j is field f of byte j. R4, row r of four: element
// 16l + 4f + i is field f of byte 16l + 4r + i.
FieldPlace PlaceInBlock(TensorType type, uint64_t row, size_t element) {
  if (type == TensorType::kIQ2_BN) return {element % 16, unsigned(element / 16)};
  return {element / 16 * 16 + row % kInterleaved * 4 + element % 4, unsigned(element % 16 / 4)};
}

// Where the parts of one row lie in a tensor.
struct RowPlace {
  size_t scale;   // first byte of its scale
  size_t blocks;  // first byte of its first block
  size_t stride;  // bytes from block to block
};

RowPlace PlaceOf(TensorType type, uint64_t columns, uint64_t row) {
  const TypeInfo& info = Info(type);
  const size_t row_bytes = info.row_bytes + columns / kBlockElements * info.block_bytes;
  if (type != TensorType::kIQ2_BN_R4) return {row * row_bytes, row * row_bytes + info.row_bytes, info.block_bytes};
  const size_t group = row / kInterleaved * kInterleaved * row_bytes;
  return {group + row % kInterleaved * sizeof(float), group + kInterleaved * sizeof(float),
          kInterleaved * info.block_bytes};
}

// Codes as stored: 3 where a 2-bit field holds it.
void UnpackStored(const TernarySource& source, uint64_t row, uint8_t* codes) {
  const RowPlace place = PlaceOf(source.type, source.columns, row);
  const std::byte* block = source.bytes.data() + place.blocks;
  for (uint64_t k = 0; k < source.columns; k += kBlockElements, block += place.stride, codes += kBlockElements) {
    if (source.type == TensorType::kIQ1_BN) {
      UnpackTritBlock(block, codes);
      continue;
    }
    for (size_t e = 0; e < kBlockElements; ++e) {
      const FieldPlace field = PlaceInBlock(source.type, row, e);
      codes[e] = uint8_t(unsigned(block[field.byte]) >> (2 * field.field) & 3u);
    }
  }
}

Status RefuseThrees(const TernarySource& source) {
  std::vector<uint8_t> codes(source.columns);
  uint64_t count = 0, first_row = 0, first_column = 0;
  for (uint64_t row = 0; row < source.rows; ++row) {
    UnpackStored(source, row, codes.data());
    if (count == 0) {
      first_row = row;
      first_column = uint64_t(std::find(codes.begin(), codes.end(), uint8_t{3}) - codes.begin());
    }
    count += uint64_t(std::count(codes.begin(), codes.end(), uint8_t{3}));
  }
  if (count == 0) return {};
  return Status::Corrupt(fmt::format("{} of its {} codes are 3, first at row {}, column {}; codes are 0, 1 or 2", count,
                                     Info(source.type).name, first_row, first_column));
}

// Whether the blocks that begin with this row hold a 3; in R4 those of four rows.
bool RowHasThrees(const TernarySource& source, uint64_t row) {
  if (source.type == TensorType::kIQ1_BN || row % Info(source.type).row_multiple != 0) return false;
  const RowPlace place = PlaceOf(source.type, source.columns, row);
  return HasThrees(source.bytes.subspan(place.blocks, source.columns / kBlockElements * place.stride));
}

void PackBnRow(TensorType type, uint64_t columns, uint64_t row, const uint8_t* codes, std::byte* out) {
  const RowPlace place = PlaceOf(type, columns, row);
  std::byte* block = out + place.blocks;
  for (uint64_t k = 0; k < columns; k += kBlockElements, block += place.stride, codes += kBlockElements) {
    if (type == TensorType::kIQ1_BN) {
      PackTritBlock(codes, block);
      continue;
    }
    for (size_t e = 0; e < kBlockElements; ++e) {
      const FieldPlace field = PlaceInBlock(type, row, e);
      block[field.byte] |= std::byte(codes[e] << (2 * field.field));
    }
  }
}

void StoreScale(TensorType type, float scale, std::byte* out) {
  if (type != TensorType::kIQ1_BN) {
    std::memcpy(out, &scale, sizeof scale);
    return;
  }
  const uint16_t half = F32ToF16(scale);
  std::memcpy(out, &half, sizeof half);
}

}  // namespace

float BnRowScale(const TernarySource& source, uint64_t row) {
  const std::byte* const at = source.bytes.data() + PlaceOf(source.type, source.columns, row).scale;
  if (source.type == TensorType::kIQ1_BN) {
    uint16_t half;
    std::memcpy(&half, at, sizeof half);
    return F16ToF32(half);
  }
  float scale;
  std::memcpy(&scale, at, sizeof scale);
  return scale;
}

Result<TernaryScales> InspectBn(const TernarySource& source) {
  ScaleTally tally;
  std::vector<uint8_t> codes(source.columns);
  for (uint64_t row = 0; row < source.rows; ++row) {
    const float scale = BnRowScale(source, row);
    if (!std::isfinite(scale)) {
      return Status::Corrupt(
          fmt::format("the {} scale of row {} is {}; it must be finite", Info(source.type).name, row, scale));
    }
    if (RowHasThrees(source, row)) return RefuseThrees(source);
    tally.Add(scale, [&] {
      UnpackStored(source, row, codes.data());
      return std::all_of(codes.begin(), codes.end(), [](uint8_t code) { return code == 1; });
    });
  }
  return tally.Scales(source.columns);
}

void UnpackBnRow(const TernarySource& source, uint64_t row, uint8_t* codes) {
  if (BnRowScale(source, row) == 0) {
    std::fill_n(codes, source.columns, uint8_t{1});
    return;
  }
  UnpackStored(source, row, codes);
  std::replace(codes, codes + source.columns, uint8_t{3}, uint8_t{1});
}

void PackBn(TensorType type, uint64_t columns, std::span<const uint8_t> codes, std::span<const float> scales,
            std::byte* out) {
  const std::vector<uint8_t> twos(columns, 2);  // what the published quantizer stores where all is zero
  for (uint64_t row = 0; row < scales.size(); ++row) {
    StoreScale(type, scales[row], out + PlaceOf(type, columns, row).scale);
    PackBnRow(type, columns, row, scales[row] == 0 ? twos.data() : &codes[row * columns], out);
  }
}

}  // namespace sterna::quant
