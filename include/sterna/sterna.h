// SPDX-License-Identifier: Apache-2.0
//
// All of Sterna's public interface.
#pragma once

#include <string_view>

#include "sterna/config.h"
#include "sterna/device.h"
#include "sterna/engine.h"
#include "sterna/health.h"
#include "sterna/memory.h"
#include "sterna/profiling.h"
#include "sterna/status.h"

namespace sterna {

// Of the library that was linked: "0.1.0".
std::string_view version();

}  // namespace sterna
