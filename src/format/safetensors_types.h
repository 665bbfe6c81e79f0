// SPDX-License-Identifier: Apache-2.0
//
// Element types of safetensors files, and the limits of their reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sterna::format {

enum class SafetensorsType : uint8_t { kBool, kU8, kI8, kU16, kI16, kF16, kBf16, kU32, kI32, kF32, kU64, kI64, kF64 };

inline constexpr uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;  // the limit of the format's own library
inline constexpr uint64_t kMaxSafetensorsTensors = uint64_t{1} << 20;
inline constexpr uint64_t kMaxSafetensorsNameBytes = 1024;
inline constexpr uint64_t kMaxSafetensorsDimensions = 8;

// "BF16" as the file spells it; nullopt for every other text.
std::optional<SafetensorsType> SafetensorsTypeOf(std::string_view name);
std::string_view SafetensorsTypeName(SafetensorsType type);
uint64_t SafetensorsElementBytes(SafetensorsType type);

}  // namespace sterna::format
