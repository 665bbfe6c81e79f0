// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/status_macros.h"
#include "format/gguf_limits.h"
#include "format/gguf_names.h"
#include "format/gguf_warnings.h"

namespace sterna::format {
namespace {

constexpr uint64_t kMaxTypeId = uint64_t(GgufType::kF64);

// Reads one value after another; counts the strings of all arrays against the file's limit.
class ValueReader {
 public:
  ValueReader(ByteCursor& cursor, GgufWarnings& warnings) : cursor_(cursor), warnings_(warnings) {}

  Result<std::string_view> ReadKey(uint64_t index);
  Result<GgufValue> ReadValue(std::string_view key);

 private:
  Status CutOff(std::string_view key) const {
    return Status::Corrupt(fmt::format("the file ends at byte {} inside the value of key {}",
                                       cursor_.position() + cursor_.remaining(), Quoted(key)));
  }
  Result<GgufType> ReadType(std::string_view key);
  Result<std::string_view> ReadString(std::string_view key);
  Result<GgufValue> ReadArray(std::string_view key);
  Status ReadStrings(std::string_view key, GgufArray& array);
  Result<GgufValue> ReadScalar(std::string_view key, GgufType type);
  template <class Stored, class Kept>
  Result<GgufValue> ReadNumber(std::string_view key, GgufType type);

  ByteCursor& cursor_;
  GgufWarnings& warnings_;
  uint64_t array_strings_ = 0;
};

Result<std::string_view> ValueReader::ReadKey(uint64_t index) {
  const auto length = cursor_.Read<uint64_t>();
  if (!length) return Status::Corrupt(fmt::format("the file ends inside the length of key {}", index));
  if (*length == 0 || *length > kMaxKeyBytes) {
    return Status::Corrupt(
        fmt::format("key {} is {} bytes long; a key has 1 to {} bytes", index, *length, kMaxKeyBytes));
  }
  const auto bytes = cursor_.Take(*length);
  if (!bytes) {
    return Status::Corrupt(
        fmt::format("key {} is {} bytes long; {} bytes are left", index, *length, cursor_.remaining()));
  }
  const std::string_view key = AsText(*bytes);
  if (!IsPlainName(key)) {
    return Status::Corrupt(fmt::format("key {} holds control characters or malformed UTF-8: {}", index, Quoted(key)));
  }
  return key;
}

Result<GgufType> ValueReader::ReadType(std::string_view key) {
  const auto id = cursor_.Read<uint32_t>();
  if (!id) return CutOff(key);
  if (*id > kMaxTypeId) {
    return Status::Corrupt(fmt::format("key {} has value type {}; GGUF knows 0 to {}", Quoted(key), *id, kMaxTypeId));
  }
  return GgufType(*id);
}

Result<std::string_view> ValueReader::ReadString(std::string_view key) {
  const auto length = cursor_.Read<uint64_t>();
  if (!length) return CutOff(key);
  if (*length > cursor_.remaining() || *length > kMaxStringBytes) {
    return Status::Corrupt(fmt::format("key {} holds a string of {} bytes; {} bytes are left and {} are the limit",
                                       Quoted(key), *length, cursor_.remaining(), kMaxStringBytes));
  }
  return AsText(*cursor_.Take(*length));
}

Status ValueReader::ReadStrings(std::string_view key, GgufArray& array) {
  array_strings_ += array.count;
  if (array_strings_ > kMaxFileStrings) {
    return Status::Corrupt(fmt::format("key {} brings the file's arrays to {} strings; the limit is {}", Quoted(key),
                                       array_strings_, kMaxFileStrings));
  }
  array.strings.reserve(array.count);  // every string takes 8 bytes of the file, so this is bounded by its size
  for (uint64_t i = 0; i < array.count; ++i) {
    STERNA_ASSIGN_OR_RETURN(const std::string_view text, ReadString(key));
    array.strings.push_back(text);
  }
  return {};
}

Result<GgufValue> ValueReader::ReadArray(std::string_view key) {
  GgufArray array;
  STERNA_ASSIGN_OR_RETURN(array.element_type, ReadType(key));
  if (array.element_type == GgufType::kArray) {
    return Status::Unsupported(fmt::format("key {} is an array of arrays; no model file needs one", Quoted(key)));
  }
  const auto count = cursor_.Read<uint64_t>();
  if (!count) return CutOff(key);
  const bool strings = array.element_type == GgufType::kString;
  const uint64_t element_bytes = strings ? sizeof(uint64_t) : GgufTypeBytes(array.element_type);
  if (*count > kMaxArrayElements || *count * element_bytes > cursor_.remaining()) {
    return Status::Corrupt(
        fmt::format("key {} is an array of {} elements; {} bytes are left and {} elements are the limit", Quoted(key),
                    *count, cursor_.remaining(), kMaxArrayElements));
  }
  array.count = *count;
  array.data = cursor_.data();
  if (strings) {
    STERNA_RETURN_IF_ERROR(ReadStrings(key, array));
  } else {
    cursor_.Take(*count * element_bytes);
  }
  return GgufValue{GgufType::kArray, std::move(array)};
}

template <class Stored, class Kept>
Result<GgufValue> ValueReader::ReadNumber(std::string_view key, GgufType type) {
  const auto value = cursor_.Read<Stored>();
  if (!value) return CutOff(key);
  return GgufValue{type, Kept(*value)};
}

Result<GgufValue> ValueReader::ReadScalar(std::string_view key, GgufType type) {
  switch (type) {
    case GgufType::kU8: return ReadNumber<uint8_t, uint64_t>(key, type);
    case GgufType::kI8: return ReadNumber<int8_t, int64_t>(key, type);
    case GgufType::kU16: return ReadNumber<uint16_t, uint64_t>(key, type);
    case GgufType::kI16: return ReadNumber<int16_t, int64_t>(key, type);
    case GgufType::kU32: return ReadNumber<uint32_t, uint64_t>(key, type);
    case GgufType::kI32: return ReadNumber<int32_t, int64_t>(key, type);
    case GgufType::kU64: return ReadNumber<uint64_t, uint64_t>(key, type);
    case GgufType::kI64: return ReadNumber<int64_t, int64_t>(key, type);
    case GgufType::kF32: return ReadNumber<float, double>(key, type);
    case GgufType::kF64: return ReadNumber<double, double>(key, type);
    default: break;
  }
  auto boolean = ReadNumber<uint8_t, uint64_t>(key, GgufType::kBool);
  if (!boolean.ok()) return boolean;
  if (auto& stored = std::get<uint64_t>(boolean->value); stored > 1) {
    warnings_.Add(fmt::format("key {}: {} stored for a boolean; read as true", Quoted(key), stored));
    stored = 1;
  }
  return boolean;
}

Result<GgufValue> ValueReader::ReadValue(std::string_view key) {
  STERNA_ASSIGN_OR_RETURN(const GgufType type, ReadType(key));
  if (type == GgufType::kArray) return ReadArray(key);
  if (type != GgufType::kString) return ReadScalar(key, type);
  STERNA_ASSIGN_OR_RETURN(const std::string_view text, ReadString(key));
  return GgufValue{type, text};
}

}  // namespace

uint64_t GgufTypeBytes(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool: return 1;
    case GgufType::kU16:
    case GgufType::kI16: return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32: return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64: return 8;
    default: return 0;
  }
}

