// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/heap.h"

#include <fmt/format.h>

#include <utility>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/operators.h"

namespace sterna::text::jinja {
namespace {

constexpr uint64_t kObjectBytes = 64;  // of an object beside its content

}  // namespace

Status Heap::Step(uint64_t steps) {
  steps_ += steps;
  if (steps_ <= limits_.max_steps) return {};
  return Status::ResourceExhausted(
      fmt::format("the template takes more than {} steps; shorten its loops", limits_.max_steps));
}

Status Heap::Charge(uint64_t bytes) {
  bytes_ = bytes > UINT64_MAX - bytes_ ? UINT64_MAX : bytes_ + bytes;
  if (bytes_ <= limits_.max_value_bytes) return {};
  return Status::ResourceExhausted(
      fmt::format("the template's values take more than {} bytes; make them shorter", limits_.max_value_bytes));
}

Result<Value> Heap::String(MarkedText text) {
  STERNA_RETURN_IF_ERROR(Charge(kObjectBytes + text.size() + text.runs().size() * sizeof(MarkedText::Run)));
  return Value::String(&texts_.emplace_back(std::move(text)));
}

Result<Value> Heap::NewList(List items, bool tuple) {
  STERNA_RETURN_IF_ERROR(Charge(kObjectBytes + items.size() * sizeof(Value)));
  return Value::OfList(&lists_.emplace_back(std::move(items)), tuple);
}

Result<Value> Heap::NewDict(Dict items) {
  STERNA_RETURN_IF_ERROR(Charge(kObjectBytes + items.size() * 2 * sizeof(Value)));
  return Value::OfDict(&dicts_.emplace_back(std::move(items)));
}

Result<Value> Heap::NewNamespace(Namespace space) {
  STERNA_RETURN_IF_ERROR(Charge(kObjectBytes + space.attributes.size() * 2 * sizeof(Value)));
  return Value::OfNamespace(&spaces_.emplace_back(std::move(space)));
}

Result<Value> Heap::NewLoop(const List* items) {
  STERNA_RETURN_IF_ERROR(Charge(kObjectBytes));
  Loop& loop = loops_.emplace_back();
  loop.items = items;
  return Value::OfLoop(&loop);
}

Result<Value> Heap::NewCallable(Callable callable) {
  STERNA_RETURN_IF_ERROR(Charge(2 * kObjectBytes));
  return Value::OfCallable(&callables_.emplace_back(callable));
}

Result<Scope*> Heap::NewScope(Scope* parent) {
  STERNA_RETURN_IF_ERROR(Charge(2 * kObjectBytes));
  Scope& scope = scopes_.emplace_back();
  scope.parent = parent;
  return &scope;
}

Status TextBuilder::Append(std::string_view bytes, bool trusted) {
  STERNA_RETURN_IF_ERROR(heap_.Charge(bytes.size()));
  text_.Append(bytes, trusted);
  return {};
}

Status TextBuilder::AppendSlice(const MarkedText& text, size_t begin, size_t end) {
  STERNA_RETURN_IF_ERROR(heap_.Charge(end - begin));
  text_.AppendSlice(text, begin, end);
  return {};
}

Result<const Value*> FindKey(Heap& heap, const Dict& dict, const Value& key) {
  STERNA_RETURN_IF_ERROR(heap.Step(1 + dict.size() / 8));
  for (const auto& [name, value] : dict) {
    if (name.Is(Kind::kString) && key.Is(Kind::kString)) {
      if (name.bytes() == key.bytes()) return &value;
      continue;
    }
    STERNA_ASSIGN_OR_RETURN(const bool same, Equal(heap, name, key));
    if (same) return &value;
  }
  return static_cast<const Value*>(nullptr);
}

Status PutKey(Heap& heap, Dict& dict, const Value& key, const Value& value) {
  if (key.Is(Kind::kList) || key.Is(Kind::kDict)) return KindError("use as a key", key);
  STERNA_ASSIGN_OR_RETURN(const Value* found, FindKey(heap, dict, key));
  if (found != nullptr) {
    *const_cast<Value*>(found) = value;  // the dictionary is the caller's to change
  } else {
    dict.emplace_back(key, value);
  }
  return {};
}

const Value* FindAttribute(const Namespace& space, std::string_view name) {
  for (const auto& [key, value] : space.attributes) {
    if (*key == name) return &value;
  }
  return nullptr;
}

}  // namespace sterna::text::jinja
