// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as the templates' language sees it: by characters. Bytes that are not UTF-8 count as one character for each
// maximal subpart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::text::jinja {

// What Python calls white space: Unicode's, and the four separators U+001C to U+001F.
bool IsWhiteSpace(char32_t code_point);

bool IsUtf8(std::string_view text);
size_t CountCharacters(std::string_view text);
// Where character `index` begins; text.size() for an index at or behind the end.
size_t CharacterOffset(std::string_view text, size_t index);
// Bytes of the character that begins at `position`.
size_t CharacterBytes(std::string_view text, size_t position);

struct Extent {
  size_t begin = 0, end = 0;
};
// What is left of the text when leading and trailing characters are taken off: white space, or with `characters` those.
Extent Stripped(std::string_view text, const std::string_view* characters, bool leading, bool trailing);

char AsciiUpper(char c);
char AsciiLower(char c);
bool IsAsciiLetter(char c);

// Looks for one text in others, in linear time whatever they are.
class Searcher {
 public:
  explicit Searcher(std::string_view needle);  // not empty; must outlive the searcher
  size_t Find(std::string_view text, size_t from) const;

 private:
  std::string_view needle_;
  std::vector<uint32_t> borders_;  // of long needles: length of the longest border of each prefix
};

}  // namespace sterna::text::jinja