std::string_view GgufTypeName(GgufType type) {
  constexpr std::string_view kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                         "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[size_t(type)];
}

const GgufValue* GgufValues::Find(std::string_view key) const {
  const auto found = std::lower_bound(by_key.begin(), by_key.end(), key, [&](size_t index, std::string_view wanted) {
    return in_file_order[index].first < wanted;
  });
  if (found == by_key.end() || in_file_order[*found].first != key) return nullptr;
  return &in_file_order[*found].second;
}

Result<GgufValues> ReadGgufValues(ByteCursor& cursor, uint64_t count, GgufWarnings& warnings) {
  GgufValues values;
  ValueReader reader(cursor, warnings);
  for (uint64_t i = 0; i < count; ++i) {
    STERNA_ASSIGN_OR_RETURN(const std::string_view key, reader.ReadKey(i));
    STERNA_ASSIGN_OR_RETURN(GgufValue value, reader.ReadValue(key));
    values.in_file_order.emplace_back(key, std::move(value));
  }
  const auto key_of = [&](size_t index) { return values.in_file_order[index].first; };
  values.by_key.resize(values.in_file_order.size());
  std::iota(values.by_key.begin(), values.by_key.end(), size_t{0});
  std::sort(values.by_key.begin(), values.by_key.end(), [&](size_t a, size_t b) { return key_of(a) < key_of(b); });
  const auto twice = std::adjacent_find(values.by_key.begin(), values.by_key.end(),
                                        [&](size_t a, size_t b) { return key_of(a) == key_of(b); });
  if (twice != values.by_key.end()) {
    return Status::Corrupt(fmt::format("key {} is there twice; a key may come once", Quoted(key_of(*twice))));
  }
  return values;
}

}  // namespace sterna::format
