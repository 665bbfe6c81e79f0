// SPDX-License-Identifier: Apache-2.0
//
// Logging to stderr through spdlog: levels error, warn, info, debug, trace; default warn. Thread-safe.
#pragma once

#include <string_view>

#include "sterna/status.h"

namespace sterna {

enum class LogLevel { kError, kWarn, kInfo, kDebug, kTrace };

// `spec` is STERNA_LOG's text: a level, or "info,kernels=trace" (a level per room). InvalidArgument names the bad part.
Status ConfigureLog(std::string_view spec);

// `room` is the folder's name under src/, so that a room's level can be set on its own.
void Log(LogLevel level, std::string_view room, std::string_view message);
bool LogEnabled(LogLevel level, std::string_view room);

}  // namespace sterna
