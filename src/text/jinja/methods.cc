// SPDX-License-Identifier: Apache-2.0
//
// Methods of mappings, lists and `loop`, and the way from a name to a method.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/operators.h"
#include "text/jinja/runtime.h"
#include "text/jinja/text_methods.h"

namespace sterna::text::jinja {
namespace {

Result<Value> DictGet(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("get", arguments, {"key", "default"}, 1));
  STERNA_ASSIGN_OR_RETURN(const Value* found, FindKey(runtime.heap(), self.dict(), *bound[0]));
  if (found != nullptr) return *found;
  return bound[1].value_or(Value::None());
}

Result<Value> DictItems(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("items", arguments, {}, 0).status());
  List items;
  for (const auto& [key, value] : self.dict()) {
    STERNA_RETURN_IF_ERROR(runtime.heap().Step());
    STERNA_ASSIGN_OR_RETURN(const Value pair, runtime.heap().NewList({key, value}, /*tuple=*/true));
    items.push_back(pair);
  }
  return runtime.heap().NewList(std::move(items));
}

Result<Value> DictKeys(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("keys", arguments, {}, 0).status());
  STERNA_ASSIGN_OR_RETURN(const List* keys, Items(runtime.heap(), self));
  return Value::OfList(keys, false);
}

Result<Value> DictValues(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("values", arguments, {}, 0).status());
  STERNA_RETURN_IF_ERROR(runtime.heap().Step(self.dict().size()));
  List values;
  for (const auto& [key, value] : self.dict()) values.push_back(value);
  return runtime.heap().NewList(std::move(values));
}

Result<Value> Copy(Runtime&, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("copy", arguments, {}, 0).status());
  return self;  // nothing here can be changed
}

Result<Value> ListIndex(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("index", arguments, {"value"}, 1));
  for (size_t i = 0; i < self.list().size(); ++i) {
    STERNA_ASSIGN_OR_RETURN(const bool same, Equal(runtime.heap(), self.list()[i], *bound[0]));
    if (same) return Value::Int(int64_t(i));
  }
  return Status::InvalidArgument("index: the value is not in the list; ask with 'in' first");
}

Result<Value> ListCount(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("count", arguments, {"value"}, 1));
  int64_t count = 0;
  for (const Value& item : self.list()) {
    STERNA_ASSIGN_OR_RETURN(const bool same, Equal(runtime.heap(), item, *bound[0]));
    if (same) ++count;
  }
  return Value::Int(count);
}

Result<Value> LoopCycle(Runtime&, Value self, const Arguments& arguments) {
  if (arguments.positional.empty()) return Status::InvalidArgument("loop.cycle needs values to go through");
  return arguments.positional[self.loop().index % arguments.positional.size()];
}

Result<Value> LoopChanged(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Value asked, runtime.heap().NewList(arguments.positional, /*tuple=*/true));
  Loop& loop = self.loop();
  bool same = false;
  if (loop.asked) {
    STERNA_ASSIGN_OR_RETURN(same, Equal(runtime.heap(), loop.last_asked, asked));
  }
  loop.asked = true;
  loop.last_asked = asked;
  return Value::Bool(!same);
}

constexpr NamedFunction kDictMethods[] = {
    {"get", DictGet}, {"items", DictItems}, {"keys", DictKeys}, {"values", DictValues}, {"copy", Copy}};
constexpr NamedFunction kListMethods[] = {{"index", ListIndex}, {"count", ListCount}, {"copy", Copy}};
constexpr NamedFunction kTupleMethods[] = {{"index", ListIndex}, {"count", ListCount}};
constexpr NamedFunction kLoopMethods[] = {{"cycle", LoopCycle}, {"changed", LoopChanged}};

Result<Value> Find(Runtime& runtime, std::span<const NamedFunction> methods, const Value& object,
                   std::string_view name) {
  for (const NamedFunction& method : methods) {
    if (method.name != name) continue;
    return runtime.heap().NewCallable({.name = method.name, .function = method.function, .self = object});
  }
  return Value();
}

Value LoopAttribute(const Loop& loop, std::string_view name) {
  const auto size = int64_t(loop.items->size());
  const auto index = int64_t(loop.index);
  if (name == "index") return Value::Int(index + 1);
  if (name == "index0") return Value::Int(index);
  if (name == "revindex") return Value::Int(size - index);
  if (name == "revindex0") return Value::Int(size - index - 1);
  if (name == "first") return Value::Bool(index == 0);
  if (name == "last") return Value::Bool(index + 1 == size);
  if (name == "length") return Value::Int(size);
  if (name == "depth") return Value::Int(1);
  if (name == "depth0") return Value::Int(0);
  if (name == "previtem" && index > 0) return (*loop.items)[size_t(index) - 1];
  if (name == "nextitem" && index + 1 < size) return (*loop.items)[size_t(index) + 1];
  return Value();
}

}  // namespace

Result<Value> Method(Runtime& runtime, const Value& object, std::string_view name) {
  switch (object.kind()) {
    case Kind::kDict: return Find(runtime, kDictMethods, object, name);
    case Kind::kList: return Find(runtime, kListMethods, object, name);
    case Kind::kTuple: return Find(runtime, kTupleMethods, object, name);
    case Kind::kLoop: {
      STERNA_ASSIGN_OR_RETURN(const Value method, Find(runtime, kLoopMethods, object, name));
      return method.Is(Kind::kUndefined) ? LoopAttribute(object.loop(), name) : method;
    }
    case Kind::kString: {
      if (IsMissingTextMethod(name)) {
        return Status::Unsupported(fmt::format("the method '{}' of strings is not supported; use another", name));
      }
      return Find(runtime, TextMethods(), object, name);
    }
    default: return Value();
  }
}

}  // namespace sterna::text::jinja
