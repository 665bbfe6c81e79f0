// SPDX-License-Identifier: Apache-2.0
#include "server/tool_call_reader.h"

#include <algorithm>

#include "server/tool_call_format.h"

namespace sterna::server {
namespace {

// How many bytes at the end of `text` are the begin of `mark`.
size_t BegunBytes(std::string_view text, std::string_view mark) {
  size_t bytes = std::min(text.size(), mark.size() - 1);
  while (!mark.starts_with(text.substr(text.size() - bytes))) --bytes;
  return bytes;
}

}  // namespace

ToolCallReader::Gain ToolCallReader::Push(std::string_view text, bool last) {
  pending_ += text;
  Gain gain;
  while (Advance(gain, last)) {
  }
  return gain;
}

// What surely stands before `mark`, which goes too if it is there.
std::string ToolCallReader::TakeUntil(std::string_view mark, bool last, bool& found) {
  const size_t at = pending_.find(mark);
  found = at != std::string::npos;
  const size_t kept = last ? 0 : BegunBytes(pending_, mark);
  std::string before = pending_.substr(0, found ? at : pending_.size() - kept);
  pending_.erase(0, before.size() + (found ? mark.size() : 0));
  return before;
}

// Whether more may be found.
bool ToolCallReader::Advance(Gain& gain, bool last) {
  bool found = false;
  switch (place_) {
    case Place::kText: {
      const std::string text = TakeUntil(kToolCallBegin, last, found);
      if (calls_ == 0) gain.text += text;  // between calls stand line breaks
      if (found) place_ = Place::kName;
      return found;
    }
    case Place::kName: {
      const size_t end = pending_.find(kToolNameEnd);
      if (end == std::string::npos) return false;
      gain.calls.push_back({calls_, pending_.substr(kToolNameBegin.size(), end - kToolNameBegin.size()), {}});
      pending_.erase(0, end + kToolNameEnd.size());
      place_ = Place::kArguments;
      return true;
    }
    case Place::kArguments: {
      const std::string arguments = TakeUntil(kToolCallEnd, last, found);
      if (gain.calls.empty() && !arguments.empty()) gain.calls.push_back({calls_, {}, {}});
      if (!arguments.empty()) gain.calls.back().arguments += arguments;
      if (!found) return false;
      ++calls_;
      place_ = Place::kText;
      return true;
    }
  }
  return false;
}

}  // namespace sterna::server
