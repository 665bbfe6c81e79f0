// SPDX-License-Identifier: Apache-2.0
//
// The only place that reads environment variables; read when an engine or a command starts, never at static
// initialisation.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace sterna::platform {

std::optional<std::string> GetEnvironment(const char* name);

// Every variable whose name starts with STERNA_.
std::map<std::string, std::string> SternaVariables();

}  // namespace sterna::platform
