// SPDX-License-Identifier: Apache-2.0
//
// The values that templates compute with. They are small and copied freely; what they point to lives in the Heap of one
// rendering (or in the template, for literals) and dies with it as a whole, so that values may point to each other in
// circles and be nested as deeply as a template likes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/status.h"
#include "text/jinja/marked_text.h"

namespace sterna::text::jinja {

class Value;
class Runtime;
struct Callable;
struct Namespace;
struct Loop;
using List = std::vector<Value>;
using Dict = std::vector<std::pair<Value, Value>>;  // in the order of insertion; keys differ

enum class Kind : uint8_t {
  kUndefined,
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kList,
  kTuple,
  kDict,
  kNamespace,
  kLoop,
  kCallable
};

class Value {
 public:
  Value() = default;  // undefined
  static Value Undefined(const std::string* name) {
    return Value(Kind::kUndefined, [&](Value& v) { v.name_ = name; });
  }
  static Value None() {
    return Value(Kind::kNone, [](Value&) {});
  }
  static Value Bool(bool b) {
    return Value(Kind::kBool, [&](Value& v) { v.int_ = b ? 1 : 0; });
  }
  static Value Int(int64_t i) {
    return Value(Kind::kInt, [&](Value& v) { v.int_ = i; });
  }
  static Value Float(double f) {
    return Value(Kind::kFloat, [&](Value& v) { v.float_ = f; });
  }
  static Value String(const MarkedText* text) {
    return Value(Kind::kString, [&](Value& v) { v.text_ = text; });
  }
  static Value OfList(const List* list, bool tuple) {
    return Value(tuple ? Kind::kTuple : Kind::kList, [&](Value& v) { v.list_ = list; });
  }
  static Value OfDict(const Dict* dict) {
    return Value(Kind::kDict, [&](Value& v) { v.dict_ = dict; });
  }
  static Value OfNamespace(Namespace* space) {
    return Value(Kind::kNamespace, [&](Value& v) { v.space_ = space; });
  }
  static Value OfLoop(Loop* loop) {
    return Value(Kind::kLoop, [&](Value& v) { v.loop_ = loop; });
  }
  static Value OfCallable(const Callable* callable) {
    return Value(Kind::kCallable, [&](Value& v) { v.callable_ = callable; });
  }

  Kind kind() const { return kind_; }
  bool Is(Kind kind) const { return kind_ == kind; }
  bool IsSequence() const { return kind_ == Kind::kList || kind_ == Kind::kTuple; }
  bool IsInteger() const { return kind_ == Kind::kInt || kind_ == Kind::kBool; }  // as in Python, True is 1
  bool IsNumber() const { return IsInteger() || kind_ == Kind::kFloat; }

  // Each only for its kind.
  const std::string* undefined_name() const { return name_; }  // what was looked for; may be nullptr
  bool boolean() const { return int_ != 0; }
  int64_t integer() const { return int_; }
  double number() const { return kind_ == Kind::kFloat ? float_ : double(int_); }
  const MarkedText& text() const { return *text_; }
  std::string_view bytes() const { return text_->bytes(); }
  const List& list() const { return *list_; }
  const Dict& dict() const { return *dict_; }
  Namespace& space() const { return *space_; }
  Loop& loop() const { return *loop_; }
  const Callable& callable() const { return *callable_; }
  const void* identity() const { return text_; }

 private:
  template <class Fill>
  Value(Kind kind, const Fill& fill) : kind_(kind) {
    fill(*this);
  }

  Kind kind_ = Kind::kUndefined;
  union {
    const std::string* name_ = nullptr;
    int64_t int_;
    double float_;
    const MarkedText* text_;
    const List* list_;
    const Dict* dict_;
    Namespace* space_;
    Loop* loop_;
    const Callable* callable_;
  };
};

// The one thing a template may write to.
struct Namespace {
  std::vector<std::pair<const std::string*, Value>> attributes;
};

// What `loop` is inside a for.
struct Loop {
  const List* items = nullptr;
  size_t index = 0;

  bool asked = false;
  Value last_asked;  // by loop.changed
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string_view, Value>> named;
};

using Function = Result<Value> (*)(Runtime& runtime, Value self, const Arguments& arguments);

struct Statement;
struct Scope;

// A function or method of this engine, or a macro of the template with the scope it was defined in.
struct Callable {
  std::string_view name;
  Function function = nullptr;
  Value self = {};
  const Statement* macro = nullptr;
  Scope* scope = nullptr;
};

std::string_view KindName(const Value& value);
bool IsTrue(const Value& value);

}  // namespace sterna::text::jinja
