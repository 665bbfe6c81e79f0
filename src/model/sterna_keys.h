// SPDX-License-Identifier: Apache-2.0
//
// What marks a `sterna` file and how its linear layers are named: codes are the tensor <layer>.weight of type I8 in the
// shape of backend::ShapeOfPacked, <layer>.scale is the scale, and <layer>.group_scales (F32, flat) the scales of
// groups of 256, 128 or 64 columns, or <layer>.row_scales (F32) those of the rows, where there are such. Files with row
// scales or groups of fewer than 256 columns are of version 2, others of version 1.
#pragma once

#include <cstdint>
#include <string_view>

namespace sterna::model {

inline constexpr std::string_view kSternaVersionKey = "sterna.file_version";
inline constexpr uint64_t kSternaVersion = 2;  // the newest that is read
inline constexpr uint64_t kFirstSternaVersion = 1;
inline constexpr std::string_view kDownByInputKey = "sterna.ffn_down.by_input";  // bool
inline constexpr std::string_view kGroupScalesEnding = "group_scales";
inline constexpr std::string_view kRowScalesEnding = "row_scales";

}  // namespace sterna::model
