// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer.h"

#include <array>

#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace sterna::text {
namespace {

// Every character is in exactly one class, so each part of the expressions is a test of classes.
enum class CharClass : uint8_t { kLetter, kNumber, kBlank, kNewline, kOther };  // kBlank: white space but \r and \n

constexpr CharClass ClassOfAscii(int c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return CharClass::kLetter;
  if (c >= '0' && c <= '9') return CharClass::kNumber;
  if (c == '\r' || c == '\n') return CharClass::kNewline;
  if (c == ' ' || (c >= 9 && c <= 13)) return CharClass::kBlank;
  return CharClass::kOther;
}

constexpr std::array<CharClass, 128> kAsciiClasses = [] {
  std::array<CharClass, 128> classes{};
  for (int c = 0; c < 128; ++c) classes[size_t(c)] = ClassOfAscii(c);
  return classes;
}();

struct Char {
  CharClass char_class = CharClass::kOther;
  size_t end = 0;
};

Char ReadNonAscii(std::string_view text, size_t position) {
  const Utf8Step step = DecodeUtf8(text, position);
  if (step.kind != Utf8Step::Kind::kCharacter) return {CharClass::kOther, position + 1};
  const size_t end = position + step.length_bytes;
  if (IsLetter(step.code_point)) return {CharClass::kLetter, end};
  if (IsNumber(step.code_point)) return {CharClass::kNumber, end};
  if (IsSpace(step.code_point)) return {CharClass::kBlank, end};
  return {CharClass::kOther, end};
}

Char Read(std::string_view text, size_t position) {
  const uint8_t byte = uint8_t(text[position]);
  if (byte < 0x80) return {kAsciiClasses[byte], position + 1};
  return ReadNonAscii(text, position);
}

// The end of the run of `char_class` that starts at `position`, at most `limit` characters long.
size_t SkipRun(std::string_view text, size_t position, CharClass char_class, size_t limit = SIZE_MAX) {
  for (; position < text.size() && limit > 0; --limit) {
    const Char c = Read(text, position);
    if (c.char_class != char_class) break;
    position = c.end;
  }
  return position;
}

char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; }

// The end of 's 't 'm 'd 're 've 'll after the apostrophe at `position`, or `position` when there is none.
size_t SkipContraction(std::string_view text, size_t position, bool any_case) {
  const auto at = [&](size_t i) {
    if (i >= text.size()) return '\0';
    return any_case ? AsciiLower(text[i]) : text[i];
  };
  switch (at(position + 1)) {
    case 's':
    case 't':
    case 'm':
    case 'd': return position + 2;
    case 'r':
    case 'v': return at(position + 2) == 'e' ? position + 3 : position;
    case 'l': return at(position + 2) == 'l' ? position + 3 : position;
    default: break;
  }
  // U+017F (long s) folds to s, so the case-insensitive expression takes it.
  if (any_case && text.substr(position + 1, 2) == "\xc5\xbf") return position + 3;
  return position;
}

// The last three alternatives: \s*[\r\n]+ | \s+(?!\S) | \s+, the first only where `newlines_end_pieces`.
size_t SkipSpaces(std::string_view text, size_t position, bool newlines_end_pieces) {
  size_t last_start = position;  // of the run's last character
  size_t after_newline = position;
  size_t end = position;
  while (end < text.size()) {
    const Char c = Read(text, end);
    if (c.char_class != CharClass::kBlank && c.char_class != CharClass::kNewline) break;
    last_start = end;
    end = c.end;
    if (c.char_class == CharClass::kNewline) after_newline = end;
  }
  if (newlines_end_pieces && after_newline != position) return after_newline;
  // Before something else the run keeps its last character for the next piece, unless it has only one.
  if (end < text.size() && last_start != position) return last_start;
  return end;
}

// kLlama3 and kQwen2, which differ in how many digits a piece takes.
size_t FindLlamaPieceEnd(std::string_view text, size_t position, size_t max_digits) {
  const Char first = Read(text, position);
  if (text[position] == '\'') {
    if (const size_t end = SkipContraction(text, position, /*any_case=*/true); end != position) return end;
  }
  if (first.char_class == CharClass::kLetter) return SkipRun(text, first.end, CharClass::kLetter);
  if (first.char_class == CharClass::kNumber) return SkipRun(text, position, CharClass::kNumber, max_digits);
  if (first.char_class != CharClass::kNewline) {  // one blank or other character may lead a run of letters
    if (const size_t end = SkipRun(text, first.end, CharClass::kLetter); end != first.end) return end;
  }
  const size_t others = text[position] == ' ' ? first.end : position;
  if (const size_t end = SkipRun(text, others, CharClass::kOther); end != others) {
    return SkipRun(text, end, CharClass::kNewline);
  }
  return SkipSpaces(text, position, /*newlines_end_pieces=*/true);
}

size_t FindGpt2PieceEnd(std::string_view text, size_t position) {
  if (text[position] == '\'') {
    if (const size_t end = SkipContraction(text, position, /*any_case=*/false); end != position) return end;
  }
  const size_t start = text[position] == ' ' && position + 1 < text.size() ? position + 1 : position;
  const Char first = Read(text, start);
  if (first.char_class == CharClass::kBlank || first.char_class == CharClass::kNewline) {
    return SkipSpaces(text, position, /*newlines_end_pieces=*/false);
  }
  return SkipRun(text, start, first.char_class);
}

}  // namespace

size_t FindPieceEnd(SplitPattern pattern, std::string_view text, size_t position) {
  switch (pattern) {
    case SplitPattern::kLlama3: return FindLlamaPieceEnd(text, position, 3);
    case SplitPattern::kQwen2: return FindLlamaPieceEnd(text, position, 1);
    case SplitPattern::kGpt2: return FindGpt2PieceEnd(text, position);
  }
  return text.size();
}

}  // namespace sterna::text
