// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sterna::monitor {

// page/report.html with its style and scripts in it; "@PROFILE@" stands where the JSON goes. Made by CMakeLists.txt.
std::string_view ReportPage();

}  // namespace sterna::monitor
