// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/template.h"

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"

namespace sterna::text::jinja {
namespace {

// How often a rendering may look at and copy what it is given.
constexpr uint64_t kCopies = 16;

struct Size {
  uint64_t bytes = 0, values = 0;
};

Status Measure(const Data& data, int depth, Size& size) {
  if (depth > kMaxValueDepth) return TooDeepError("a value given to the template");
  ++size.values;
  if (const auto* text = std::get_if<std::string>(&data.value)) size.bytes += text->size();
  if (const auto* array = std::get_if<Data::Array>(&data.value)) {
    for (const Data& item : *array) STERNA_RETURN_IF_ERROR(Measure(item, depth + 1, size));
  }
  if (const auto* object = std::get_if<Data::Object>(&data.value)) {
    for (const auto& [key, item] : *object) {
      size.bytes += key.size();
      STERNA_RETURN_IF_ERROR(Measure(item, depth + 1, size));
    }
  }
  return {};
}

Limits Scaled(Limits limits, const Size& size) {
  limits.max_steps += size.values * 64 * kCopies + size.bytes * kCopies / 16;
  limits.max_value_bytes += (size.bytes + size.values * 256) * kCopies;
  limits.max_output_bytes += size.bytes * kCopies / 4;
  return limits;
}

// Measured before, so no deeper than kMaxValueDepth.
Result<Value> ToValue(Heap& heap, const Data& data) {
  if (const auto* boolean = std::get_if<bool>(&data.value)) return Value::Bool(*boolean);
  if (const auto* integer = std::get_if<int64_t>(&data.value)) return Value::Int(*integer);
  if (const auto* number = std::get_if<double>(&data.value)) return Value::Float(*number);
  if (const auto* text = std::get_if<std::string>(&data.value)) return heap.String(*text, data.trusted);
  if (const auto* array = std::get_if<Data::Array>(&data.value)) {
    List items;
    for (const Data& item : *array) {
      STERNA_ASSIGN_OR_RETURN(const Value value, ToValue(heap, item));
      items.push_back(value);
    }
    return heap.NewList(std::move(items));
  }
  if (const auto* object = std::get_if<Data::Object>(&data.value)) {
    Dict dict;
    for (const auto& [name, item] : *object) {
      STERNA_ASSIGN_OR_RETURN(const Value key, heap.String(name, data.trusted));
      STERNA_ASSIGN_OR_RETURN(const Value value, ToValue(heap, item));
      dict.emplace_back(key, value);
    }
    return heap.NewDict(std::move(dict));
  }
  return Value::None();
}

}  // namespace

Result<Template> Template::Compile(std::string_view source) {
  STERNA_ASSIGN_OR_RETURN(Block block, Parse(source));
  return Template(std::move(block));
}

Result<MarkedText> Template::Render(const Variables& variables, std::optional<CivilTime> now, Limits limits) const {
  Size size;
  for (const auto& [name, data] : variables) STERNA_RETURN_IF_ERROR(Measure(data, 0, size));
  Interpreter interpreter(Scaled(limits, size), now);
  std::vector<std::pair<std::string_view, Value>> values;
  for (const auto& [name, data] : variables) {
    STERNA_ASSIGN_OR_RETURN(const Value value, ToValue(interpreter.heap(), data));
    values.emplace_back(name, value);
  }
  return interpreter.Run(block_, values);
}

}  // namespace sterna::text::jinja
