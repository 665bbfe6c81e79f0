// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/operators.h"

#include <algorithm>
#include <compare>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/text_scan.h"

namespace sterna::text::jinja {
namespace {

Result<bool> EqualLists(Heap& heap, const List& left, const List& right, int depth) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    STERNA_ASSIGN_OR_RETURN(const bool same, Equal(heap, left[i], right[i], depth));
    if (!same) return false;
  }
  return true;
}

Result<bool> EqualDicts(Heap& heap, const Dict& left, const Dict& right, int depth) {
  if (left.size() != right.size()) return false;
  for (const auto& [key, value] : left) {
    STERNA_ASSIGN_OR_RETURN(const Value* other, FindKey(heap, right, key));
    if (other == nullptr) return false;
    STERNA_ASSIGN_OR_RETURN(const bool same, Equal(heap, value, *other, depth));
    if (!same) return false;
  }
  return true;
}

bool SameNumber(const Value& left, const Value& right) {
  if (left.IsInteger() && right.IsInteger()) return left.integer() == right.integer();
  return left.number() == right.number();
}

Result<std::partial_ordering> OrderLists(Heap& heap, const List& left, const List& right, int depth) {
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    STERNA_ASSIGN_OR_RETURN(const bool same, Equal(heap, left[i], right[i], depth));
    if (!same) return Order(heap, left[i], right[i], depth);
  }
  return std::partial_ordering(left.size() <=> right.size());
}

}  // namespace

Result<bool> Equal(Heap& heap, const Value& left, const Value& right, int depth) {
  STERNA_RETURN_IF_ERROR(heap.Step());
  if (depth > kMaxValueDepth) return TooDeepError("a value that is compared");
  if (left.IsNumber() && right.IsNumber()) return SameNumber(left, right);
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::kUndefined:
    case Kind::kNone: return true;
    case Kind::kString:
      STERNA_RETURN_IF_ERROR(heap.StepText(left.bytes().size()));
      return left.bytes() == right.bytes();
    case Kind::kList:
    case Kind::kTuple: return EqualLists(heap, left.list(), right.list(), depth + 1);
    case Kind::kDict: return EqualDicts(heap, left.dict(), right.dict(), depth + 1);
    default: return left.identity() == right.identity();
  }
}

Result<std::partial_ordering> Order(Heap& heap, const Value& left, const Value& right, int depth) {
  STERNA_RETURN_IF_ERROR(heap.Step());
  if (depth > kMaxValueDepth) return TooDeepError("a value that is compared");
  if (left.IsInteger() && right.IsInteger()) return std::partial_ordering(left.integer() <=> right.integer());
  if (left.IsNumber() && right.IsNumber()) return left.number() <=> right.number();
  if (left.Is(Kind::kString) && right.Is(Kind::kString)) {
    STERNA_RETURN_IF_ERROR(heap.StepText(left.bytes().size()));
    return std::partial_ordering(left.bytes() <=> right.bytes());  // UTF-8 has the order of its characters
  }
  if (left.IsSequence() && left.kind() == right.kind()) return OrderLists(heap, left.list(), right.list(), depth + 1);
  return KindError("order", left, right);
}

Result<bool> Contains(Heap& heap, const Value& container, const Value& item) {
  switch (container.kind()) {
    case Kind::kUndefined: return false;
    case Kind::kString: {
      if (!item.Is(Kind::kString)) return KindError("look in a string for", item);
      STERNA_RETURN_IF_ERROR(heap.StepText(container.bytes().size() + item.bytes().size()));
      if (item.bytes().empty()) return true;
      return Searcher(item.bytes()).Find(container.bytes(), 0) != std::string_view::npos;
    }
    case Kind::kList:
    case Kind::kTuple:
      for (const Value& value : container.list()) {
        STERNA_ASSIGN_OR_RETURN(const bool same, Equal(heap, value, item));
        if (same) return true;
      }
      return false;
    case Kind::kDict: {
      STERNA_ASSIGN_OR_RETURN(const Value* found, FindKey(heap, container.dict(), item));
      return found != nullptr;
    }
    default: return KindError("look into", container);
  }
}

Result<bool> Compare(Heap& heap, Operation operation, const Value& left, const Value& right) {
  if (operation == Operation::kIn || operation == Operation::kNotIn) {
    STERNA_ASSIGN_OR_RETURN(const bool inside, Contains(heap, right, left));
    return inside == (operation == Operation::kIn);
  }
  if (operation == Operation::kEqual || operation == Operation::kDiffers) {
    STERNA_ASSIGN_OR_RETURN(const bool same, Equal(heap, left, right));
    return same == (operation == Operation::kEqual);
  }
  STERNA_ASSIGN_OR_RETURN(const std::partial_ordering order, Order(heap, left, right));
  switch (operation) {
    case Operation::kLess: return std::is_lt(order);
    case Operation::kLessEqual: return std::is_lteq(order);
    case Operation::kGreater: return std::is_gt(order);
    default: return std::is_gteq(order);
  }
}

}  // namespace sterna::text::jinja
