// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/operators.h"
#include "text/jinja/printing.h"
#include "text/utf8.h"

namespace sterna::text::jinja {
namespace {

std::string FloatJson(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  return FloatText(number);
}

std::string EscapeUtf16(char32_t c) {
  if (c < 0x10000) return fmt::format("\\u{:04x}", uint32_t(c));
  const uint32_t rest = uint32_t(c) - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
}

// Empty for a character that stands for itself.
std::string Escape(char32_t c, bool ascii) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\b': return "\\b";
    case '\f': return "\\f";
    default: return c < 0x20 || (ascii && c > 0x7e) ? EscapeUtf16(c) : std::string();
  }
}

class JsonPrinter {
 public:
  JsonPrinter(TextBuilder& out, const JsonStyle& style) : out_(out), style_(style) {}

  Status Any(const Value& value, int depth) {
    STERNA_RETURN_IF_ERROR(out_.heap().Step());
    if (depth > kMaxValueDepth) return TooDeepError("a value that is written as JSON");
    switch (value.kind()) {
      case Kind::kNone: return Plain("null");
      case Kind::kBool: return Plain(value.boolean() ? "true" : "false");
      case Kind::kInt: return Plain(fmt::format("{}", value.integer()));
      case Kind::kFloat: return Plain(FloatJson(value.number()));
      case Kind::kString: return Quoted(value.text());
      case Kind::kList:
      case Kind::kTuple: return Array(value.list(), depth);
      case Kind::kDict: return Object(value.dict(), depth);
      default: return KindError("write as JSON", value);
    }
  }

 private:
  Status Plain(std::string_view text) { return out_.Append(text, true); }

  Status Quoted(const MarkedText& text) {
    const std::string_view bytes = text.bytes();
    STERNA_RETURN_IF_ERROR(out_.heap().StepText(bytes.size()));
    STERNA_RETURN_IF_ERROR(Plain("\""));
    size_t plain_from = 0;
    for (size_t position = 0; position < bytes.size();) {
      const Utf8Step step = DecodeUtf8(bytes, position);
      const size_t next = position + step.length_bytes;
      const std::string escape =
          step.kind == Utf8Step::Kind::kCharacter ? Escape(step.code_point, style_.ascii) : std::string();
      if (!escape.empty()) {
        STERNA_RETURN_IF_ERROR(out_.AppendSlice(text, plain_from, position));
        STERNA_RETURN_IF_ERROR(Plain(escape));
        plain_from = next;
      }
      position = next;
    }
    STERNA_RETURN_IF_ERROR(out_.AppendSlice(text, plain_from, bytes.size()));
    return Plain("\"");
  }

  Status NewLine(int depth) {
    if (!style_.lines) return {};
    STERNA_RETURN_IF_ERROR(Plain("\n"));
    for (int i = 0; i < depth; ++i) STERNA_RETURN_IF_ERROR(Plain(style_.indent));
    return {};
  }

  Status Array(const List& items, int depth) {
    if (items.empty()) return Plain("[]");
    STERNA_RETURN_IF_ERROR(Plain("["));
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) STERNA_RETURN_IF_ERROR(Plain(style_.item_separator));
      STERNA_RETURN_IF_ERROR(NewLine(depth + 1));
      STERNA_RETURN_IF_ERROR(Any(items[i], depth + 1));
    }
    STERNA_RETURN_IF_ERROR(NewLine(depth));
    return Plain("]");
  }

  Status Key(const Value& key) {
    if (key.Is(Kind::kString)) return Quoted(key.text());
    if (!key.IsNumber() && !key.Is(Kind::kNone)) return KindError("use as a key of JSON", key);
    STERNA_RETURN_IF_ERROR(Plain("\""));
    STERNA_RETURN_IF_ERROR(Any(key, 0));
    return Plain("\"");
  }

  Status Object(const Dict& dict, int depth) {
    if (dict.empty()) return Plain("{}");
    Dict sorted;
    if (style_.sort_keys) {
      STERNA_ASSIGN_OR_RETURN(sorted, Sorted(dict));
    }
    const Dict& items = style_.sort_keys ? sorted : dict;
    STERNA_RETURN_IF_ERROR(Plain("{"));
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) STERNA_RETURN_IF_ERROR(Plain(style_.item_separator));
      STERNA_RETURN_IF_ERROR(NewLine(depth + 1));
      STERNA_RETURN_IF_ERROR(Key(items[i].first));
      STERNA_RETURN_IF_ERROR(Plain(style_.key_separator));
      STERNA_RETURN_IF_ERROR(Any(items[i].second, depth + 1));
    }
    STERNA_RETURN_IF_ERROR(NewLine(depth));
    return Plain("}");
  }

  Result<Dict> Sorted(const Dict& dict) {
    for (const auto& [key, value] : dict) {
      if (!key.Is(Kind::kString)) return KindError("sort by", key);
    }
    STERNA_RETURN_IF_ERROR(out_.heap().Step(dict.size() * 16));
    Dict sorted = dict;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.first.bytes() < b.first.bytes(); });
    return sorted;
  }

  TextBuilder& out_;
  const JsonStyle& style_;
};

}  // namespace

Status PrintJson(TextBuilder& out, const Value& value, const JsonStyle& style) {
  return JsonPrinter(out, style).Any(value, 0);
}

}  // namespace sterna::text::jinja
