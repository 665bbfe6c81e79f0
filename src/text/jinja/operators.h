// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>

#include "sterna/status.h"
#include "text/jinja/ast.h"
#include "text/jinja/heap.h"
#include "text/jinja/value.h"

namespace sterna::text::jinja {

// `==` as Python has it: 1, 1.0 and true are equal, values of other different kinds are not.
Result<bool> Equal(Heap& heap, const Value& left, const Value& right, int depth = 0);
// Numbers, strings, and lists of them; an error for others.
Result<std::partial_ordering> Order(Heap& heap, const Value& left, const Value& right, int depth = 0);
Result<bool> Contains(Heap& heap, const Value& container, const Value& item);
Result<bool> Compare(Heap& heap, Operation operation, const Value& left, const Value& right);

// Integers have 64 bits; an error where they overflow.
Result<Value> Arithmetic(Heap& heap, Operation operation, const Value& left, const Value& right);
Result<Value> Negated(const Value& value);

}  // namespace sterna::text::jinja
