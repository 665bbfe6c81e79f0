// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "format/gguf_file.h"
#include "sterna/status.h"

namespace sterna::model {

// Reads "<architecture>.<suffix>" keys with their limits. Every error names the file, the key, the value and the limit.
class ConfigKeys {
 public:
  ConfigKeys(const format::GgufFile& file, std::string_view architecture) : file_(file), prefix_(architecture) {}

  // A number in min..max; Corrupt when it is absent and there is no fallback, or when it is outside.
  struct Range {
    uint32_t min = 1;
    uint32_t max = UINT32_MAX;
  };
  Result<uint32_t> Count(std::string_view suffix, Range range, std::optional<uint32_t> fallback = {}) const;
  // A finite number above 0 and at most `max`.
  Result<float> Positive(std::string_view suffix, double max, std::optional<float> fallback = {}) const;
  // nullopt when absent.
  Result<std::optional<std::string_view>> Text(std::string_view suffix) const;

  std::string Key(std::string_view suffix) const { return prefix_ + "." + std::string(suffix); }
  // "file 'x': key 'a.b' WHAT".
  Status Wrong(std::string_view suffix, std::string_view what) const;

 private:
  const format::GgufFile& file_;
  std::string prefix_;
};

}  // namespace sterna::model
