// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/sorting.h"

#include <utility>

#include "base/status_macros.h"
#include "text/jinja/filters.h"
#include "text/jinja/operators.h"

namespace sterna::text::jinja {
namespace {

struct Keyed {
  Value key, item;
};

// Merges the sorted halves [begin, middle) and [middle, end). Our own, because comparing may fail.
Status Merge(Heap& heap, std::vector<Keyed>& items, std::vector<Keyed>& room, size_t begin, size_t middle, size_t end,
             bool reverse) {
  size_t left = begin, right = middle;
  for (size_t to = begin; to < end; ++to) {
    bool take_right = left == middle;
    if (left < middle && right < end) {
      STERNA_ASSIGN_OR_RETURN(take_right, Compare(heap, reverse ? Operation::kGreater : Operation::kLess,
                                                  items[right].key, items[left].key));
    }
    room[to] = items[take_right ? right++ : left++];
  }
  std::copy(room.begin() + std::ptrdiff_t(begin), room.begin() + std::ptrdiff_t(end),
            items.begin() + std::ptrdiff_t(begin));
  return {};
}

}  // namespace

Result<Value> Sorted(Runtime& runtime, const List& items, const SortOrder& order) {
  std::vector<Keyed> keyed;
  for (const Value& item : items) {
    Value key = item;
    if (order.path) {
      STERNA_ASSIGN_OR_RETURN(key, ByPath(runtime, item, *order.path));
    }
    STERNA_ASSIGN_OR_RETURN(key, SortKey(runtime, key, order.case_sensitive));
    keyed.push_back({key, item});
  }
  std::vector<Keyed> room(keyed.size());
  for (size_t width = 1; width < keyed.size(); width *= 2) {
    for (size_t begin = 0; begin + width < keyed.size(); begin += 2 * width) {
      const size_t end = std::min(begin + 2 * width, keyed.size());
      STERNA_RETURN_IF_ERROR(Merge(runtime.heap(), keyed, room, begin, begin + width, end, order.reverse));
    }
  }
  List sorted;
  for (const Keyed& one : keyed) sorted.push_back(one.item);
  return runtime.heap().NewList(std::move(sorted));
}

}  // namespace sterna::text::jinja
