// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sterna/status.h"
#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

// strftime's most used directives, in English whatever the locale. Unsupported for others.
Result<std::string> DateText(std::string_view format, const CivilTime& time);

// For templates that write the date into the prompt, as Hugging Face lets them; nullopt when the system does not say.
std::optional<CivilTime> LocalCivilTime();

}  // namespace sterna::text::jinja
