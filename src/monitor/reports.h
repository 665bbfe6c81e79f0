// SPDX-License-Identifier: Apache-2.0
//
// A profile as text (docs/profiling.md). Times are milliseconds from the start of the profile.
#pragma once

#include <string>

#include "monitor/profile.h"

namespace sterna::monitor {

// One JSON object: what the run was, operations beside the machine's limits, spans by name, steps and samples.
std::string JsonReport(const Profile& profile);

// Every span and sample in Chrome's trace event format, which Perfetto opens.
std::string ChromeTrace(const Profile& profile);

// A page that holds the JSON report, draws it and asks nothing of any network.
std::string HtmlReport(const Profile& profile);

}  // namespace sterna::monitor
