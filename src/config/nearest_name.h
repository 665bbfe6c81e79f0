// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sterna::config {

// The candidate with the fewest single-character edits from `name`; empty when there are no candidates.
std::string NearestName(std::string_view name, std::span<const std::string> candidates);

}  // namespace sterna::config
