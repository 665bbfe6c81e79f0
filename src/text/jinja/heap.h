// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/jinja/value.h"

namespace sterna::text::jinja {

// What one rendering may use. The room for values and output grows with what the caller hands in.
struct Limits {
  uint64_t max_steps = uint64_t{4} << 20;
  uint64_t max_value_bytes = uint64_t{64} << 20;
  uint64_t max_output_bytes = uint64_t{16} << 20;
  uint32_t max_depth = 300;  // of evaluation: nested expressions, statements and macro calls together
};

inline constexpr int kMaxValueDepth = 64;           // of lists in lists that are printed or compared
inline constexpr int64_t kMaxRangeItems = 100'000;  // that of the sandbox that Hugging Face renders in

struct Scope {
  Scope* parent = nullptr;
  std::vector<std::pair<std::string_view, Value>> variables;
  bool captured = false;  // by a macro: the scope may not be used for anything else
};

// Owns all that a rendering makes, counts its bytes and steps, and ends it when they are used up.
class Heap {
 public:
  explicit Heap(const Limits& limits) : limits_(limits) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  const Limits& limits() const { return limits_; }

  // One step is about the work of looking at one value, or at 16 bytes of text.
  Status Step(uint64_t steps = 1);
  Status StepText(size_t bytes) { return Step(1 + bytes / 16); }
  // Before bytes are taken that depend on more than the size of one value that is there.
  Status Charge(uint64_t bytes);

  Result<Value> String(MarkedText text);
  Result<Value> String(std::string_view bytes, bool trusted) { return String(MarkedText(std::string(bytes), trusted)); }
  Result<Value> NewList(List items, bool tuple = false);
  Result<Value> NewDict(Dict items);
  Result<Value> NewNamespace(Namespace space);
  Result<Value> NewLoop(const List* items);
  Result<Value> NewCallable(Callable callable);
  Result<Scope*> NewScope(Scope* parent);

 private:
  Limits limits_;
  uint64_t steps_ = 0, bytes_ = 0;
  std::deque<MarkedText> texts_;
  std::deque<List> lists_;
  std::deque<Dict> dicts_;
  std::deque<Namespace> spaces_;
  std::deque<Loop> loops_;
  std::deque<Callable> callables_;
  std::deque<Scope> scopes_;
};

// Puts a text together and charges the heap for each part before it is there.
class TextBuilder {
 public:
  explicit TextBuilder(Heap& heap) : heap_(heap) {}
  Status Append(std::string_view bytes, bool trusted);
  Status Append(const MarkedText& text) { return AppendSlice(text, 0, text.size()); }
  Status AppendSlice(const MarkedText& text, size_t begin, size_t end);
  size_t size() const { return text_.size(); }
  MarkedText Take() { return std::move(text_); }
  Result<Value> Finish() { return heap_.String(std::move(text_)); }
  Heap& heap() { return heap_; }

 private:
  Heap& heap_;
  MarkedText text_;
};

// A dictionary's value; nullptr where the key is not there.
Result<const Value*> FindKey(Heap& heap, const Dict& dict, const Value& key);
// Sets or appends; an error for a key that Python cannot hash.
Status PutKey(Heap& heap, Dict& dict, const Value& key, const Value& value);
const Value* FindAttribute(const Namespace& space, std::string_view name);

}  // namespace sterna::text::jinja
