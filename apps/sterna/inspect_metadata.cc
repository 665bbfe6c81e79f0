// SPDX-License-Identifier: Apache-2.0
#include "inspect_metadata.h"

#include <algorithm>
#include <string>

namespace sterna::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kShownElements = 4;
constexpr size_t kShownBytes = 200;
constexpr size_t kShownKeys = 2000;  // a file may hold a million, and looking a key up takes longer the more there are

std::string Cut(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  return std::string(text.substr(0, kShownBytes)) + "...";
}

template <class T>
void AppendFirst(ordered_json& json, const Result<std::optional<std::vector<T>>>& values) {
  if (!values.ok() || !*values) return;
  const std::vector<T>& list = **values;
  for (size_t i = 0; i < std::min(kShownElements, list.size()); ++i) json.push_back(list[i]);
}

ordered_json ArrayToJson(const format::GgufFile& file, std::string_view key, const format::GgufArray& array) {
  using format::GgufType;
  ordered_json first = ordered_json::array();
  if (array.element_type == GgufType::kString) {
    for (size_t i = 0; i < std::min(kShownElements, array.strings.size()); ++i) first.push_back(Cut(array.strings[i]));
  } else if (array.element_type == GgufType::kF32 || array.element_type == GgufType::kF64) {
    AppendFirst(first, file.GetFloats(key));
  } else if (array.element_type != GgufType::kBool && array.element_type != GgufType::kArray) {
    AppendFirst(first, file.GetIntegers(key));
  }
  return {{"array", std::string(format::GgufTypeName(array.element_type))}, {"count", array.count}, {"first", first}};
}

ordered_json ValueToJson(const format::GgufFile& file, std::string_view key, const format::GgufValue& value) {
  if (value.type == format::GgufType::kBool) return std::get<uint64_t>(value.value) != 0;
  if (const auto* number = std::get_if<uint64_t>(&value.value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value.value)) return *number;
  if (const auto* number = std::get_if<double>(&value.value)) return *number;
  if (const auto* text = std::get_if<std::string_view>(&value.value)) return Cut(*text);
  return ArrayToJson(file, key, std::get<format::GgufArray>(value.value));
}

// A tensor of a type that Sterna does not read has no known size: up to the next tensor then.
uint64_t StoredBytes(const format::GgufTensor& tensor) { return tensor.type ? tensor.bytes.size() : tensor.span_bytes; }

}  // namespace

ordered_json MetadataToJson(const format::GgufFile& file) {
  ordered_json metadata = ordered_json::object();
  const auto values = file.values();
  for (const auto& [key, value] : values.first(std::min(kShownKeys, values.size()))) {
    metadata[std::string(key)] = ValueToJson(file, key, value);
  }
  if (values.size() > kShownKeys) metadata["..."] = std::to_string(values.size() - kShownKeys) + " more keys";
  return metadata;
}

ordered_json TensorsToJson(const format::GgufFile& file) {
  ordered_json tensors = ordered_json::array();
  for (const format::GgufTensor& tensor : file.tensors()) {
    ordered_json shape = ordered_json::array();
    for (uint32_t i = 0; i < tensor.dimension_count; ++i) shape.push_back(tensor.dimensions[i]);
    ordered_json entry = {{"name", std::string(tensor.name)},
                          {"type", std::string(tensor.type_name)},
                          {"shape", shape},
                          {"offset", tensor.offset_bytes},
                          {"bytes", StoredBytes(tensor)}};
    if (!tensor.type) entry["unsupported"] = tensor.unsupported;
    tensors.push_back(std::move(entry));
  }
  return tensors;
}

ordered_json TensorTypesToJson(const format::GgufFile& file) {
  ordered_json types = ordered_json::object();
  for (const format::GgufTensor& tensor : file.tensors()) {
    ordered_json& entry = types[std::string(tensor.type_name)];
    if (entry.is_null()) entry = {{"tensors", 0}, {"bytes", 0}};
    entry["tensors"] = entry["tensors"].get<uint64_t>() + 1;
    entry["bytes"] = entry["bytes"].get<uint64_t>() + StoredBytes(tensor);
  }
  return types;
}

}  // namespace sterna::cli
