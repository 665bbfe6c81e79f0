// SPDX-License-Identifier: Apache-2.0
//
// What marks a `sterna` file and how its linear layers are named: codes are the tensor <layer>.weight of type I8 in the
// shape of backend::ShapeOfPacked, <layer>.scale is the scale, and <layer>.group_scales (F32, flat) the scales of
// groups of 256 columns where there are such.
#pragma once

#include <cstdint>
#include <string_view>

namespace sterna::model {

inline constexpr std::string_view kSternaVersionKey = "sterna.file_version";
inline constexpr uint64_t kSternaVersion = 1;
inline constexpr std::string_view kDownByInputKey = "sterna.ffn_down.by_input";  // bool
inline constexpr std::string_view kGroupScalesEnding = "group_scales";

}  // namespace sterna::model
