// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sterna/status.h"
#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

// strftime's most used directives, in English whatever the locale. Unsupported for others.
Result<std::string> DateText(std::string_view format, const CivilTime& time);

}  // namespace sterna::text::jinja
