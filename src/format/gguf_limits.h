// SPDX-License-Identifier: Apache-2.0
//
// Limits of the GGUF reader beyond what a file's own size imposes. They bound memory when a sparse file claims a size
// that nobody wrote; real files stay below them by a factor of ten and more.
#pragma once

#include <cstdint>

namespace sterna::format {

inline constexpr uint32_t kGgufMagic = 0x46554747;  // "GGUF", what a file begins with

inline constexpr uint64_t kMaxValues = uint64_t{1} << 20;
inline constexpr uint64_t kMaxTensors = uint64_t{1} << 20;
inline constexpr uint64_t kMaxKeyBytes = 65535;
inline constexpr uint64_t kMaxTensorNameBytes = 63;
inline constexpr uint64_t kMaxStringBytes = uint64_t{1} << 30;
inline constexpr uint64_t kMaxArrayElements = uint64_t{1} << 24;
inline constexpr uint64_t kMaxFileStrings = uint64_t{1} << 24;  // in all string arrays of a file together
inline constexpr uint64_t kMinAlignment = 8;
inline constexpr uint64_t kDefaultAlignment = 32;
inline constexpr uint32_t kMaxDimensions = 4;
inline constexpr size_t kMaxWarnings = 50;

}  // namespace sterna::format
