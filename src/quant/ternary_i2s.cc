// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary_i2s.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "quant/packed_codes.h"

namespace sterna::quant {
namespace {

// The two flat orders differ only in the length of a block: `kBytes` bytes hold four runs of kBytes codes, the first
// run in the uppermost bits. Blocks run through the row-major tensor and may straddle its rows.
constexpr size_t kX86BlockBytes = 32;
constexpr size_t kNeonBlockBytes = 16;

template <size_t kBytes>
void UnpackBlock(const std::byte* block, uint8_t* codes) {
  for (size_t i = 0; i < kBytes; i += 8) {
    const uint64_t word = LoadWord(block + i);
    for (unsigned run = 0; run < 4; ++run) StoreFieldCodes(word, 3 - run, codes + kBytes * run + i);
  }
}

template <size_t kBytes>
void UnpackFlat(const std::byte* data, uint64_t first, uint64_t count, uint8_t* codes) {
  constexpr uint64_t kElements = 4 * kBytes;
  while (count > 0) {
    const std::byte* block = data + first / kElements * kBytes;
    const uint64_t skip = first % kElements;
    const uint64_t take = std::min(kElements - skip, count);
    if (take == kElements) {
      UnpackBlock<kBytes>(block, codes);
    } else {
      std::array<uint8_t, kElements> whole;
      UnpackBlock<kBytes>(block, whole.data());
      std::memcpy(codes, whole.data() + skip, take);
    }
    first += take, count -= take, codes += take;
  }
}

template <size_t kBytes>
void PackFlat(const uint8_t* codes, uint64_t count, std::byte* out) {
  for (uint64_t done = 0; done < count; done += 4 * kBytes, codes += 4 * kBytes, out += kBytes) {
    for (size_t i = 0; i < kBytes; ++i) {
      out[i] = std::byte(codes[i] << 6 | codes[kBytes + i] << 4 | codes[2 * kBytes + i] << 2 | codes[3 * kBytes + i]);
    }
  }
}

// One byte is one column of four rows, the first row in the uppermost bits.
void UnpackRows4(const std::byte* data, uint64_t columns, uint64_t row, uint8_t* codes) {
  const std::byte* bytes = data + row / 4 * columns;
  const unsigned field = 3 - unsigned(row % 4);
  uint64_t k = 0;
  for (; k + 8 <= columns; k += 8) StoreFieldCodes(LoadWord(bytes + k), field, codes + k);
  for (; k < columns; ++k) codes[k] = uint8_t(FieldCodes(uint64_t(bytes[k]), field));
}

void PackRows4(uint64_t rows, uint64_t columns, const uint8_t* codes, std::byte* out) {
  for (uint64_t row = 0; row < rows; row += 4, codes += 4 * columns, out += columns) {
    for (uint64_t k = 0; k < columns; ++k) {
      out[k] =
          std::byte(codes[k] << 6 | codes[columns + k] << 4 | codes[2 * columns + k] << 2 | codes[3 * columns + k]);
    }
  }
}

struct Place {
  uint64_t row, column;
};

Place PlaceOf(const TernarySource& source, FieldPlace field) {
  const uint64_t run = 3 - field.field;
  if (source.layout == I2sLayout::kRows4) return {field.byte / source.columns * 4 + run, field.byte % source.columns};
  const uint64_t block_bytes = source.layout == I2sLayout::kX86 ? kX86BlockBytes : kNeonBlockBytes;
  const uint64_t element = field.byte / block_bytes * 4 * block_bytes + run * block_bytes + field.byte % block_bytes;
  return {element / source.columns, element % source.columns};
}

}  // namespace

Status CheckI2sShape(I2sLayout layout, uint64_t rows, uint64_t columns) {
  if (layout == I2sLayout::kRows4) {
    if (rows % 4 == 0) return {};
    return Status::InvalidArgument(
        fmt::format("{} rows are no multiple of the 4 that I2_S in four-row order packs together", rows));
  }
  const uint64_t block = 4 * (layout == I2sLayout::kX86 ? kX86BlockBytes : kNeonBlockBytes);
  if (rows * columns % block == 0) return {};
  return Status::InvalidArgument(
      fmt::format("{} rows of {} columns are no multiple of the {} values of an I2_S block in {} order", rows, columns,
                  block, layout == I2sLayout::kX86 ? "x86" : "neon"));
}

Result<TernaryScales> InspectI2s(const TernarySource& source) {
  const auto codes = source.bytes.first(source.rows * source.columns / 4);
  float scale;
  std::memcpy(&scale, source.bytes.data() + codes.size(), sizeof scale);
  if (!std::isfinite(scale)) return Status::Corrupt(fmt::format("the I2_S scale is {}; it must be finite", scale));
  if (HasThrees(codes)) {
    const Place place = PlaceOf(source, FirstThree(codes));
    return Status::Corrupt(fmt::format("{} of its I2_S codes are 3, first at row {}, column {}; codes are 0, 1 or 2",
                                       CountThrees(codes), place.row, place.column));
  }
  return TernaryScales{.uniform = true, .scale = scale, .group_columns = 0};
}

void UnpackI2sRow(const TernarySource& source, uint64_t row, uint8_t* codes) {
  const std::byte* data = source.bytes.data();
  switch (source.layout) {
    case I2sLayout::kX86: return UnpackFlat<kX86BlockBytes>(data, row * source.columns, source.columns, codes);
    case I2sLayout::kNeon: return UnpackFlat<kNeonBlockBytes>(data, row * source.columns, source.columns, codes);
    case I2sLayout::kRows4: return UnpackRows4(data, source.columns, row, codes);
  }
}

void PackI2s(I2sLayout layout, uint64_t rows, uint64_t columns, const uint8_t* codes, std::byte* out) {
  switch (layout) {
    case I2sLayout::kX86: return PackFlat<kX86BlockBytes>(codes, rows * columns, out);
    case I2sLayout::kNeon: return PackFlat<kNeonBlockBytes>(codes, rows * columns, out);
    case I2sLayout::kRows4: return PackRows4(rows, columns, codes, out);
  }
}

}  // namespace sterna::quant
