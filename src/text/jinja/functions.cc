// SPDX-License-Identifier: Apache-2.0
//
// The functions that every template may call.
#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/jinja/date_text.h"
#include "text/jinja/errors.h"
#include "text/jinja/printing.h"
#include "text/jinja/runtime.h"

namespace sterna::text::jinja {
namespace {

Result<Value> RangeFunction(Runtime& runtime, Value, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("range", arguments, {"start", "stop", "step"}, 1));
  for (const std::optional<Value>& value : bound) {
    if (value && !value->IsInteger()) return KindError("count to", *value);
  }
  const int64_t start = bound[1] ? bound[0]->integer() : 0;
  const int64_t stop = bound[1] ? bound[1]->integer() : bound[0]->integer();
  const int64_t step = bound[2] ? bound[2]->integer() : 1;
  if (step == 0) return Status::InvalidArgument("the step of range is 0; give another");
  List items;
  for (int64_t at = start; step > 0 ? at < stop : at > stop;) {
    if (int64_t(items.size()) == kMaxRangeItems) {
      return Status::ResourceExhausted(fmt::format("range has more than {} numbers; make it shorter", kMaxRangeItems));
    }
    items.push_back(Value::Int(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  STERNA_RETURN_IF_ERROR(runtime.heap().Step(items.size() / 8));
  return runtime.heap().NewList(std::move(items));
}

Result<Value> DictFunction(Runtime& runtime, Value, const Arguments& arguments) {
  Dict dict;
  if (arguments.positional.size() > 1) return Status::InvalidArgument("dict takes one mapping and names with values");
  if (!arguments.positional.empty()) {
    if (!arguments.positional[0].Is(Kind::kDict)) return KindError("make a mapping of", arguments.positional[0]);
    dict = arguments.positional[0].dict();
  }
  for (const auto& [name, value] : arguments.named) {
    STERNA_ASSIGN_OR_RETURN(const Value key, runtime.heap().String(name, true));
    STERNA_RETURN_IF_ERROR(PutKey(runtime.heap(), dict, key, value));
  }
  return runtime.heap().NewDict(std::move(dict));
}

Result<Value> NamespaceFunction(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Value dict, DictFunction(runtime, self, arguments));
  Namespace space;
  for (const auto& [key, value] : dict.dict()) {
    if (!key.Is(Kind::kString)) return KindError("name an attribute by", key);
    space.attributes.emplace_back(&key.text().bytes(), value);
  }
  return runtime.heap().NewNamespace(std::move(space));
}

// How templates refuse a conversation.
Result<Value> RaiseException(Runtime& runtime, Value, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("raise_exception", arguments, {"message"}, 1));
  STERNA_ASSIGN_OR_RETURN(const Value text, ToString(runtime.heap(), *bound[0]));
  std::string line;
  for (const char c : text.bytes().substr(0, 400)) line += uint8_t(c) < 0x20 ? ' ' : c;
  return Status::InvalidArgument("the template refuses this conversation: " + line);
}

Result<Value> StrftimeNow(Runtime& runtime, Value, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("strftime_now", arguments, {"format"}, 1));
  if (!bound[0]->Is(Kind::kString)) return KindError("use as a format of a date", *bound[0]);
  STERNA_RETURN_IF_ERROR(runtime.heap().Charge(16 * bound[0]->text().size()));
  STERNA_ASSIGN_OR_RETURN(const std::string text, DateText(bound[0]->bytes(), *runtime.now()));
  return runtime.heap().String(text, true);
}

}  // namespace

std::vector<NamedFunction> GlobalFunctions(bool time_is_known) {
  std::vector<NamedFunction> functions = {{"range", RangeFunction},
                                          {"dict", DictFunction},
                                          {"namespace", NamespaceFunction},
                                          {"raise_exception", RaiseException}};
  if (time_is_known) functions.push_back({"strftime_now", StrftimeNow});
  return functions;
}

}  // namespace sterna::text::jinja
