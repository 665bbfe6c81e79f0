// SPDX-License-Identifier: Apache-2.0
#include "text/stored_tables.h"

#include <fmt/format.h>

#include <array>
#include <variant>

#include "base/hash.h"
#include "base/status_macros.h"
#include "format/gguf_values.h"

namespace sterna::text {
namespace {

// What the tables depend on.
constexpr std::array<std::string_view, 5> kHashedKeys = {"tokenizer.ggml.model", "tokenizer.ggml.pre",
                                                         "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
                                                         "tokenizer.ggml.merges"};

// The bytes of a value as the file holds them, without its type; of a number nothing, for none of the keys is one.
std::span<const std::byte> StoredBytes(const format::GgufValue& value) {
  if (const auto* text = std::get_if<std::string_view>(&value.value)) return std::as_bytes(std::span(*text));
  const auto* array = std::get_if<format::GgufArray>(&value.value);
  if (array == nullptr || array->count == 0) return {};
  if (array->element_type != format::GgufType::kString) {
    return {array->data, array->count * format::GgufTypeBytes(array->element_type)};
  }
  const std::string_view last = array->strings.back();
  return {array->data, reinterpret_cast<const std::byte*>(last.data() + last.size())};
}

Result<std::span<const std::byte>> Table(const format::GgufFile& file, std::string_view name) {
  STERNA_ASSIGN_OR_RETURN(const format::GgufTensor* tensor, file.RequireTensor(name));
  if (tensor->type == quant::TensorType::kI8) return tensor->bytes;
  return Status::Corrupt(fmt::format("{}: tensor {} is of type {}; expected I8", file.name(), name, tensor->type_name));
}

}  // namespace

uint64_t HashVocabulary(const format::GgufFile& file) {
  Hasher64 hasher;
  for (const std::string_view key : kHashedKeys) {
    const format::GgufValue* value = file.Find(key);
    const auto bytes = value == nullptr ? std::span<const std::byte>() : StoredBytes(*value);
    const uint64_t size_bytes = bytes.size();  // so that bytes cannot move from one key to the next
    hasher.Add(std::as_bytes(std::span(&size_bytes, 1)));
    hasher.Add(bytes);
  }
  return hasher.Value();
}

Result<std::optional<StoredTables>> FindStoredTables(const format::GgufFile& file) {
  STERNA_ASSIGN_OR_RETURN(const auto hash, file.GetUnsigned(kVocabularyHashKey));
  if (!hash || *hash != HashVocabulary(file)) return std::optional<StoredTables>();
  StoredTables tables;
  STERNA_ASSIGN_OR_RETURN(tables.token_bytes, Table(file, kTokenBytesTable));
  STERNA_ASSIGN_OR_RETURN(tables.token_offsets, Table(file, kTokenOffsetsTable));
  STERNA_ASSIGN_OR_RETURN(tables.token_slots, Table(file, kTokenSlotsTable));
  STERNA_ASSIGN_OR_RETURN(tables.merge_slots, Table(file, kMergeSlotsTable));
  return std::optional<StoredTables>(tables);
}

std::array<NamedTable, 4> NamedTables(const StoredTables& tables) {
  return {{{kTokenBytesTable, tables.token_bytes},
           {kTokenOffsetsTable, tables.token_offsets},
           {kTokenSlotsTable, tables.token_slots},
           {kMergeSlotsTable, tables.merge_slots}}};
}

}  // namespace sterna::text
