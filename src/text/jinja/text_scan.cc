// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/text_scan.h"

#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace sterna::text::jinja {
namespace {

// Below this the library's search, which is quadratic at worst, is the faster one.
constexpr size_t kLongNeedleBytes = 32;

struct Decoded {
  bool known = false;
  char32_t code_point = 0;
  size_t length = 1;
};

Decoded CharacterAt(std::string_view text, size_t position) {
  const Utf8Step step = DecodeUtf8(text, position);
  return {step.kind == Utf8Step::Kind::kCharacter, step.code_point, step.length_bytes};
}

bool IsOneOf(std::string_view character, const std::string_view* characters, const Decoded& decoded) {
  if (characters == nullptr) return decoded.known && IsWhiteSpace(decoded.code_point);
  return characters->find(character) != std::string_view::npos;
}

}  // namespace

bool IsWhiteSpace(char32_t code_point) { return IsSpace(code_point) || (code_point >= 0x1c && code_point <= 0x1f); }

bool IsUtf8(std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    const Decoded character = CharacterAt(text, position);
    if (!character.known) return false;
    position += character.length;
  }
  return true;
}

size_t CountCharacters(std::string_view text) {
  size_t count = 0;
  for (size_t position = 0; position < text.size(); position += CharacterBytes(text, position)) ++count;
  return count;
}

size_t CharacterOffset(std::string_view text, size_t index) {
  size_t position = 0;
  while (index > 0 && position < text.size()) {
    position += CharacterBytes(text, position);
    --index;
  }
  return position;
}

size_t CharacterBytes(std::string_view text, size_t position) {
  return uint8_t(text[position]) < 0x80 ? 1 : CharacterAt(text, position).length;
}

Extent Stripped(std::string_view text, const std::string_view* characters, bool leading, bool trailing) {
  Extent kept{text.size(), text.size()};
  bool found = false;
  for (size_t position = 0; position < text.size();) {
    const Decoded character = CharacterAt(text, position);
    if (!IsOneOf(text.substr(position, character.length), characters, character)) {
      if (!found) kept.begin = position;
      found = true;
      kept.end = position + character.length;
    }
    position += character.length;
  }
  if (!leading) kept.begin = 0;
  if (!trailing) kept.end = text.size();
  if (!found && !leading) kept.end = trailing ? 0 : text.size();
  return kept;
}

bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char AsciiUpper(char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; }
char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

Searcher::Searcher(std::string_view needle) : needle_(needle) {
  if (needle.size() <= kLongNeedleBytes) return;
  borders_.assign(needle.size(), 0);
  for (size_t i = 1, border = 0; i < needle.size(); ++i) {
    while (border > 0 && needle[i] != needle[border]) border = borders_[border - 1];
    if (needle[i] == needle[border]) ++border;
    borders_[i] = uint32_t(border);
  }
}

size_t Searcher::Find(std::string_view text, size_t from) const {
  if (borders_.empty()) return text.find(needle_, from);
  for (size_t i = from, matched = 0; i < text.size(); ++i) {
    while (matched > 0 && text[i] != needle_[matched]) matched = borders_[matched - 1];
    if (text[i] == needle_[matched]) ++matched;
    if (matched == needle_.size()) return i + 1 - matched;
  }
  return std::string_view::npos;
}

}  // namespace sterna::text::jinja
