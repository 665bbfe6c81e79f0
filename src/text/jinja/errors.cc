// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/errors.h"

#include <fmt/format.h>

#include "text/jinja/heap.h"

namespace sterna::text::jinja {

Status UndefinedError(const Value& value) {
  const std::string* name = value.undefined_name();
  const std::string what = name == nullptr ? std::string("a value") : fmt::format("'{}'", name->substr(0, 64));
  return Status::InvalidArgument(fmt::format("{} is undefined; give it a value or ask with 'is defined' first", what));
}

Status KindError(std::string_view cannot, const Value& value) {
  if (value.Is(Kind::kUndefined)) return UndefinedError(value);
  return Status::InvalidArgument(
      fmt::format("cannot {} a value of kind {}; convert it first", cannot, KindName(value)));
}

Status KindError(std::string_view cannot, const Value& left, const Value& right) {
  if (left.Is(Kind::kUndefined)) return UndefinedError(left);
  if (right.Is(Kind::kUndefined)) return UndefinedError(right);
  return Status::InvalidArgument(fmt::format("cannot {} values of kinds {} and {}; convert one of them first", cannot,
                                             KindName(left), KindName(right)));
}

Status TooDeepError(std::string_view what) {
  return Status::ResourceExhausted(
      fmt::format("{} is nested more than {} levels deep; make it flatter", what, kMaxValueDepth));
}

}  // namespace sterna::text::jinja
