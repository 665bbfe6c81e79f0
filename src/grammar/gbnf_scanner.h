// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::grammar {

// Reads the words of a GBNF text from front to back.
class GbnfScanner {
 public:
  explicit GbnfScanner(std::string_view text);

  bool AtEnd() const { return position_ >= text_.size(); }
  // The byte at `ahead` from here; '\0' behind the end.
  char Peek(size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }
  bool Take(std::string_view word);
  void Skip() { ++position_; }
  // Blanks and comments; with `newlines` line ends too.
  void SkipSpace(bool newlines);
  // A line's end, which must stand here unless the text ends.
  Status TakeLineEnd();

  bool AtName() const;
  std::string TakeName();
  // A code point, or an escape that stands for one. `AtEnd` must not hold.
  Result<char32_t> TakeCharacter();
  Result<uint32_t> TakeNumber();

  std::string Place() const { return PlaceOf(position_); }
  size_t position() const { return position_; }
  std::string PlaceOf(size_t position) const;
  // InvalidArgument: what is wrong here.
  Status Wrong(std::string_view what) const { return WrongAt(position_, what); }
  Status WrongAt(size_t position, std::string_view what) const;

 private:
  Result<char32_t> TakeEscape();
  Result<char32_t> TakeHexadecimal(size_t digits);

  std::string_view text_;
  std::vector<size_t> line_begins_;
  size_t position_ = 0;
};

}  // namespace sterna::grammar
