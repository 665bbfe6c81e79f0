// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::server {

// A call in an answer, or what one gained: then the name is given once, with its first part.
struct ToolCall {
  uint32_t index = 0;  // in its answer
  std::string name;
  std::string arguments;  // JSON, as the model wrote it; cut off where the answer was
};

// Tells the calls in an answer that ToolSyntax constrains from the text before them, as both come.
class ToolCallReader {
 public:
  struct Gain {
    std::string text;
    std::vector<ToolCall> calls;  // at most one part for each
  };
  // What the next of the answer adds; behind the `last` nothing comes.
  Gain Push(std::string_view text, bool last);

 private:
  enum class Place : uint8_t { kText, kName, kArguments };
  bool Advance(Gain& gain, bool last);
  std::string TakeUntil(std::string_view mark, bool last, bool& found);

  Place place_ = Place::kText;
  uint32_t calls_ = 0;   // that ended
  std::string pending_;  // not told yet: it may be the begin of a mark
};

}  // namespace sterna::server
