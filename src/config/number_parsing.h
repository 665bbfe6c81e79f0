// SPDX-License-Identifier: Apache-2.0
//
// Numbers as users type them: always with a decimal point, whatever the locale; the whole text must be the number.
// Errors are InvalidArgument and name the flag or variable, the text and the range.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/status.h"

namespace sterna::config {

Result<uint64_t> ParseUnsigned(std::string_view name, std::string_view text, uint64_t low, uint64_t high);

// NaN is out of every range.
Result<double> ParseReal(std::string_view name, std::string_view text, double low, double high);

// "1,2,3" (spaces, line ends and one pair of brackets are allowed): at least one number that fits int32.
Result<std::vector<int32_t>> ParseIds(std::string_view name, std::string_view text);

// "ID=VALUE", VALUE a number or -inf.
Result<std::pair<int32_t, float>> ParseLogitBias(std::string_view name, std::string_view text);

}  // namespace sterna::config
