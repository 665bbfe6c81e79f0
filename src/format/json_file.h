// SPDX-License-Identifier: Apache-2.0
//
// JSON files of Hugging Face folders, read whole: bounded in size and depth, whatever their bytes are.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::format {

inline constexpr uint32_t kMaxJsonDepth = 64;

// How deep brackets outside of strings nest; of text that is no JSON some number. For parsers that recurse.
uint32_t JsonNestingDepth(std::string_view text);

// NotFound when there is no such file; Corrupt when it is over `max_bytes`, nests deeper than kMaxJsonDepth or is no
// JSON; one line naming the file.
Result<nlohmann::json> ReadJsonFile(const std::string& path, uint64_t max_bytes);

// The same for text; `name` stands for the file in messages.
Result<nlohmann::json> ParseJson(std::string_view text, std::string_view name);

}  // namespace sterna::format
