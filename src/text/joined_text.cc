// SPDX-License-Identifier: Apache-2.0
#include "text/joined_text.h"

#include <limits>

#include <fmt/format.h>

namespace sterna::text {

Result<JoinedText> JoinPieces(std::span<const TextPiece> pieces) {
  constexpr size_t kMaxTextBytes = std::numeric_limits<int32_t>::max();
  JoinedText joined;
  for (const TextPiece& piece : pieces) {
    if (piece.text.empty()) continue;
    joined.text.append(piece.text);
    if (joined.runs.empty() || joined.runs.back().trusted != piece.trusted) joined.runs.push_back({0, piece.trusted});
    joined.runs.back().end = joined.text.size();
  }
  if (joined.text.size() > kMaxTextBytes) {
    return Status::InvalidArgument(fmt::format("a text of {} bytes is over the {} that can be encoded at once",
                                               joined.text.size(), kMaxTextBytes));
  }
  return joined;
}

}  // namespace sterna::text
