// SPDX-License-Identifier: Apache-2.0
//
// What filters and methods of strings have in common. Every result keeps which of its bytes are trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "text/jinja/heap.h"
#include "text/jinja/text_scan.h"
#include "text/jinja/value.h"

namespace sterna::text::jinja {

// Letters beyond ASCII stay as they are in all of these.
Result<Value> Upper(Heap& heap, const MarkedText& text);
Result<Value> Lower(Heap& heap, const MarkedText& text);
Result<Value> Capitalized(Heap& heap, const MarkedText& text);
// The method: a letter is upper case where none stands before it.
Result<Value> TitleByLetters(Heap& heap, const MarkedText& text);
// The filter: where a blank, a hyphen or an opening bracket stands before it.
Result<Value> TitleByWords(Heap& heap, const MarkedText& text);

// `characters` undefined or none: white space.
Result<Value> Strip(Heap& heap, const MarkedText& text, const std::optional<Value>& characters, bool leading,
                    bool trailing);
// `count` below zero: all.
Result<Value> Replace(Heap& heap, const MarkedText& text, const MarkedText& from, const MarkedText& to, int64_t count);
Result<Value> JoinTexts(Heap& heap, const MarkedText& separator, const List& items);
std::vector<Extent> Lines(std::string_view text, bool keep_ends);

}  // namespace sterna::text::jinja
