// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/text_methods.h"

#include <algorithm>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/text_operations.h"
#include "text/jinja/text_scan.h"
#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace sterna::text::jinja {
namespace {

constexpr auto kNotFound = std::string_view::npos;

template <Result<Value> (*operation)(Heap&, const MarkedText&)>
Result<Value> PlainMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("a method of strings", arguments, {}, 0).status());
  return operation(runtime.heap(), self.text());
}

template <bool leading, bool trailing>
Result<Value> StripMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("strip", arguments, {"chars"}, 0));
  return Strip(runtime.heap(), self.text(), bound[0], leading, trailing);
}

Status CheckString(const Value& value) {
  return value.Is(Kind::kString) ? Status() : KindError("use as a string", value);
}

Result<int64_t> IntegerOr(const std::optional<Value>& value, int64_t otherwise) {
  if (!value) return otherwise;
  if (!value->IsInteger()) return KindError("use as a number", *value);
  return value->integer();
}

Result<Value> ReplaceMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("replace", arguments, {"old", "new", "count"}, 2));
  STERNA_RETURN_IF_ERROR(CheckString(*bound[0]));
  STERNA_RETURN_IF_ERROR(CheckString(*bound[1]));
  STERNA_ASSIGN_OR_RETURN(const int64_t count, IntegerOr(bound[2], -1));
  return Replace(runtime.heap(), self.text(), bound[0]->text(), bound[1]->text(), count);
}

Result<bool> HasAffix(Heap& heap, std::string_view text, const Value& affix, bool at_start) {
  if (affix.Is(Kind::kTuple)) {
    for (const Value& one : affix.list()) {
      STERNA_RETURN_IF_ERROR(CheckString(one));
      STERNA_ASSIGN_OR_RETURN(const bool has, HasAffix(heap, text, one, at_start));
      if (has) return true;
    }
    return false;
  }
  STERNA_RETURN_IF_ERROR(CheckString(affix));
  STERNA_RETURN_IF_ERROR(heap.StepText(affix.bytes().size()));
  return at_start ? text.starts_with(affix.bytes()) : text.ends_with(affix.bytes());
}

template <bool at_start>
Result<Value> AffixMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind(at_start ? "startswith" : "endswith", arguments, {"text"}, 1));
  STERNA_ASSIGN_OR_RETURN(const bool has, HasAffix(runtime.heap(), self.bytes(), *bound[0], at_start));
  return Value::Bool(has);
}

template <bool at_start>
Result<Value> RemoveAffix(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind(at_start ? "removeprefix" : "removesuffix", arguments, {"text"}, 1));
  STERNA_RETURN_IF_ERROR(CheckString(*bound[0]));
  STERNA_ASSIGN_OR_RETURN(const bool has, HasAffix(runtime.heap(), self.bytes(), *bound[0], at_start));
  if (!has) return self;
  const size_t size = self.text().size();
  const size_t cut = bound[0]->bytes().size();
  return runtime.heap().String(at_start ? self.text().Slice(cut, size) : self.text().Slice(0, size - cut));
}

Result<size_t> FindIn(Heap& heap, const Value& self, const Value& needle, bool last) {
  STERNA_RETURN_IF_ERROR(CheckString(needle));
  STERNA_RETURN_IF_ERROR(heap.StepText(self.text().size() + needle.bytes().size()));
  if (needle.bytes().empty()) return last ? self.text().size() : 0;
  const Searcher searcher(needle.bytes());
  size_t found = searcher.Find(self.bytes(), 0);
  if (!last) return found;
  // Places may overlap, so each next one is looked for one byte further; the steps bound how often.
  for (size_t next = found; next != kNotFound; next = searcher.Find(self.bytes(), next + 1)) {
    STERNA_RETURN_IF_ERROR(heap.Step(1 + needle.bytes().size() / 16));
    found = next;
  }
  return found;
}

template <bool last, bool must_be_there>
Result<Value> FindMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("find", arguments, {"text"}, 1));
  STERNA_ASSIGN_OR_RETURN(const size_t found, FindIn(runtime.heap(), self, *bound[0], last));
  if (found == kNotFound) {
    if (must_be_there) return Status::InvalidArgument("index: the text is not there; ask with 'in' first");
    return Value::Int(-1);
  }
  return Value::Int(int64_t(CountCharacters(self.bytes().substr(0, found))));
}

