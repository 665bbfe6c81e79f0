// SPDX-License-Identifier: Apache-2.0
//
// Typed access to the values of a GgufFile.
#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "format/gguf_file_impl.h"
#include "format/gguf_names.h"

namespace sterna::format {
namespace {

std::string TypeText(const GgufValue& value) {
  if (value.type != GgufType::kArray) return std::string(GgufTypeName(value.type));
  return fmt::format("array of {}", GgufTypeName(std::get<GgufArray>(value.value).element_type));
}

bool IsInteger(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kU16:
    case GgufType::kI16:
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kU64:
    case GgufType::kI64: return true;
    default: return false;
  }
}

Status WrongType(const std::string& file, std::string_view key, const GgufValue& value, std::string_view expected) {
  return Status::Corrupt(
      fmt::format("file {}: key {} has type {}; expected {}", Quoted(file), Quoted(key), TypeText(value), expected));
}

Status OutOfRange(const std::string& file, std::string_view key, std::string_view number, std::string_view limit) {
  return Status::Corrupt(fmt::format("file {}: key {} is {}; {}", Quoted(file), Quoted(key), number, limit));
}

constexpr std::string_view kSignedLimit = "it must be below 2^63";

template <class T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class Stored, class Kept>
std::vector<Kept> Converted(const GgufArray& array) {
  std::vector<Kept> out(array.count);
  for (uint64_t i = 0; i < array.count; ++i) out[i] = Kept(Load<Stored>(array.data + i * sizeof(Stored)));
  return out;
}

}  // namespace

std::span<const std::pair<std::string_view, GgufValue>> GgufFile::values() const { return impl_->values.in_file_order; }

const GgufValue* GgufFile::Find(std::string_view key) const { return impl_->values.Find(key); }

Result<std::optional<uint64_t>> GgufFile::GetUnsigned(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<uint64_t>();
  if (!IsInteger(value->type)) return WrongType(impl_->name, key, *value, "an integer");
  if (const auto* number = std::get_if<uint64_t>(&value->value)) return std::optional(*number);
  const int64_t number = std::get<int64_t>(value->value);
  if (number < 0) return OutOfRange(impl_->name, key, std::to_string(number), "it must not be negative");
  return std::optional(uint64_t(number));
}

Result<std::optional<int64_t>> GgufFile::GetSigned(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<int64_t>();
  if (!IsInteger(value->type)) return WrongType(impl_->name, key, *value, "an integer");
  if (const auto* number = std::get_if<int64_t>(&value->value)) return std::optional(*number);
  const uint64_t number = std::get<uint64_t>(value->value);
  if (number > uint64_t(std::numeric_limits<int64_t>::max())) {
    return OutOfRange(impl_->name, key, std::to_string(number), kSignedLimit);
  }
  return std::optional(int64_t(number));
}

Result<std::optional<double>> GgufFile::GetFloat(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<double>();
  if (const auto* number = std::get_if<double>(&value->value)) return std::optional(*number);
  return WrongType(impl_->name, key, *value, "f32 or f64");
}

Result<std::optional<bool>> GgufFile::GetBool(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<bool>();
  if (value->type != GgufType::kBool) return WrongType(impl_->name, key, *value, "bool");
  return std::optional(std::get<uint64_t>(value->value) != 0);
}

Result<std::optional<std::string_view>> GgufFile::GetString(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::string_view>();
  if (const auto* text = std::get_if<std::string_view>(&value->value)) return std::optional(*text);
  return WrongType(impl_->name, key, *value, "string");
}

Result<std::optional<std::span<const std::string_view>>> GgufFile::GetStrings(std::string_view key) const {
  using Strings = std::span<const std::string_view>;
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<Strings>();
  const auto* array = std::get_if<GgufArray>(&value->value);
  if (array == nullptr || array->element_type != GgufType::kString) {
    return WrongType(impl_->name, key, *value, "array of string");
  }
  return std::optional(Strings(array->strings));
}

Result<std::optional<std::vector<float>>> GgufFile::GetFloats(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::vector<float>>();
  const auto* array = std::get_if<GgufArray>(&value->value);
  if (array != nullptr && array->element_type == GgufType::kF32) return std::optional(Converted<float, float>(*array));
  if (array != nullptr && array->element_type == GgufType::kF64) return std::optional(Converted<double, float>(*array));
  return WrongType(impl_->name, key, *value, "array of f32 or f64");
}

Result<std::optional<std::vector<int64_t>>> GgufFile::GetIntegers(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::vector<int64_t>>();
  const auto* array = std::get_if<GgufArray>(&value->value);
  if (array == nullptr) return WrongType(impl_->name, key, *value, "array of integers");
  switch (array->element_type) {
    case GgufType::kU8: return std::optional(Converted<uint8_t, int64_t>(*array));
    case GgufType::kI8: return std::optional(Converted<int8_t, int64_t>(*array));
    case GgufType::kU16: return std::optional(Converted<uint16_t, int64_t>(*array));
    case GgufType::kI16: return std::optional(Converted<int16_t, int64_t>(*array));
    case GgufType::kU32: return std::optional(Converted<uint32_t, int64_t>(*array));
    case GgufType::kI32: return std::optional(Converted<int32_t, int64_t>(*array));
    case GgufType::kI64: return std::optional(Converted<int64_t, int64_t>(*array));
    case GgufType::kU64: break;
    default: return WrongType(impl_->name, key, *value, "array of integers");
  }
  auto numbers = Converted<uint64_t, int64_t>(*array);
  for (const int64_t number : numbers) {
    if (number < 0)
      return OutOfRange(impl_->name, key, fmt::format("an array with {}", uint64_t(number)), kSignedLimit);
  }
  return std::optional(std::move(numbers));
}

}  // namespace sterna::format
