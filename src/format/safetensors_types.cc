// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors_types.h"

#include <array>

namespace sterna::format {
namespace {

struct TypeRow {
  std::string_view name;
  uint64_t bytes;
};

// In the order of SafetensorsType.
constexpr std::array<TypeRow, 13> kTypes{{{"BOOL", 1},
                                          {"U8", 1},
                                          {"I8", 1},
                                          {"U16", 2},
                                          {"I16", 2},
                                          {"F16", 2},
                                          {"BF16", 2},
                                          {"U32", 4},
                                          {"I32", 4},
                                          {"F32", 4},
                                          {"U64", 8},
                                          {"I64", 8},
                                          {"F64", 8}}};

}  // namespace

std::optional<SafetensorsType> SafetensorsTypeOf(std::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i].name == name) return SafetensorsType(i);
  }
  return std::nullopt;
}

std::string_view SafetensorsTypeName(SafetensorsType type) { return kTypes[size_t(type)].name; }

uint64_t SafetensorsElementBytes(SafetensorsType type) { return kTypes[size_t(type)].bytes; }

}  // namespace sterna::format