Result<Value> CountMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("count", arguments, {"text"}, 1));
  STERNA_RETURN_IF_ERROR(CheckString(*bound[0]));
  const std::string_view needle = bound[0]->bytes();
  STERNA_RETURN_IF_ERROR(runtime.heap().StepText(self.text().size() + needle.size()));
  if (needle.empty()) return Value::Int(int64_t(CountCharacters(self.bytes())) + 1);
  const Searcher searcher(needle);
  int64_t count = 0;
  for (size_t at = searcher.Find(self.bytes(), 0); at != kNotFound;
       at = searcher.Find(self.bytes(), at + needle.size())) {
    ++count;
  }
  return Value::Int(count);
}

Result<Value> JoinMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("join", arguments, {"items"}, 1));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), *bound[0]));
  for (const Value& item : *items) STERNA_RETURN_IF_ERROR(CheckString(item));
  return JoinTexts(runtime.heap(), self.text(), *items);
}

Result<Value> MakeParts(Heap& heap, const MarkedText& text, const std::vector<Extent>& parts) {
  List items;
  for (const Extent& part : parts) {
    STERNA_RETURN_IF_ERROR(heap.Step());
    STERNA_ASSIGN_OR_RETURN(const Value item, heap.String(text.Slice(part.begin, part.end)));
    items.push_back(item);
  }
  return heap.NewList(std::move(items));
}

// Pieces between runs of white space; with `most` splits the rest is one piece from its first character on.
std::vector<Extent> SplitAtSpace(std::string_view text, int64_t most) {
  std::vector<Extent> parts;
  size_t begin = kNotFound;  // of the piece that is being read
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = DecodeUtf8(text, at);
    const bool space = step.kind == Utf8Step::Kind::kCharacter && IsWhiteSpace(step.code_point);
    if (space && begin != kNotFound) {
      parts.push_back({begin, at});
      begin = kNotFound;
    } else if (!space && begin == kNotFound) {
      begin = at;
      if (most >= 0 && int64_t(parts.size()) >= most) break;
    }
    at += step.length_bytes;
  }
  if (begin != kNotFound) parts.push_back({begin, text.size()});
  return parts;
}

std::vector<Extent> SplitAtText(std::string_view text, std::string_view separator, int64_t most) {
  std::vector<Extent> parts;
  const Searcher searcher(separator);
  size_t begin = 0;
  while (most < 0 || int64_t(parts.size()) < most) {
    const size_t found = searcher.Find(text, begin);
    if (found == kNotFound) break;
    parts.push_back({begin, found});
    begin = found + separator.size();
  }
  parts.push_back({begin, text.size()});
  return parts;
}

// As SplitAtText, counting from the end.
std::vector<Extent> SplitAtTextFromEnd(std::string_view text, std::string_view separator, int64_t most) {
  std::vector<Extent> parts = SplitAtText(text, separator, -1);
  const int64_t surplus = int64_t(parts.size()) - 1 - most;
  if (most < 0 || surplus <= 0) return parts;
  parts[size_t(surplus)].begin = 0;
  parts.erase(parts.begin(), parts.begin() + surplus);
  return parts;
}

template <bool from_end>
Result<Value> SplitMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("split", arguments, {"sep", "maxsplit"}, 0));
  STERNA_ASSIGN_OR_RETURN(const int64_t most, IntegerOr(bound[1], -1));
  Heap& heap = runtime.heap();
  STERNA_RETURN_IF_ERROR(heap.StepText(self.text().size()));
  STERNA_RETURN_IF_ERROR(heap.Charge(self.text().size()));
  if (!bound[0] || bound[0]->Is(Kind::kNone)) {
    if (from_end && most >= 0) return Status::Unsupported("rsplit with a number needs a separator; give one");
    return MakeParts(heap, self.text(), SplitAtSpace(self.bytes(), most));
  }
  STERNA_RETURN_IF_ERROR(CheckString(*bound[0]));
  if (bound[0]->bytes().empty()) return Status::InvalidArgument("split: the separator is empty; give one");
  return MakeParts(heap, self.text(),
                   from_end ? SplitAtTextFromEnd(self.bytes(), bound[0]->bytes(), most)
                            : SplitAtText(self.bytes(), bound[0]->bytes(), most));
}

