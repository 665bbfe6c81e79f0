// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

std::span<const NamedFunction> TextMethods();
// A method that Python's strings have and this engine does not: an error is better than a value that is undefined.
bool IsMissingTextMethod(std::string_view name);

}  // namespace sterna::text::jinja
