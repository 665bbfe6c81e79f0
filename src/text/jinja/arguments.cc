// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

Result<Bound> Bind(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> names,
                   size_t required) {
  if (arguments.positional.size() > names.size()) {
    return Status::InvalidArgument(
        fmt::format("'{}' takes {} arguments; {} are given", function, names.size(), arguments.positional.size()));
  }
  Bound bound(names.size());
  std::copy(arguments.positional.begin(), arguments.positional.end(), bound.begin());
  for (const auto& [name, value] : arguments.named) {
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return Status::InvalidArgument(fmt::format("'{}' has no argument '{}'; leave it out", function, name));
    }
    std::optional<Value>& place = bound[size_t(found - names.begin())];
    if (place) return Status::InvalidArgument(fmt::format("'{}' is given '{}' twice", function, name));
    place = value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (!bound[i]) {
      return Status::InvalidArgument(fmt::format("'{}' needs its argument '{}'", function, *(names.begin() + i)));
    }
  }
  return bound;
}

}  // namespace sterna::text::jinja
