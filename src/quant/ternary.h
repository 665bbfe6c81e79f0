// SPDX-License-Identifier: Apache-2.0
//
// Ternary matrices as files store them (I2_S in its three byte orders, TQ1_0, TQ2_0, IQ1_BN, IQ2_BN, IQ2_BN_R4, Q2_0
// and its kin, TL1, TL2), to and from plain codes 0, 1, 2 (value = code - 1). Layout facts: docs/formats.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "quant/tensor_type.h"

namespace sterna::quant {

// I2_S has one type id and three byte orders, and nothing in a file says which.
enum class I2sLayout : uint8_t {
  kX86,    // 128-element blocks of 32 bytes: the published files and every Python converter
  kNeon,   // 64-element blocks of 16 bytes: llama-quantize built for ARM
  kRows4,  // one byte = one column of four rows: locally modified x86 builds
};

// How the writer of a TL1 or TL2 matrix cut it before packing; the file does not say. BM, BK and bm (in a
// kernel_config.ini: bmm) of bitnet.cpp.
struct TlTiles {
  uint32_t rows = 0, columns = 0;  // of a tile
  uint32_t lanes = 0;              // rows of a tile that are stored together: 32, in TL1 also 64
  bool operator==(const TlTiles&) const = default;
};

// InvalidArgument when a matrix of this shape cannot have been cut so.
Status CheckTlTiles(TensorType type, uint64_t rows, uint64_t columns, const TlTiles& tiles);

// A stored ternary matrix [rows, columns], row-major, and how to read it. `bytes` is the whole tensor (I2_S, TL1, TL2:
// with its scale).
struct TernarySource {
  TensorType type = TensorType::kI2_S;
  I2sLayout layout = I2sLayout::kX86;
  uint64_t rows = 0;
  uint64_t columns = 0;
  std::span<const std::byte> bytes;
  TlTiles tiles = {};  // of TL1 and TL2
};

// What a ternary matrix's scales are, found by reading all of them.
struct TernaryScales {
  bool uniform = true;         // one scale for all non-zero values
  float scale = 0;             // the tensor scale when uniform (0 for an all-zero TQ matrix); else 0
  uint64_t group_columns = 0;  // when not uniform: elements per scale along a row (256, 128, 64, or the whole row)
};

// Corrupt when a scale is NaN or infinite, or a code is 3 (TL1, TL2: beyond what pairs and triples of values make; the
// message gives the first place and the count). InvalidArgument when the layout cannot hold the shape. Scans the whole
// matrix once.
Result<TernaryScales> InspectTernary(const TernarySource& source);

// Codes of row `row`: columns bytes, each 0, 1 or 2 (what InspectTernary refuses reads as 1). A block or
// row of scale 0 reads as 1 throughout, so that a matrix with such blocks can still have one scale. `source` is one
// that InspectTernary accepted.
void UnpackTernaryRow(const TernarySource& source, uint64_t row, uint8_t* codes);

// Scales of row `row`, columns / group_columns floats; only for sources whose scales are not uniform.
void TernaryRowScales(const TernarySource& source, uint64_t row, float* scales);

// A ternary matrix whatever stored it: codes 0..2 row by row, and the scales of stretches of `group_columns` columns,
// row by row too; one scale for all where group_columns is 0.
struct TernaryCodes {
  uint64_t rows = 0, columns = 0;
  std::span<const uint8_t> codes;
  std::span<const float> scales;
  uint64_t group_columns = 0;
};

// Whether the type stores its scales as float16; else as float32.
bool StoresF16Scales(TensorType type);

struct StoredTernary {
  std::vector<std::byte> bytes;
  float scale_rounding = 0;  // the largest change of a scale relative to it, where the type stores float16
};

// False for TL1 and TL2, which are only read.
bool CanStoreTernary(TensorType type);

// The stored form of a matrix. I2_S has one scale, IQ2_BN and IQ2_BN_R4 one a row, all as float32; the others have
// float16, IQ1_BN one a row and the rest one a block. Blocks (rows) without a non-zero value store scale 0.
// InvalidArgument when the type is not written or cannot hold the shape, a scale's size, or the different scales of a
// stretch that it stores one for.
Result<StoredTernary> StoreTernary(TensorType type, I2sLayout layout, const TernaryCodes& matrix);

// The same for `codes` (rows * columns values) with one scale.
Result<std::vector<std::byte>> PackTernary(TensorType type, I2sLayout layout, uint64_t rows, uint64_t columns,
                                           std::span<const uint8_t> codes, float scale);

}  // namespace sterna::quant
