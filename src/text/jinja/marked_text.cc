// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/marked_text.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace sterna::text::jinja {

MarkedText::MarkedText(std::string bytes, bool trusted) : bytes_(std::move(bytes)) {
  if (!bytes_.empty()) runs_.push_back({bytes_.size(), trusted});
}

void MarkedText::Append(std::string_view bytes, bool trusted) {
  if (bytes.empty()) return;
  bytes_ += bytes;
  if (!runs_.empty() && runs_.back().trusted == trusted) {
    runs_.back().end = bytes_.size();
  } else {
    runs_.push_back({bytes_.size(), trusted});
  }
}

void MarkedText::AppendSlice(const MarkedText& other, size_t begin, size_t end) {
  STERNA_DCHECK(begin <= end && end <= other.size() && &other != this);
  auto run = std::upper_bound(other.runs_.begin(), other.runs_.end(), begin,
                              [](size_t position, const Run& r) { return position < r.end; });
  while (begin < end) {
    const size_t stop = std::min(end, run->end);
    Append(std::string_view(other.bytes_).substr(begin, stop - begin), run->trusted);
    begin = stop;
    ++run;
  }
}

MarkedText MarkedText::Slice(size_t begin, size_t end) const {
  MarkedText part;
  part.AppendSlice(*this, begin, end);
  return part;
}

MarkedText MarkedText::WithBytes(std::string bytes) const {
  STERNA_DCHECK(bytes.size() == bytes_.size());
  MarkedText same = *this;
  same.bytes_ = std::move(bytes);
  return same;
}

}  // namespace sterna::text::jinja
