// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sterna/status.h"
#include "text/jinja/value.h"

namespace sterna::text::jinja {

// "'x' is undefined; ..."
Status UndefinedError(const Value& value);
// "cannot add a list and a string"; for an undefined value the error above.
Status KindError(std::string_view cannot, const Value& value);
Status KindError(std::string_view cannot, const Value& left, const Value& right);
Status TooDeepError(std::string_view what);

}  // namespace sterna::text::jinja
