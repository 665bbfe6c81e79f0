// SPDX-License-Identifier: Apache-2.0
#include "format/json_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "format/byte_cursor.h"
#include "format/gguf_names.h"
#include "platform/mapped_file.h"

namespace sterna::format {

uint32_t JsonNestingDepth(std::string_view text) {
  uint32_t depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

Result<nlohmann::json> ParseJson(std::string_view text, std::string_view name) try {
  if (JsonNestingDepth(text) > kMaxJsonDepth) {
    return Status::Corrupt(fmt::format("file {}: it nests deeper than {} levels", Quoted(name), kMaxJsonDepth));
  }
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Status::Corrupt(fmt::format("file {}: it is no JSON", Quoted(name)));
  return json;
} catch (const std::bad_alloc&) {
  return Status::ResourceExhausted(fmt::format("file {}: not enough memory to read it", Quoted(name)));
}

Result<nlohmann::json> ReadJsonFile(const std::string& path, uint64_t max_bytes) {
  STERNA_ASSIGN_OR_RETURN(const platform::MappedFile mapping, platform::MappedFile::Open(path));
  if (mapping.bytes().size() > max_bytes) {
    return Status::Corrupt(
        fmt::format("file {}: it has {} bytes; the limit is {}", Quoted(path), mapping.bytes().size(), max_bytes));
  }
  auto json = ParseJson(AsText(mapping.bytes()), path);
  STERNA_RETURN_IF_ERROR(mapping.Check());
  return json;
}

}  // namespace sterna::format
