// SPDX-License-Identifier: Apache-2.0
//
// How a call stands in a model's text:
//   <tool_call>
//   {"name": "NAME", "arguments": {...}}
//   </tool_call>
// The form that most models are trained on. The end holds a line break, which JSON has in no string, so that it is
// found without reading the arguments.
#pragma once

#include <string_view>

namespace sterna::server {

inline constexpr std::string_view kToolCallBegin = "<tool_call>";
inline constexpr std::string_view kToolNameBegin = "\n{\"name\": \"";
inline constexpr std::string_view kToolNameEnd = "\", \"arguments\": ";
inline constexpr std::string_view kToolCallEnd = "}\n</tool_call>";

}  // namespace sterna::server
