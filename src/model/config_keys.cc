// SPDX-License-Identifier: Apache-2.0
#include "model/config_keys.h"

#include <fmt/format.h>

#include <cmath>

#include "base/status_macros.h"
#include "format/gguf_names.h"

namespace sterna::model {

Status ConfigKeys::Wrong(std::string_view suffix, std::string_view what) const {
  return Status::Corrupt(fmt::format("file {}: key '{}' {}", format::Quoted(file_.name()), Key(suffix), what));
}

Result<uint32_t> ConfigKeys::Count(std::string_view suffix, Range range, std::optional<uint32_t> fallback) const {
  STERNA_ASSIGN_OR_RETURN(const std::optional<uint64_t> value, file_.GetUnsigned(Key(suffix)));
  if (!value) {
    if (fallback) return *fallback;
    return Wrong(suffix, fmt::format("is missing; expected a number in {}..{}", range.min, range.max));
  }
  if (*value < range.min || *value > range.max) {
    return Wrong(suffix, fmt::format("is {}; expected {}..{}", *value, range.min, range.max));
  }
  return uint32_t(*value);
}

Result<float> ConfigKeys::Positive(std::string_view suffix, double max, std::optional<float> fallback) const {
  STERNA_ASSIGN_OR_RETURN(const std::optional<double> value, file_.GetFloat(Key(suffix)));
  if (!value) {
    if (fallback) return *fallback;
    return Wrong(suffix, fmt::format("is missing; expected a number above 0 and at most {}", max));
  }
  const float narrow = float(*value);
  if (!std::isfinite(*value) || !(narrow > 0) || *value > max) {
    return Wrong(suffix, fmt::format("is {}; expected a finite number above 0 and at most {}", *value, max));
  }
  return narrow;
}

Result<std::optional<std::string_view>> ConfigKeys::Text(std::string_view suffix) const {
  return file_.GetString(Key(suffix));
}

}  // namespace sterna::model
