// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace sterna::text {

// A stretch of a text that is trusted as a whole or not at all. Runs follow each other without gaps.
struct TextRun {
  size_t end = 0;  // in bytes from the start of the text
  bool trusted = false;
};

// Finds tokens that are written out in a text: control and unknown tokens inside trusted runs, user-defined tokens
// everywhere. The leftmost match wins, and of those that start together the longest. Immutable, thread-safe.
class SpecialTokens {
 public:
  // Longer tokens are not looked for: bounds the time for a vocabulary and a text made for each other.
  static constexpr size_t kMaxTokenBytes = 256;

  SpecialTokens(const Vocabulary& vocabulary, std::vector<std::string>& warnings);

  struct Match {
    size_t begin = 0;
    size_t end = 0;
    TokenId id = 0;
  };
  // The first match at or after `from`. `run` is an index into `runs` that the search moves along; start it at 0 and
  // pass it again with growing `from`.
  std::optional<Match> Find(std::string_view text, size_t from, std::span<const TextRun> runs, size_t& run) const;

 private:
  struct Entry {
    std::string text;
    TokenId id;
    bool needs_trust;
  };
  std::optional<Match> FindAt(std::string_view text, size_t begin, size_t trusted_end) const;

  std::vector<Entry> entries_;  // sorted by text, no two alike
  std::array<uint32_t, 257>
      first_of_byte_{};  // entries that start with byte b: [first_of_byte_[b], first_of_byte_[b+1])
};

}  // namespace sterna::text
