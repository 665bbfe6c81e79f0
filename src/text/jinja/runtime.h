// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/jinja/heap.h"
#include "text/jinja/value.h"

namespace sterna::text::jinja {

// The time that strftime_now tells.
struct CivilTime {
  int year = 1970, month = 1, day = 1;
  int hour = 0, minute = 0, second = 0;
};

// What filters, tests, methods and functions see of the rendering they run in.
class Runtime {
 public:
  Runtime(const Limits& limits, std::optional<CivilTime> now) : heap_(limits), now_(now) {}
  virtual ~Runtime() = default;
  Heap& heap() { return heap_; }
  const std::optional<CivilTime>& now() const { return now_; }
  virtual Result<Value> Call(const Value& callee, const Arguments& arguments) = 0;

  // Counts one level of evaluation as long as it lives.
  class Level {
   public:
    explicit Level(Runtime& runtime) : runtime_(runtime) { ++runtime_.depth_; }
    ~Level() { --runtime_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    Status Check() const;

   private:
    Runtime& runtime_;
  };

 private:
  Heap heap_;
  uint32_t depth_ = 0;
  std::optional<CivilTime> now_;
};

// The arguments in the order of `names`, whether given by place or by name. An error for too many, unknown or doubled
// ones, and when one of the first `required` is missing.
using Bound = std::vector<std::optional<Value>>;
Result<Bound> Bind(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> names,
                   size_t required);

// The items of a list, the keys of a mapping, the characters of a string; none of an undefined value.
Result<const List*> Items(Heap& heap, const Value& value);

// Functions for `object.name`, `object[index]` and `object[begin:end:step]` (an end that is not given is undefined).
Result<Value> Attribute(Runtime& runtime, const Value& object, const std::string& name);
Result<Value> Subscript(Runtime& runtime, const Value& object, const Value& index);
Result<Value> Slice(Runtime& runtime, const Value& object, const std::optional<Value> (&bounds)[3]);

Result<Value> ApplyFilter(Runtime& runtime, std::string_view name, const Value& value, const Arguments& arguments);
Result<bool> ApplyTest(Runtime& runtime, std::string_view name, const Value& value, const Arguments& arguments);

// A method of a value's kind; undefined (and no error) when it has none of that name.
Result<Value> Method(Runtime& runtime, const Value& object, std::string_view name);

// range, namespace, dict, raise_exception and, where the time is known, strftime_now.
struct NamedFunction {
  std::string_view name;
  Function function;
};
std::vector<NamedFunction> GlobalFunctions(bool time_is_known);

}  // namespace sterna::text::jinja
