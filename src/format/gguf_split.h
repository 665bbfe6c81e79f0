// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sterna::format {

// Keys of a file that is one of several of a model.
inline constexpr std::string_view kSplitNumberKey = "split.no";
inline constexpr std::string_view kSplitCountKey = "split.count";
inline constexpr std::string_view kSplitTensorsKey = "split.tensors.count";
inline constexpr std::string_view kSplitKeys = "split.";

}  // namespace sterna::format
