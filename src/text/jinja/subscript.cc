// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/runtime.h"
#include "text/jinja/text_scan.h"

namespace sterna::text::jinja {
namespace {

Result<Value> Character(Heap& heap, const MarkedText& text, int64_t index) {
  STERNA_RETURN_IF_ERROR(heap.StepText(text.size()));
  if (index < 0) index += int64_t(CountCharacters(text.bytes()));
  if (index < 0) return Value();
  const size_t begin = CharacterOffset(text.bytes(), size_t(index));
  if (begin >= text.size()) return Value();
  return heap.String(text.Slice(begin, begin + CharacterBytes(text.bytes(), begin)));
}

Value ListItem(const List& list, int64_t index) {
  if (index < 0) index += int64_t(list.size());
  return index < 0 || index >= int64_t(list.size()) ? Value() : list[size_t(index)];
}

// Python's bounds of a slice: where it begins, how many items it has, and how far apart they are.
struct Range {
  int64_t begin = 0, count = 0, step = 1;
};

Result<std::optional<int64_t>> Bound1(const std::optional<Value>& value) {
  if (!value || value->Is(Kind::kNone)) return std::optional<int64_t>();
  if (!value->IsInteger()) return KindError("cut at", *value);
  return std::optional<int64_t>(value->integer());
}

int64_t Clamped(int64_t bound, int64_t length, int64_t lowest, int64_t highest) {
  return std::clamp(bound < 0 ? bound + length : bound, lowest, highest);
}

Result<Range> Resolve(const std::optional<Value> (&bounds)[3], int64_t length) {
  STERNA_ASSIGN_OR_RETURN(const std::optional<int64_t> begin, Bound1(bounds[0]));
  STERNA_ASSIGN_OR_RETURN(const std::optional<int64_t> end, Bound1(bounds[1]));
  STERNA_ASSIGN_OR_RETURN(const std::optional<int64_t> given_step, Bound1(bounds[2]));
  int64_t step = given_step.value_or(1);
  if (step == 0) return Status::InvalidArgument("the step of a slice is 0; give another");
  step = std::clamp(step, -length - 1, length + 1);
  if (step == 0) return Range{};  // nothing there to cut
  const int64_t lowest = step > 0 ? 0 : -1;
  const int64_t highest = step > 0 ? length : length - 1;
  const int64_t from = begin ? Clamped(*begin, length, lowest, highest) : step > 0 ? lowest : highest;
  const int64_t to = end ? Clamped(*end, length, lowest, highest) : step > 0 ? highest : lowest;
  const int64_t distance = step > 0 ? to - from : from - to;
  const int64_t size = step > 0 ? step : -step;
  return Range{from, distance <= 0 ? 0 : (distance + size - 1) / size, step};
}

Result<Value> CutText(Heap& heap, const MarkedText& text, const std::optional<Value> (&bounds)[3]) {
  STERNA_RETURN_IF_ERROR(heap.StepText(2 * text.size()));
  STERNA_ASSIGN_OR_RETURN(const Range range, Resolve(bounds, int64_t(CountCharacters(text.bytes()))));
  if (range.count == 0) return heap.String("", true);
  if (range.step == 1) {
    const size_t begin = CharacterOffset(text.bytes(), size_t(range.begin));
    const std::string_view rest = std::string_view(text.bytes()).substr(begin);
    return heap.String(text.Slice(begin, begin + CharacterOffset(rest, size_t(range.count))));
  }
  STERNA_RETURN_IF_ERROR(heap.Charge(text.size() * sizeof(size_t)));
  std::vector<size_t> offsets;
  for (size_t at = 0; at < text.size(); at += CharacterBytes(text.bytes(), at)) offsets.push_back(at);
  offsets.push_back(text.size());
  TextBuilder built(heap);
  for (int64_t i = 0, at = range.begin; i < range.count; ++i, at += range.step) {
    STERNA_RETURN_IF_ERROR(built.AppendSlice(text, offsets[size_t(at)], offsets[size_t(at) + 1]));
  }
  return built.Finish();
}

}  // namespace

Result<const List*> Items(Heap& heap, const Value& value) {
  List items;
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple: return &value.list();
    case Kind::kUndefined: break;
    case Kind::kDict:
      for (const auto& [key, unused] : value.dict()) items.push_back(key);
      break;
    case Kind::kString:
      for (size_t at = 0; at < value.text().size();) {
        const size_t next = at + CharacterBytes(value.bytes(), at);
        STERNA_RETURN_IF_ERROR(heap.Step());
        STERNA_ASSIGN_OR_RETURN(const Value character, heap.String(value.text().Slice(at, next)));
        items.push_back(character);
        at = next;
      }
      break;
    default: return KindError("go through", value);
  }
  STERNA_RETURN_IF_ERROR(heap.Step(items.size()));
  STERNA_ASSIGN_OR_RETURN(const Value list, heap.NewList(std::move(items)));
  return &list.list();
}

