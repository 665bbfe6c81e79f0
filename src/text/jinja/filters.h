// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

// A filter is a function whose `self` is the value before the bar.
std::span<const NamedFunction> TextFilters();
std::span<const NamedFunction> ListFilters();
std::span<const NamedFunction> NumberFilters();

// A value by a path of names and numbers ("a.b.0"), as `attribute` arguments and selectattr take it.
Result<Value> ByPath(Runtime& runtime, const Value& item, const Value& path);
// Strings in lower case unless `case_sensitive`, all else as it is: what sorting goes by.
Result<Value> SortKey(Runtime& runtime, const Value& value, bool case_sensitive);

}  // namespace sterna::text::jinja
