// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/filters.h"
#include "text/jinja/operators.h"
#include "text/jinja/sorting.h"
#include "text/jinja/text_scan.h"

namespace sterna::text::jinja {
namespace {

Result<Value> Length(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("length", arguments, {}, 0).status());
  switch (self.kind()) {
    case Kind::kUndefined: return Value::Int(0);
    case Kind::kString:
      STERNA_RETURN_IF_ERROR(runtime.heap().StepText(self.text().size()));
      return Value::Int(int64_t(CountCharacters(self.bytes())));
    case Kind::kList:
    case Kind::kTuple: return Value::Int(int64_t(self.list().size()));
    case Kind::kDict: return Value::Int(int64_t(self.dict().size()));
    case Kind::kLoop: return Value::Int(int64_t(self.loop().items->size()));
    default: return KindError("take the length of", self);
  }
}

Result<Value> Default(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("default", arguments, {"default_value", "boolean"}, 0));
  const bool boolean = bound[1] && IsTrue(*bound[1]);
  if (!self.Is(Kind::kUndefined) && (!boolean || IsTrue(self))) return self;
  return bound[0] ? *bound[0] : runtime.heap().String("", true);
}

template <bool last>
Result<Value> End(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind(last ? "last" : "first", arguments, {}, 0).status());
  if (self.Is(Kind::kString)) return Subscript(runtime, self, Value::Int(last ? -1 : 0));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  if (items->empty()) return Value();
  return last ? items->back() : items->front();
}

Result<Value> ToList(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("list", arguments, {}, 0).status());
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  return Value::OfList(items, false);
}

Result<Value> PairsOf(Runtime& runtime, const Dict& dict) {
  List pairs;
  for (const auto& [key, value] : dict) {
    STERNA_RETURN_IF_ERROR(runtime.heap().Step());
    STERNA_ASSIGN_OR_RETURN(const Value pair, runtime.heap().NewList({key, value}, /*tuple=*/true));
    pairs.push_back(pair);
  }
  return runtime.heap().NewList(std::move(pairs));
}

Result<Value> ItemsFilter(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("items", arguments, {}, 0).status());
  if (self.Is(Kind::kUndefined)) return runtime.heap().NewList({});
  if (!self.Is(Kind::kDict)) return KindError("take the items of", self);
  return PairsOf(runtime, self.dict());
}

Result<Value> DictSort(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("dictsort", arguments, {"case_sensitive", "by", "reverse"}, 0));
  if (!self.Is(Kind::kDict)) return KindError("sort the items of", self);
  const bool by_value = bound[1] && bound[1]->Is(Kind::kString) && bound[1]->bytes() == "value";
  STERNA_ASSIGN_OR_RETURN(const Value pairs, PairsOf(runtime, self.dict()));
  const SortOrder order{.case_sensitive = bound[0] && IsTrue(*bound[0]),
                        .reverse = bound[2] && IsTrue(*bound[2]),
                        .path = Value::Int(by_value ? 1 : 0)};
  return Sorted(runtime, pairs.list(), order);
}

std::optional<Value> Given(const std::optional<Value>& value) {
  return value && !value->Is(Kind::kNone) ? value : std::nullopt;
}

Result<Value> Sort(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("sort", arguments, {"reverse", "case_sensitive", "attribute"}, 0));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  const SortOrder order{.case_sensitive = bound[1] && IsTrue(*bound[1]),
                        .reverse = bound[0] && IsTrue(*bound[0]),
                        .path = Given(bound[2])};
  return Sorted(runtime, *items, order);
}

template <bool largest>
Result<Value> Extreme(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("min or max", arguments, {"case_sensitive", "attribute"}, 0));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  Value best, best_key;
  for (size_t i = 0; i < items->size(); ++i) {
    Value key = (*items)[i];
    if (const auto path = Given(bound[1])) {
      STERNA_ASSIGN_OR_RETURN(key, ByPath(runtime, key, *path));
    }
    STERNA_ASSIGN_OR_RETURN(key, SortKey(runtime, key, bound[0] && IsTrue(*bound[0])));
    bool better = i == 0;
    if (i > 0) {
      STERNA_ASSIGN_OR_RETURN(better,
                              Compare(runtime.heap(), largest ? Operation::kGreater : Operation::kLess, key, best_key));
    }
    if (better) {
      best = (*items)[i];
      best_key = key;
    }
  }
  return best;
}

Result<Value> Unique(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("unique", arguments, {"case_sensitive", "attribute"}, 0));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  List kept, keys;
  for (const Value& item : *items) {
    Value key = item;
    if (const auto path = Given(bound[1])) {
      STERNA_ASSIGN_OR_RETURN(key, ByPath(runtime, key, *path));
    }
    STERNA_ASSIGN_OR_RETURN(key, SortKey(runtime, key, bound[0] && IsTrue(*bound[0])));
    bool known = false;
    for (size_t i = 0; i < keys.size() && !known; ++i) {
      STERNA_ASSIGN_OR_RETURN(known, Equal(runtime.heap(), keys[i], key));
    }
    if (known) continue;
    kept.push_back(item);
    keys.push_back(key);
  }
  return runtime.heap().NewList(std::move(kept));
}