template <bool last>
Result<Value> PartitionMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("partition", arguments, {"sep"}, 1));
  STERNA_ASSIGN_OR_RETURN(const size_t found, FindIn(runtime.heap(), self, *bound[0], last));
  const size_t size = self.text().size();
  const size_t separator = bound[0]->bytes().size();
  if (separator == 0) return Status::InvalidArgument("partition: the separator is empty; give one");
  std::vector<Extent> parts = {{0, size}, {size, size}, {size, size}};
  if (found == kNotFound && last) parts = {{0, 0}, {0, 0}, {0, size}};
  if (found != kNotFound) parts = {{0, found}, {found, found + separator}, {found + separator, size}};
  STERNA_ASSIGN_OR_RETURN(const Value list, MakeParts(runtime.heap(), self.text(), parts));
  return Value::OfList(&list.list(), /*tuple=*/true);
}

Result<Value> SplitLines(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("splitlines", arguments, {"keepends"}, 0));
  STERNA_RETURN_IF_ERROR(runtime.heap().StepText(self.text().size()));
  STERNA_RETURN_IF_ERROR(runtime.heap().Charge(self.text().size()));
  return MakeParts(runtime.heap(), self.text(), Lines(self.bytes(), bound[0] && IsTrue(*bound[0])));
}

enum class Class : uint8_t { kDigit, kAlpha, kAlnum, kSpace };

bool IsIn(char32_t c, Class wanted) {
  const bool digit = c < 0x80 ? c >= '0' && c <= '9' : IsNumber(c);
  switch (wanted) {
    case Class::kDigit: return digit;
    case Class::kAlpha: return IsLetter(c);
    case Class::kAlnum: return digit || IsLetter(c);
    case Class::kSpace: return IsWhiteSpace(c);
  }
  return false;
}

template <Class wanted>
Result<Value> ClassMethod(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("a method of strings", arguments, {}, 0).status());
  STERNA_RETURN_IF_ERROR(runtime.heap().StepText(self.text().size()));
  for (size_t at = 0; at < self.text().size();) {
    const Utf8Step step = DecodeUtf8(self.bytes(), at);
    if (step.kind != Utf8Step::Kind::kCharacter || !IsIn(step.code_point, wanted)) return Value::Bool(false);
    at += step.length_bytes;
  }
  return Value::Bool(!self.text().empty());
}

constexpr NamedFunction kMethods[] = {
    {"capitalize", PlainMethod<Capitalized>},
    {"count", CountMethod},
    {"endswith", AffixMethod<false>},
    {"find", FindMethod<false, false>},
    {"index", FindMethod<false, true>},
    {"isalnum", ClassMethod<Class::kAlnum>},
    {"isalpha", ClassMethod<Class::kAlpha>},
    {"isdigit", ClassMethod<Class::kDigit>},
    {"isspace", ClassMethod<Class::kSpace>},
    {"join", JoinMethod},
    {"lower", PlainMethod<Lower>},
    {"lstrip", StripMethod<true, false>},
    {"partition", PartitionMethod<false>},
    {"removeprefix", RemoveAffix<true>},
    {"removesuffix", RemoveAffix<false>},
    {"replace", ReplaceMethod},
    {"rfind", FindMethod<true, false>},
    {"rindex", FindMethod<true, true>},
    {"rpartition", PartitionMethod<true>},
    {"rsplit", SplitMethod<true>},
    {"rstrip", StripMethod<false, true>},
    {"split", SplitMethod<false>},
    {"splitlines", SplitLines},
    {"startswith", AffixMethod<true>},
    {"strip", StripMethod<true, true>},
    {"title", PlainMethod<TitleByLetters>},
    {"upper", PlainMethod<Upper>},
};

constexpr std::string_view kMissing[] = {"casefold",   "center",      "encode",    "expandtabs",   "format",
                                         "format_map", "isascii",     "isdecimal", "isidentifier", "islower",
                                         "isnumeric",  "isprintable", "istitle",   "isupper",      "ljust",
                                         "maketrans",  "rjust",       "swapcase",  "translate",    "zfill"};

}  // namespace

std::span<const NamedFunction> TextMethods() { return kMethods; }

bool IsMissingTextMethod(std::string_view name) {
  return std::find(std::begin(kMissing), std::end(kMissing), name) != std::end(kMissing);
}

}  // namespace sterna::text::jinja
