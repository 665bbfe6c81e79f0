// SPDX-License-Identifier: Apache-2.0
#include "backend/backend.h"

#include <fmt/format.h>

#include <algorithm>

namespace sterna::backend {

uint64_t MemoryPlan::TotalBytes() const {
  uint64_t total_bytes = 0;
  for (const Item& item : items) total_bytes += item.bytes;
  return total_bytes;
}

uint64_t MemoryPlan::BytesOf(std::string_view what) const {
  const auto item = std::find_if(items.begin(), items.end(), [&](const Item& one) { return one.what == what; });
  return item == items.end() ? 0 : item->bytes;
}

std::string MemoryPlan::Biggest(size_t count) const {
  std::vector<Item> sorted = items;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Item& a, const Item& b) { return a.bytes > b.bytes; });
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), count); ++i) {
    text += fmt::format("{}{} {:.1f} MB", i == 0 ? "" : ", ", sorted[i].what, double(sorted[i].bytes) / 1e6);
  }
  return text;
}

}  // namespace sterna::backend