Result<Value> Reverse(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("reverse", arguments, {}, 0).status());
  const std::optional<Value> backwards[3] = {std::nullopt, std::nullopt, Value::Int(-1)};
  if (self.Is(Kind::kString)) return Slice(runtime, self, backwards);
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  STERNA_RETURN_IF_ERROR(runtime.heap().Step(items->size()));
  return runtime.heap().NewList(List(items->rbegin(), items->rend()));
}

Result<Value> Batch(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("batch", arguments, {"linecount", "fill_with"}, 1));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  if (!bound[0]->IsInteger() || bound[0]->integer() < 1 || bound[0]->integer() > kMaxRangeItems) {
    return Status::InvalidArgument(fmt::format("batch: the number must be 1 to {}", kMaxRangeItems));
  }
  const auto size = size_t(bound[0]->integer());
  List batches;
  for (size_t at = 0; at < items->size(); at += size) {
    List batch(items->begin() + std::ptrdiff_t(at),
               items->begin() + std::ptrdiff_t(std::min(at + size, items->size())));
    STERNA_RETURN_IF_ERROR(runtime.heap().Step(1 + batch.size()));
    if (const auto fill = Given(bound[1])) batch.resize(size, *fill);
    STERNA_ASSIGN_OR_RETURN(const Value made, runtime.heap().NewList(std::move(batch)));
    batches.push_back(made);
  }
  return runtime.heap().NewList(std::move(batches));
}

Result<Value> Sum(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("sum", arguments, {"attribute", "start"}, 0));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  Value total = bound[1].value_or(Value::Int(0));
  for (const Value& item : *items) {
    Value part = item;
    if (const auto path = Given(bound[0])) {
      STERNA_ASSIGN_OR_RETURN(part, ByPath(runtime, item, *path));
    }
    STERNA_RETURN_IF_ERROR(runtime.heap().Step());
    STERNA_ASSIGN_OR_RETURN(total, Arithmetic(runtime.heap(), Operation::kAdd, total, part));
  }
  return total;
}

// map('filter', arguments...) or map(attribute=path, default=value).
Result<Value> Map(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  Arguments rest;
  std::optional<Value> path, otherwise;
  if (arguments.positional.empty()) {
    STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("map", arguments, {"attribute", "default"}, 1));
    path = bound[0];
    otherwise = bound[1];
  } else if (!arguments.positional[0].Is(Kind::kString)) {
    return KindError("use as the name of a filter", arguments.positional[0]);
  } else {
    rest.positional.assign(arguments.positional.begin() + 1, arguments.positional.end());
    rest.named = arguments.named;
  }
  List mapped;
  for (const Value& item : *items) {
    STERNA_ASSIGN_OR_RETURN(Value value, path ? ByPath(runtime, item, *path)
                                              : ApplyFilter(runtime, arguments.positional[0].bytes(), item, rest));
    if (path && otherwise && value.Is(Kind::kUndefined)) value = *otherwise;
    mapped.push_back(value);
  }
  return runtime.heap().NewList(std::move(mapped));
}

// select, reject and their kin for attributes: the items that a test, or truth itself, keeps.
template <bool kept, bool by_attribute>
Result<Value> Select(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  constexpr size_t kTest = by_attribute ? 1 : 0;
  if (arguments.positional.size() < kTest) return Status::InvalidArgument("selectattr needs the name of an attribute");
  Arguments rest;
  const bool has_test = arguments.positional.size() > kTest;
  if (has_test) {
    if (!arguments.positional[kTest].Is(Kind::kString))
      return KindError("use as the name of a test", arguments.positional[kTest]);
    rest.positional.assign(arguments.positional.begin() + kTest + 1, arguments.positional.end());
    rest.named = arguments.named;
  }
  List selected;
  for (const Value& item : *items) {
    Value value = item;
    if (by_attribute) {
      STERNA_ASSIGN_OR_RETURN(value, ByPath(runtime, item, arguments.positional[0]));
    }
    STERNA_RETURN_IF_ERROR(runtime.heap().Step());
    bool passes = IsTrue(value);
    if (has_test) {
      STERNA_ASSIGN_OR_RETURN(passes, ApplyTest(runtime, arguments.positional[kTest].bytes(), value, rest));
    }
    if (passes == kept) selected.push_back(item);
  }
  return runtime.heap().NewList(std::move(selected));
}

constexpr NamedFunction kListFilters[] = {
    {"length", Length},
    {"count", Length},
    {"default", Default},
    {"d", Default},
    {"first", End<false>},
    {"last", End<true>},
    {"list", ToList},
    {"items", ItemsFilter},
    {"dictsort", DictSort},
    {"sort", Sort},
    {"min", Extreme<false>},
    {"max", Extreme<true>},
    {"unique", Unique},
    {"reverse", Reverse},
    {"batch", Batch},
    {"sum", Sum},
    {"map", Map},
    {"select", Select<true, false>},
    {"reject", Select<false, false>},
    {"selectattr", Select<true, true>},
    {"rejectattr", Select<false, true>},
};

}  // namespace

std::span<const NamedFunction> ListFilters() { return kListFilters; }

}  // namespace sterna::text::jinja
