// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/filters.h"
#include "text/jinja/printing.h"
#include "text/jinja/text_operations.h"

namespace sterna::text::jinja {
namespace {

template <Result<Value> (*operation)(Heap&, const MarkedText&)>
Result<Value> PlainFilter(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("a filter of strings", arguments, {}, 0).status());
  STERNA_ASSIGN_OR_RETURN(const Value text, ToString(runtime.heap(), self));
  return operation(runtime.heap(), text.text());
}

Result<Value> Text(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_RETURN_IF_ERROR(Bind("string", arguments, {}, 0).status());
  return ToString(runtime.heap(), self);
}

Result<Value> Trim(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("trim", arguments, {"chars"}, 0));
  STERNA_ASSIGN_OR_RETURN(const Value text, ToString(runtime.heap(), self));
  return Strip(runtime.heap(), text.text(), bound[0], true, true);
}

Result<Value> ReplaceFilter(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("replace", arguments, {"old", "new", "count"}, 2));
  STERNA_ASSIGN_OR_RETURN(const Value text, ToString(runtime.heap(), self));
  STERNA_ASSIGN_OR_RETURN(const Value from, ToString(runtime.heap(), *bound[0]));
  STERNA_ASSIGN_OR_RETURN(const Value to, ToString(runtime.heap(), *bound[1]));
  int64_t count = -1;
  if (bound[2] && !bound[2]->Is(Kind::kNone)) {
    if (!bound[2]->IsInteger()) return KindError("use as a number", *bound[2]);
    count = bound[2]->integer();
  }
  return Replace(runtime.heap(), text.text(), from.text(), to.text(), count);
}

// `width` blanks, or the string itself.
Result<std::string> Blanks(const std::optional<Value>& width, int64_t otherwise) {
  if (width && width->Is(Kind::kString)) return std::string(width->bytes());
  if (width && !width->IsInteger()) return KindError("indent by", *width);
  const int64_t count = width ? width->integer() : otherwise;
  if (count > 1024) return Status::ResourceExhausted("an indentation is over 1024 characters; make it smaller");
  return std::string(size_t(std::max<int64_t>(count, 0)), ' ');
}

Result<Value> Indent(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("indent", arguments, {"width", "first", "blank"}, 0));
  STERNA_ASSIGN_OR_RETURN(const std::string blanks, Blanks(bound[0], 4));
  if (!self.Is(Kind::kString)) return KindError("indent", self);
  const bool first = bound[1] && IsTrue(*bound[1]);
  const bool blank = bound[2] && IsTrue(*bound[2]);
  STERNA_RETURN_IF_ERROR(runtime.heap().StepText(self.text().size()));
  STERNA_RETURN_IF_ERROR(runtime.heap().Charge(self.text().size()));
  // One line break more, as Jinja adds: it makes a break at the end of the text begin an empty line.
  const std::vector<Extent> lines = Lines(self.text().bytes() + "\n", false);
  TextBuilder built(runtime.heap());
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) STERNA_RETURN_IF_ERROR(built.Append("\n", true));
    const bool empty = lines[i].begin == lines[i].end;
    if (i == 0 ? first : (blank || !empty)) STERNA_RETURN_IF_ERROR(built.Append(blanks, true));
    STERNA_RETURN_IF_ERROR(built.AppendSlice(self.text(), lines[i].begin, lines[i].end));
  }
  return built.Finish();
}

Status SetSeparators(const Value& pair, JsonStyle& style) {
  if (!pair.IsSequence() || pair.list().size() != 2 || !pair.list()[0].Is(Kind::kString) ||
      !pair.list()[1].Is(Kind::kString)) {
    return Status::InvalidArgument("tojson: separators must be two strings");
  }
  style.item_separator = pair.list()[0].bytes();
  style.key_separator = pair.list()[1].bytes();
  return {};
}

// With the arguments of Hugging Face's own filter, which leaves characters beyond ASCII as they are.
Result<Value> ToJson(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound,
                          Bind("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}, 0));
  JsonStyle style;
  style.ascii = bound[0] && IsTrue(*bound[0]);
  style.sort_keys = bound[3] && IsTrue(*bound[3]);
  if (bound[1] && !bound[1]->Is(Kind::kNone)) {
    style.lines = true;
    style.item_separator.resize(1);  // the comma without the blank
    STERNA_ASSIGN_OR_RETURN(style.indent, Blanks(bound[1], 0));
  }
  if (bound[2] && !bound[2]->Is(Kind::kNone)) STERNA_RETURN_IF_ERROR(SetSeparators(*bound[2], style));
  TextBuilder built(runtime.heap());
  STERNA_RETURN_IF_ERROR(PrintJson(built, self, style));
  return built.Finish();
}

Result<Value> JoinFilter(Runtime& runtime, Value self, const Arguments& arguments) {
  STERNA_ASSIGN_OR_RETURN(const Bound bound, Bind("join", arguments, {"d", "attribute"}, 0));
  STERNA_ASSIGN_OR_RETURN(const List* items, Items(runtime.heap(), self));
  List parts;
  if (bound[1] && !bound[1]->Is(Kind::kNone)) {
    for (const Value& item : *items) {
      STERNA_ASSIGN_OR_RETURN(const Value part, ByPath(runtime, item, *bound[1]));
      parts.push_back(part);
    }
    items = &parts;
  }
  STERNA_ASSIGN_OR_RETURN(const Value separator, ToString(runtime.heap(), bound[0].value_or(Value())));
  return JoinTexts(runtime.heap(), separator.text(), *items);
}

constexpr NamedFunction kTextFilters[] = {
    {"trim", Trim},
    {"tojson", ToJson},
    {"join", JoinFilter},
    {"replace", ReplaceFilter},
    {"string", Text},
    {"safe", Text},
    {"upper", PlainFilter<Upper>},
    {"lower", PlainFilter<Lower>},
    {"capitalize", PlainFilter<Capitalized>},
    {"title", PlainFilter<TitleByWords>},
    {"indent", Indent},
};

}  // namespace

std::span<const NamedFunction> TextFilters() { return kTextFilters; }

}  // namespace sterna::text::jinja
