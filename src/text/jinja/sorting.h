// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

struct SortOrder {
  bool case_sensitive = false;
  bool reverse = false;
  std::optional<Value> path;  // to what is sorted by; the items themselves without
};

// A new list; equal items stay in their order. An error when two items have no order.
Result<Value> Sorted(Runtime& runtime, const List& items, const SortOrder& order);

}  // namespace sterna::text::jinja
