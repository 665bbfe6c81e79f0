// SPDX-License-Identifier: Apache-2.0
//
// The key-value section of a GGUF file. Messages name the key but not the file; GgufFile::Parse puts that in front.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "format/byte_cursor.h"
#include "format/gguf_value.h"
#include "format/gguf_warnings.h"
#include "sterna/status.h"

namespace sterna::format {

struct GgufValues {
  std::vector<std::pair<std::string_view, GgufValue>> in_file_order;
  std::vector<size_t> by_key;  // indices into in_file_order, sorted by key

  const GgufValue* Find(std::string_view key) const;
};

// Bytes of one element; 0 for strings and arrays.
uint64_t GgufTypeBytes(GgufType type);

Result<GgufValues> ReadGgufValues(ByteCursor& cursor, uint64_t count, GgufWarnings& warnings);

}  // namespace sterna::format
