// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/literals.h"

#include <fmt/format.h>

#include <charconv>

#include "base/status_macros.h"
#include "text/utf8.h"

namespace sterna::text::jinja {
namespace {

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// The byte of \n and its kin; 0 for any other.
char SimpleEscape(char c) {
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'v': return '\v';
    case '\\':
    case '\'':
    case '"': return c;
    default: return '\0';
  }
}

size_t HexDigits(char c) { return c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0; }

class Unescaper {
 public:
  Unescaper(std::string_view text, uint32_t line) : text_(text), line_(line) {}

  Result<std::string> Run() {
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c != '\\' || position_ == text_.size()) {
        out_ += c;
      } else {
        STERNA_RETURN_IF_ERROR(Escape(text_[position_++]));
      }
    }
    return std::move(out_);
  }

 private:
  Status Escape(char c) {
    if (c == '\n') return {};  // a line that goes on
    if (const char simple = SimpleEscape(c); simple != '\0') {
      out_ += simple;
      return {};
    }
    if (const size_t digits = HexDigits(c); digits != 0) return Number(16, digits, digits);
    if (c >= '0' && c <= '7') {
      --position_;
      return Number(8, 1, 3);
    }
    if (c == 'N')
      return Status::Unsupported(fmt::format("line {}: \\N{{...}} is not supported; write the character", line_));
    out_ += '\\';
    out_ += c;
    return {};
  }

  Status Number(int base, size_t least, size_t most) {
    char32_t code_point = 0;
    size_t count = 0;
    while (count < most && position_ < text_.size() && DigitOf(text_[position_]) < base) {
      code_point = code_point * char32_t(base) + char32_t(DigitOf(text_[position_++]));
      ++count;
    }
    if (count < least || code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff)) {
      return SyntaxError(line_, "an escape in a string names no character");
    }
    AppendUtf8(code_point, out_);
    return {};
  }

  std::string_view text_;
  uint32_t line_;
  size_t position_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> UnescapeLiteral(std::string_view text, uint32_t line) { return Unescaper(text, line).Run(); }

Result<Value> NumberLiteral(const Token& token) {
  std::string digits;
  for (const char c : token.text) {
    if (c != '_') digits += c;
  }
  const char* end = digits.data() + digits.size();
  if (token.type == TokenType::kFloat) {
    double number = 0;
    const auto parsed = std::from_chars(digits.data(), end, number);
    if (parsed.ec != std::errc()) return SyntaxError(token.line, "a number is out of range");
    return Value::Float(number);
  }
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = char(digits[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    if (base == 10 && digits.find_first_not_of('0') != std::string::npos) {
      return SyntaxError(token.line, "a number begins with 0; leave it out");
    }
  }
  int64_t number = 0;
  const auto parsed = std::from_chars(digits.data() + (base == 10 ? 0 : 2), end, number, base);
  if (parsed.ec == std::errc::result_out_of_range) return SyntaxError(token.line, "a number does not fit 64 bits");
  if (parsed.ec != std::errc() || parsed.ptr != end) return SyntaxError(token.line, "a number is malformed");
  return Value::Int(number);
}

}  // namespace sterna::text::jinja
