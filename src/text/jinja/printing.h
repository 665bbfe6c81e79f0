// SPDX-License-Identifier: Apache-2.0
//
// Values as text: as Python prints them, and as JSON.
#pragma once

#include <string>
#include <string_view>

#include "sterna/status.h"
#include "text/jinja/heap.h"
#include "text/jinja/value.h"

namespace sterna::text::jinja {

// What {{ value }} appends: strings as they are, undefined as nothing, all else as Python's str().
Status Print(TextBuilder& out, const Value& value);
// The value itself where it is a string, else what Print makes of it.
Result<Value> ToString(Heap& heap, const Value& value);

std::string FloatText(double number);

struct JsonStyle {
  bool ascii = false;
  bool sort_keys = false;
  bool lines = false;  // each item on its own line
  std::string indent;  // of one level
  std::string item_separator = ", ", key_separator = ": ";
};
// As Python's json.dumps; an error for what JSON cannot say.
Status PrintJson(TextBuilder& out, const Value& value, const JsonStyle& style);

}  // namespace sterna::text::jinja
