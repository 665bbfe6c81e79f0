// SPDX-License-Identifier: Apache-2.0
//
// The number formats that Sterna reads and writes, and the sizes of tensors stored in them (GGUF type ids, ggml's block
// layouts; docs/formats.md). A type here is a decided meaning: ids that several projects use for different layouts are
// resolved by format/ before anyone above sees them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::quant {

// Behind the codes of I2_S, TL1 and TL2: the tensor's float32 scale and 28 bytes nobody reads.
inline constexpr uint64_t kScaleTailBytes = 32;

enum class TensorType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kQ8_0,
  kQ6_K,
  kQ4_0,
  kQ5_0,
  kQ4_K,
  kI2_S,
  kTQ1_0,
  kTQ2_0,
  kIQ1_BN,
  kIQ2_BN,
  kIQ2_BN_R4,
  kQ2_0,       // in groups of 64
  kQ2_0_G128,  // under the same id
  kPQ2_0,
  kPTQ1_0,
  kTL1,
  kTL2,
  kI8,
  kI16,
  kI32,
  kI64,
  kF64
};

struct TypeInfo {
  TensorType type;
  std::string_view name;      // "F16", as files and messages spell it
  uint32_t block_elements;    // elements of a row that are stored together
  uint32_t block_bytes;       // bytes of such a block; I2_S: 32 per 128 (plus 32 once per tensor); TL2: 0, sized apart
  bool ternary;               // values are scale * {-1, 0, +1}
  uint32_t row_bytes = 0;     // of the scale that each row has beside its blocks
  uint32_t row_multiple = 1;  // rows that are stored together
};

const TypeInfo& Info(TensorType type);

// F32, F16 or BF16.
bool IsPlainFloat(TensorType type);

// "I2_S, TQ1_0 or TQ2_0", for messages.
std::string TernaryTypeNames();

// Bytes of a row-major [rows, columns] tensor. InvalidArgument when columns is not a multiple of the block (I2_S and
// TL1: when rows * columns is not a multiple of 4; TL2: when there are fewer than 256 columns) or rows not one of those
// stored together, or the size does not fit 63 bits.
Result<uint64_t> TensorBytes(TensorType type, uint64_t rows, uint64_t columns);

}  // namespace sterna::quant
