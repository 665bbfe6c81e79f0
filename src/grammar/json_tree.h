// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::grammar {

// A JSON value that keeps the order of its members, as schemas need it.
struct JsonNode {
  enum class Kind : uint8_t { kNull, kBool, kInteger, kReal, kText, kArray, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;                // kReal, and kInteger too
  std::string text;               // kText; of numbers as they were written
  std::vector<JsonNode> items;    // of an array or object
  std::vector<std::string> keys;  // of an object, as many as items
  std::vector<uint32_t> by_key;   // indices of `keys` in the order of the keys

  bool is(Kind other) const { return kind == other; }
  // The member of this key; nullptr when there is none, or this is no object.
  const JsonNode* Find(std::string_view key) const;
  // The value as JSON without blanks, keys in their order, text outside of ASCII as it is.
  std::string ToJson() const;
};

std::string QuotedJson(std::string_view text);

// InvalidArgument with line and column for what is no JSON, for keys that stand twice, for values nested deeper than
// kMaxNesting; ResourceExhausted over kMaxTextBytes.
Result<JsonNode> ParseJsonTree(std::string_view text, std::string_view what);

}  // namespace sterna::grammar
