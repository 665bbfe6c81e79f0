// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sterna::cli {

// The report of inspect for people. Text from the file is made safe for a terminal.
std::string InspectText(const nlohmann::ordered_json& report, bool with_tensors);

}  // namespace sterna::cli
