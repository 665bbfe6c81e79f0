// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sterna::format {

// GGUF value types, with the numbers a file stores.
enum class GgufType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

std::string_view GgufTypeName(GgufType type);

// An array of a metadata value. Strings view into the file; numbers are converted on access.
struct GgufArray {
  GgufType element_type = GgufType::kU8;
  uint64_t count = 0;
  const std::byte* data = nullptr;        // count packed elements; for strings the first length field
  std::vector<std::string_view> strings;  // filled when element_type is kString
};

struct GgufValue {
  GgufType type = GgufType::kU8;
  // Unsigned and bool values as uint64_t, signed as int64_t, floats as double.
  std::variant<uint64_t, int64_t, double, std::string_view, GgufArray> value;
};

}  // namespace sterna::format
