// SPDX-License-Identifier: Apache-2.0
//
// The lookup tables of a byte-level tokenizer as a `sterna` file stores them, so that loading need not build them from
// hundreds of thousands of strings. Each is a tensor of type I8, little-endian; the key kVocabularyHashKey says which
// vocabulary they were built from, and tables of another one are not used.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "format/gguf_file.h"
#include "sterna/status.h"

namespace sterna::text {

inline constexpr std::string_view kVocabularyHashKey = "sterna.vocabulary.hash";
inline constexpr std::string_view kTokenBytesTable = "sterna.vocabulary.token_bytes";      // of all tokens in a row
inline constexpr std::string_view kTokenOffsetsTable = "sterna.vocabulary.token_offsets";  // u64 [tokens + 1]
inline constexpr std::string_view kTokenSlotsTable = "sterna.vocabulary.token_slots";      // TokenTable::Slot
inline constexpr std::string_view kMergeSlotsTable = "sterna.vocabulary.merge_slots";      // MergeTable::Slot

// Valid while the file is.
struct StoredTables {
  std::span<const std::byte> token_bytes, token_offsets, token_slots, merge_slots;
};

// Of the keys that the tables are built from, as they are stored.
uint64_t HashVocabulary(const format::GgufFile& file);

// nullopt when the file has none, or has tables of another vocabulary. Corrupt when some are missing.
Result<std::optional<StoredTables>> FindStoredTables(const format::GgufFile& file);

struct NamedTable {
  std::string_view name;
  std::span<const std::byte> bytes;
};
// The tensors that a file stores the tables in.
std::array<NamedTable, 4> NamedTables(const StoredTables& tables);

// `bytes` as an array of T; empty when the size is no multiple of T's.
template <class T>
std::vector<T> CopyTable(std::span<const std::byte> bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (bytes.size() % sizeof(T) != 0) return {};
  std::vector<T> table(bytes.size() / sizeof(T));
  if (!table.empty()) std::memcpy(table.data(), bytes.data(), bytes.size());
  return table;
}

}  // namespace sterna::text