Result<Value> Attribute(Runtime& runtime, const Value& object, const std::string& name) {
  if (object.Is(Kind::kUndefined)) return UndefinedError(object);
  if (name.starts_with('_')) return Value::Undefined(&name);  // the sandbox hides what begins so
  if (object.Is(Kind::kNamespace)) {
    STERNA_RETURN_IF_ERROR(runtime.heap().Step(1 + object.space().attributes.size() / 8));
    const Value* found = FindAttribute(object.space(), name);
    return found != nullptr ? *found : Value::Undefined(&name);
  }
  STERNA_ASSIGN_OR_RETURN(const Value method, Method(runtime, object, name));
  if (!method.Is(Kind::kUndefined) || !object.Is(Kind::kDict)) {
    return method.Is(Kind::kUndefined) && method.undefined_name() == nullptr ? Value::Undefined(&name) : method;
  }
  STERNA_RETURN_IF_ERROR(runtime.heap().Step(1 + object.dict().size() / 8));
  for (const auto& [key, value] : object.dict()) {
    if (key.Is(Kind::kString) && key.bytes() == name) return value;
  }
  return Value::Undefined(&name);
}

Result<Value> Subscript(Runtime& runtime, const Value& object, const Value& index) {
  Heap& heap = runtime.heap();
  if (object.Is(Kind::kUndefined)) return UndefinedError(object);
  if (object.Is(Kind::kDict)) {
    STERNA_ASSIGN_OR_RETURN(const Value* found, FindKey(heap, object.dict(), index));
    if (found != nullptr) return *found;
  }
  if (object.IsSequence() && index.IsInteger()) return ListItem(object.list(), index.integer());
  if (object.Is(Kind::kString) && index.IsInteger()) return Character(heap, object.text(), index.integer());
  if (!index.Is(Kind::kString)) return Value();
  const std::string& name = index.text().bytes();
  if (object.Is(Kind::kDict)) {
    if (name.starts_with('_')) return Value::Undefined(&name);
    STERNA_ASSIGN_OR_RETURN(const Value method, Method(runtime, object, name));
    return method.Is(Kind::kUndefined) ? Value::Undefined(&name) : method;
  }
  return Attribute(runtime, object, name);
}

Result<Value> Slice(Runtime& runtime, const Value& object, const std::optional<Value> (&bounds)[3]) {
  Heap& heap = runtime.heap();
  if (object.Is(Kind::kString)) return CutText(heap, object.text(), bounds);
  if (!object.IsSequence()) return KindError("cut", object);
  STERNA_ASSIGN_OR_RETURN(const Range range, Resolve(bounds, int64_t(object.list().size())));
  STERNA_RETURN_IF_ERROR(heap.Step(1 + uint64_t(range.count) / 8));
  List items;
  for (int64_t i = 0, at = range.begin; i < range.count; ++i, at += range.step) {
    items.push_back(object.list()[size_t(at)]);
  }
  return heap.NewList(std::move(items), object.Is(Kind::kTuple));
}

}  // namespace sterna::text::jinja
