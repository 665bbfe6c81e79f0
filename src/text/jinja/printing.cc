// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/printing.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/text_scan.h"
#include "text/utf8.h"

namespace sterna::text::jinja {
namespace {

// What Python's repr writes as an escape: white space other than the blank, control and format characters, private use.
bool IsEscaped(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad) return true;
  if (c > 0x7f && IsWhiteSpace(c)) return true;
  return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfff9 && c <= 0xfffb) || c >= 0xe0000;
}

std::string Escape(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  if (c < 0x100) return fmt::format("\\x{:02x}", uint32_t(c));
  return c < 0x10000 ? fmt::format("\\u{:04x}", uint32_t(c)) : fmt::format("\\U{:08x}", uint32_t(c));
}

Status PrintQuoted(TextBuilder& out, const MarkedText& text) {
  const std::string_view bytes = text.bytes();
  const bool has_single = bytes.find('\'') != std::string_view::npos;
  const char quote = has_single && bytes.find('"') == std::string_view::npos ? '"' : '\'';
  STERNA_RETURN_IF_ERROR(out.heap().StepText(bytes.size()));
  STERNA_RETURN_IF_ERROR(out.Append(std::string_view(&quote, 1), true));
  for (size_t position = 0; position < bytes.size();) {
    const Utf8Step step = DecodeUtf8(bytes, position);
    const bool known = step.kind == Utf8Step::Kind::kCharacter;
    if (known && (step.code_point == char32_t(quote) || step.code_point == '\\')) {
      STERNA_RETURN_IF_ERROR(out.Append("\\", true));
    }
    if (known && IsEscaped(step.code_point)) {
      STERNA_RETURN_IF_ERROR(out.Append(Escape(step.code_point), true));
    } else {
      STERNA_RETURN_IF_ERROR(out.AppendSlice(text, position, position + step.length_bytes));
    }
    position += step.length_bytes;
  }
  return out.Append(std::string_view(&quote, 1), true);
}

Status PrintInner(TextBuilder& out, const Value& value, int depth);

Status PrintList(TextBuilder& out, const Value& value, int depth) {
  const bool tuple = value.Is(Kind::kTuple);
  STERNA_RETURN_IF_ERROR(out.Append(tuple ? "(" : "[", true));
  for (size_t i = 0; i < value.list().size(); ++i) {
    if (i > 0) STERNA_RETURN_IF_ERROR(out.Append(", ", true));
    STERNA_RETURN_IF_ERROR(PrintInner(out, value.list()[i], depth + 1));
  }
  if (tuple && value.list().size() == 1) STERNA_RETURN_IF_ERROR(out.Append(",", true));
  return out.Append(tuple ? ")" : "]", true);
}

Status PrintDict(TextBuilder& out, const Dict& dict, int depth) {
  STERNA_RETURN_IF_ERROR(out.Append("{", true));
  for (size_t i = 0; i < dict.size(); ++i) {
    if (i > 0) STERNA_RETURN_IF_ERROR(out.Append(", ", true));
    STERNA_RETURN_IF_ERROR(PrintInner(out, dict[i].first, depth + 1));
    STERNA_RETURN_IF_ERROR(out.Append(": ", true));
    STERNA_RETURN_IF_ERROR(PrintInner(out, dict[i].second, depth + 1));
  }
  return out.Append("}", true);
}

Status PrintNamespace(TextBuilder& out, const Namespace& space, int depth) {
  STERNA_RETURN_IF_ERROR(out.Append("<Namespace {", true));
  for (size_t i = 0; i < space.attributes.size(); ++i) {
    if (i > 0) STERNA_RETURN_IF_ERROR(out.Append(", ", true));
    STERNA_RETURN_IF_ERROR(out.Append(fmt::format("'{}': ", *space.attributes[i].first), true));
    STERNA_RETURN_IF_ERROR(PrintInner(out, space.attributes[i].second, depth + 1));
  }
  return out.Append("}>", true);
}

// Inside lists and dicts: strings with quotes.
Status PrintInner(TextBuilder& out, const Value& value, int depth) {
  STERNA_RETURN_IF_ERROR(out.heap().Step());
  if (depth > kMaxValueDepth) return TooDeepError("a value that is printed");
  switch (value.kind()) {
    case Kind::kUndefined: return out.Append("Undefined", true);
    case Kind::kNone: return out.Append("None", true);
    case Kind::kBool: return out.Append(value.boolean() ? "True" : "False", true);
    case Kind::kInt: return out.Append(fmt::format("{}", value.integer()), true);
    case Kind::kFloat: return out.Append(FloatText(value.number()), true);
    case Kind::kString: return PrintQuoted(out, value.text());
    case Kind::kList:
    case Kind::kTuple: return PrintList(out, value, depth);
    case Kind::kDict: return PrintDict(out, value.dict(), depth);
    case Kind::kNamespace: return PrintNamespace(out, value.space(), depth);
    case Kind::kLoop:
    case Kind::kCallable: return KindError("print", value);
  }
  return {};
}

}  // namespace

std::string FloatText(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char digits[64];
  const auto scientific = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::scientific);
  std::string text(digits, scientific.ptr);
  int exponent = 0;
  const size_t mark = text.find('e');
  const char* sign = text.data() + mark + 1;
  std::from_chars(*sign == '+' ? sign + 1 : sign, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16) return text;  // two digits of exponent or more, as Python has it
  const auto fixed = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed);
  std::string plain(digits, fixed.ptr);
  if (plain.find('.') == std::string::npos) plain += ".0";
  return plain;
}

Status Print(TextBuilder& out, const Value& value) {
  if (value.Is(Kind::kString)) return out.Append(value.text());
  if (value.Is(Kind::kUndefined)) return {};
  return PrintInner(out, value, 0);
}

Result<Value> ToString(Heap& heap, const Value& value) {
  if (value.Is(Kind::kString)) return value;
  TextBuilder out(heap);
  STERNA_RETURN_IF_ERROR(Print(out, value));
  return out.Finish();
}

}  // namespace sterna::text::jinja
