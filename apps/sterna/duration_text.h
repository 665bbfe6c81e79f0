// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sterna::cli {

// How long something will still take, as people say it: "12 s", "5 min", "2 h 10 min".
std::string DurationText(double seconds);

}  // namespace sterna::cli
