// SPDX-License-Identifier: Apache-2.0
#include "text/utf8_stream.h"

#include <utility>

#include "text/utf8.h"

namespace sterna::text {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

}  // namespace

std::string Utf8Stream::Push(std::string_view bytes) {
  pending_.append(bytes);
  std::string shown;
  shown.reserve(pending_.size());
  size_t position = 0;
  while (position < pending_.size()) {
    const Utf8Step step = DecodeUtf8(pending_, position);
    if (step.kind == Utf8Step::Kind::kIncomplete) break;
    if (step.kind == Utf8Step::Kind::kCharacter) {
      shown.append(pending_, position, step.length_bytes);
    } else {
      shown.append(kReplacement);
    }
    position += step.length_bytes;
  }
  pending_.erase(0, position);
  return shown;
}

std::string Utf8Stream::Flush() {
  const bool incomplete = !std::exchange(pending_, {}).empty();
  return incomplete ? std::string(kReplacement) : std::string();
}

}  // namespace sterna::text
