// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/text_operations.h"

#include <string>

#include "base/status_macros.h"
#include "text/jinja/errors.h"
#include "text/jinja/printing.h"
#include "text/utf8.h"

namespace sterna::text::jinja {
namespace {

enum class Case : uint8_t { kUpper, kLower };

// Every letter in the case that `choose` gives for its place.
template <class Choose>
Result<Value> Recase(Heap& heap, const MarkedText& text, const Choose& choose) {
  STERNA_RETURN_IF_ERROR(heap.StepText(text.size()));
  std::string bytes = text.bytes();
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = choose(i) == Case::kUpper ? AsciiUpper(bytes[i]) : AsciiLower(bytes[i]);
  }
  return heap.String(text.WithBytes(std::move(bytes)));
}

bool StartsWord(char before) {
  return before == ' ' || (before >= '\t' && before <= '\r') || (before >= 0x1c && before <= 0x1f) || before == '-' ||
         before == '(' || before == '{' || before == '[' || before == '<';
}

bool IsLineEnd(char32_t c) {
  return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

// Between all characters, as Python does when what is looked for is empty.
Result<Value> Intersperse(Heap& heap, const MarkedText& text, const MarkedText& to, int64_t count) {
  TextBuilder built(heap);
  size_t at = 0;
  while (count != 0) {
    STERNA_RETURN_IF_ERROR(heap.Step());
    STERNA_RETURN_IF_ERROR(built.Append(to));
    --count;
    if (at == text.size()) break;
    const size_t next = at + CharacterBytes(text.bytes(), at);
    STERNA_RETURN_IF_ERROR(built.AppendSlice(text, at, next));
    at = next;
  }
  STERNA_RETURN_IF_ERROR(built.AppendSlice(text, at, text.size()));
  return built.Finish();
}

}  // namespace

Result<Value> Upper(Heap& heap, const MarkedText& text) {
  return Recase(heap, text, [](size_t) { return Case::kUpper; });
}

Result<Value> Lower(Heap& heap, const MarkedText& text) {
  return Recase(heap, text, [](size_t) { return Case::kLower; });
}

Result<Value> Capitalized(Heap& heap, const MarkedText& text) {
  return Recase(heap, text, [](size_t i) { return i == 0 ? Case::kUpper : Case::kLower; });
}

Result<Value> TitleByLetters(Heap& heap, const MarkedText& text) {
  return Recase(heap, text, [&](size_t i) {
    const bool inside = i > 0 && (IsAsciiLetter(text.bytes()[i - 1]) || uint8_t(text.bytes()[i - 1]) >= 0x80);
    return inside ? Case::kLower : Case::kUpper;
  });
}

Result<Value> TitleByWords(Heap& heap, const MarkedText& text) {
  return Recase(heap, text,
                [&](size_t i) { return i == 0 || StartsWord(text.bytes()[i - 1]) ? Case::kUpper : Case::kLower; });
}

Result<Value> Strip(Heap& heap, const MarkedText& text, const std::optional<Value>& characters, bool leading,
                    bool trailing) {
  STERNA_RETURN_IF_ERROR(heap.StepText(text.size()));
  if (!characters || characters->Is(Kind::kNone)) {
    const Extent kept = Stripped(text.bytes(), nullptr, leading, trailing);
    return heap.String(text.Slice(kept.begin, kept.end));
  }
  if (!characters->Is(Kind::kString)) return KindError("strip", *characters);
  const std::string_view set = characters->bytes();
  STERNA_RETURN_IF_ERROR(heap.Step(1 + text.size() * set.size() / 16));
  const Extent kept = Stripped(text.bytes(), &set, leading, trailing);
  return heap.String(text.Slice(kept.begin, kept.end));
}

Result<Value> Replace(Heap& heap, const MarkedText& text, const MarkedText& from, const MarkedText& to, int64_t count) {
  STERNA_RETURN_IF_ERROR(heap.StepText(text.size() + from.size()));
  if (from.empty()) return Intersperse(heap, text, to, count);
  const Searcher searcher(from.bytes());
  TextBuilder built(heap);
  size_t at = 0;
  while (count != 0) {
    const size_t found = searcher.Find(text.bytes(), at);
    if (found == std::string_view::npos) break;
    STERNA_RETURN_IF_ERROR(heap.Step());
    STERNA_RETURN_IF_ERROR(built.AppendSlice(text, at, found));
    STERNA_RETURN_IF_ERROR(built.Append(to));
    at = found + from.size();
    --count;
  }
  STERNA_RETURN_IF_ERROR(built.AppendSlice(text, at, text.size()));
  return built.Finish();
}

Result<Value> JoinTexts(Heap& heap, const MarkedText& separator, const List& items) {
  TextBuilder built(heap);
  for (size_t i = 0; i < items.size(); ++i) {
    STERNA_RETURN_IF_ERROR(heap.Step());
    if (i > 0) STERNA_RETURN_IF_ERROR(built.Append(separator));
    STERNA_RETURN_IF_ERROR(Print(built, items[i]));
  }
  return built.Finish();
}

std::vector<Extent> Lines(std::string_view text, bool keep_ends) {
  std::vector<Extent> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = DecodeUtf8(text, at);
    size_t next = at + step.length_bytes;
    if (step.kind == Utf8Step::Kind::kCharacter && IsLineEnd(step.code_point)) {
      if (step.code_point == '\r' && next < text.size() && text[next] == '\n') ++next;
      lines.push_back({begin, keep_ends ? next : at});
      begin = next;
    }
    at = next;
  }
  if (begin < text.size()) lines.push_back({begin, text.size()});
  return lines;
}

}  // namespace sterna::text::jinja
