// SPDX-License-Identifier: Apache-2.0
//
// The JSON report before it is text, for reports that hold it. Only their sources include this.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "monitor/profile.h"

namespace sterna::monitor {

nlohmann::ordered_json ReportObject(const Profile& profile);

}  // namespace sterna::monitor
