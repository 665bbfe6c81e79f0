// SPDX-License-Identifier: Apache-2.0
#include "grammar/gbnf_scanner.h"

#include <fmt/format.h>

#include <algorithm>

#include "grammar/limits.h"
#include "grammar/syntax.h"
#include "text/utf8.h"

namespace sterna::grammar {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '-' || c == '_';
}

int HexadecimalDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

GbnfScanner::GbnfScanner(std::string_view text) : text_(text), line_begins_{0} {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_begins_.push_back(i + 1);
  }
}

bool GbnfScanner::Take(std::string_view word) {
  if (!text_.substr(position_).starts_with(word)) return false;
  position_ += word.size();
  return true;
}

void GbnfScanner::SkipSpace(bool newlines) {
  while (!AtEnd()) {
    const char c = Peek();
    if (c == '#') {
      position_ = std::min(text_.find_first_of("\r\n", position_), text_.size());
    } else if (c == ' ' || c == '\t' || (newlines && (c == '\r' || c == '\n'))) {
      ++position_;
    } else {
      return;
    }
  }
}

Status GbnfScanner::TakeLineEnd() {
  if (AtEnd() || Take("\r\n") || Take("\n") || Take("\r")) return {};
  return Wrong(fmt::format("a rule's line should end where '{}' stands; close brackets, quote texts", Peek()));
}

bool GbnfScanner::AtName() const { return IsNameCharacter(Peek()); }

std::string GbnfScanner::TakeName() {
  const size_t begin = position_;
  while (AtName()) ++position_;
  return std::string(text_.substr(begin, position_ - begin));
}

Result<char32_t> GbnfScanner::TakeCharacter() {
  if (Peek() == '\\') return TakeEscape();
  const text::Utf8Step step = text::DecodeUtf8(text_, position_);
  if (step.kind != text::Utf8Step::Kind::kCharacter) return Wrong("these bytes are not UTF-8; save the text as UTF-8");
  position_ += step.length_bytes;
  return step.code_point;
}

Result<char32_t> GbnfScanner::TakeEscape() {
  const char kind = Peek(1);
  position_ += 2;
  switch (kind) {
    case 'n': return U'\n';
    case 'r': return U'\r';
    case 't': return U'\t';
    case '\\':
    case '"':
    case '[':
    case ']':
    case '-':
    case '^': return char32_t(kind);
    case 'x': return TakeHexadecimal(2);
    case 'u': return TakeHexadecimal(4);
    case 'U': return TakeHexadecimal(8);
    default: break;
  }
  position_ -= 2;
  return Wrong(R"(unknown escape; there are \n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH)");
}

Result<char32_t> GbnfScanner::TakeHexadecimal(size_t digits) {
  uint64_t value = 0;
  const size_t begin = position_;
  for (size_t i = 0; i < digits; ++i, ++position_) {
    const int digit = HexadecimalDigit(Peek());
    if (digit < 0) return Wrong(fmt::format("the escape needs {} hexadecimal digits; write them all", digits));
    value = value * 16 + uint64_t(digit);
  }
  if (value > kLastCodePoint || (value >= 0xd800 && value <= 0xdfff)) {
    return WrongAt(begin, fmt::format("U+{:04X} is no character; the last one is U+10FFFF", value));
  }
  return char32_t(value);
}

Result<uint32_t> GbnfScanner::TakeNumber() {
  if (!IsDigit(Peek())) return Wrong("a number should stand here; write {m}, {m,}, {,n} or {m,n}");
  uint64_t value = 0;
  const size_t begin = position_;
  for (; IsDigit(Peek()); ++position_) {
    value = value * 10 + uint64_t(Peek() - '0');
    if (value > kMaxRepetitions) {
      return WrongAt(begin, fmt::format("too many repetitions; the limit is {}", kMaxRepetitions));
    }
  }
  return uint32_t(value);
}

std::string GbnfScanner::PlaceOf(size_t position) const {
  const auto line = std::upper_bound(line_begins_.begin(), line_begins_.end(), position) - line_begins_.begin();
  return fmt::format("line {}, column {}", line, position - line_begins_[size_t(line) - 1] + 1);
}

Status GbnfScanner::WrongAt(size_t position, std::string_view what) const {
  return Status::InvalidArgument(fmt::format("grammar {}: {}", PlaceOf(position), what));
}

}  // namespace sterna::grammar
