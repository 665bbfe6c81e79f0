// SPDX-License-Identifier: Apache-2.0
//
// What the tensor type ids of GGUF mean in the projects that use them. Several ids have more than one meaning; which
// one a file means is decided by its bytes (gguf_layout.h), never by its metadata.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "quant/tensor_type.h"

namespace sterna::format {

// How a tensor's size follows from its shape.
enum class SizeRule : uint8_t {
  kBlocks,        // rows of whole blocks
  kRowsOfBlocks,  // the same, each row led by its scale
  kI2s,           // n / 4 codes and 32 bytes
  kTl2,           // two regions and signs, padded (docs/formats.md)
  kUnknown,       // no published rule
};

struct TypeMeaning {
  uint32_t id;
  std::string_view name;
  std::string_view what;  // one clause for a message: what it is, or why it is in no file
  SizeRule rule;
  uint32_t block_elements, block_bytes;
  uint32_t row_bytes;                     // kRowsOfBlocks: bytes of a row's scale
  uint32_t hidden_bytes;                  // bytes that some writers add behind the tensor without listing them
  std::optional<quant::TensorType> type;  // set when Sterna reads it
};

// All meanings of an id, or none when nobody is known to use it.
std::span<const TypeMeaning> MeaningsOf(uint32_t id);

// Bytes of a tensor under a meaning, without hidden bytes; nullopt when the shape does not fit it, the size overflows,
// or there is no rule.
std::optional<uint64_t> MeaningBytes(const TypeMeaning& meaning, uint64_t rows, uint64_t columns);

}  // namespace sterna::format
