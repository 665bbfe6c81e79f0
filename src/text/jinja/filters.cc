// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/filters.h"

#include <fmt/format.h>

#include <charconv>

#include "base/status_macros.h"
#include "text/jinja/text_operations.h"

namespace sterna::text::jinja {

Result<Value> ApplyFilter(Runtime& runtime, std::string_view name, const Value& value, const Arguments& arguments) {
  const Runtime::Level level(runtime);  // filters may call filters
  STERNA_RETURN_IF_ERROR(level.Check());
  STERNA_RETURN_IF_ERROR(runtime.heap().Step());
  for (const auto filters : {TextFilters(), ListFilters(), NumberFilters()}) {
    for (const NamedFunction& filter : filters) {
      if (filter.name == name) return filter.function(runtime, value, arguments);
    }
  }
  return Status::Unsupported(
      fmt::format("the filter '{}' is not known or not supported; use another", name.substr(0, 64)));
}

Result<Value> ByPath(Runtime& runtime, const Value& item, const Value& path) {
  if (path.IsInteger()) return Subscript(runtime, item, path);
  if (!path.Is(Kind::kString)) return Status::InvalidArgument("an attribute's name must be a string");
  const std::string_view bytes = path.bytes();
  Value value = item;
  for (size_t begin = 0; begin <= bytes.size();) {
    const size_t dot = std::min(bytes.find('.', begin), bytes.size());
    const std::string_view name = bytes.substr(begin, dot - begin);
    int64_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = !name.empty() && parsed.ec == std::errc() && parsed.ptr == name.data() + name.size();
    STERNA_ASSIGN_OR_RETURN(const Value key, is_number ? Result<Value>(Value::Int(number))
                                                       : runtime.heap().String(path.text().Slice(begin, dot)));
    STERNA_ASSIGN_OR_RETURN(value, Subscript(runtime, value, key));
    begin = dot + 1;
  }
  return value;
}

Result<Value> SortKey(Runtime& runtime, const Value& value, bool case_sensitive) {
  if (case_sensitive || !value.Is(Kind::kString)) return value;
  return Lower(runtime.heap(), value.text());
}

}  // namespace sterna::text::jinja
