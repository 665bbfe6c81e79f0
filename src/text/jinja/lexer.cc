// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/lexer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "text/jinja/text_scan.h"

namespace sterna::text::jinja {
namespace {

constexpr auto kNowhere = std::string_view::npos;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) { return IsAsciiLetter(c) || IsDigit(c) || c == '_' || uint8_t(c) >= 0x80; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> Run() {
    while (position_ < source_.size()) {
      STERNA_RETURN_IF_ERROR(NextStretch());
    }
    Add(TokenType::kEnd, {});
    return std::move(tokens_);
  }

 private:
  char At(size_t position) const { return position < source_.size() ? source_[position] : '\0'; }
  bool StartsAt(size_t position, std::string_view text) const {
    return source_.substr(std::min(position, source_.size())).starts_with(text);
  }
  // Behind the white space that begins here.
  size_t SkipGap(size_t position) const {
    while (position < source_.size()) {
      const size_t bytes = CharacterBytes(source_, position);
      const std::string_view character = source_.substr(position, bytes);
      if (Stripped(character, nullptr, true, false).begin != bytes) break;
      position += bytes;
    }
    return position;
  }

  void Add(TokenType type, std::string_view text) { tokens_.push_back({type, line_, text}); }

  // Moves on to `end`, counting lines.
  void Advance(size_t end) {
    line_ +=
        uint32_t(std::count(source_.begin() + std::ptrdiff_t(position_), source_.begin() + std::ptrdiff_t(end), '\n'));
    if (end > position_) line_starting_ = source_[end - 1] == '\n';
    position_ = end;
  }

  // Where the next tag begins, `from` or later.
  size_t FindTag(size_t from) const {
    for (size_t at = source_.find('{', from); at != kNowhere; at = source_.find('{', at + 1)) {
      const char next = At(at + 1);
      if (next == '{' || next == '%' || next == '#') return at;
    }
    return kNowhere;
  }

  // The text before a tag: without what the tag's sign or its place on the line takes off.
  std::string_view BeforeTag(size_t tag, char sign, bool is_variable) const {
    std::string_view text = source_.substr(position_, tag - position_);
    if (sign == '-') return text.substr(0, Stripped(text, nullptr, false, true).end);
    if (sign == '+' || is_variable) return text;
    const size_t line_break = text.rfind('\n');
    const size_t line_start = line_break == kNowhere ? 0 : line_break + 1;
    if (line_start == 0 && !line_starting_) return text;
    const std::string_view indent = text.substr(line_start);
    if (Stripped(indent, nullptr, true, true).begin == indent.size()) text = text.substr(0, line_start);
    return text;
  }

  void AddData(std::string_view text) {
    if (!text.empty()) Add(TokenType::kData, text);
  }

  // Text up to the next tag, and the tag.
  Status NextStretch() {
    const size_t tag = FindTag(position_);
    if (tag == kNowhere) {
      AddData(source_.substr(position_));
      Advance(source_.size());
      return {};
    }
    const char kind = source_[tag + 1];
    const char sign = At(tag + 2) == '-' || At(tag + 2) == '+' ? source_[tag + 2] : ' ';
    const std::string_view text = BeforeTag(tag, sign, kind == '{');
    AddData(text);
    Advance(tag);
    const size_t content = tag + (sign == ' ' ? 2 : 3);
    if (kind == '#') return Comment(content);
    if (kind == '%') {
      const size_t raw = RawTagEnd(content, "raw");
      if (raw != kNowhere) return Raw(raw);
    }
    Add(kind == '{' ? TokenType::kVariableBegin : TokenType::kBlockBegin, {});
    Advance(content);
    return Inside(kind == '{');
  }

  // Behind a tag's end whose closing brace stands at `brace_end - 1`: what goes with it.
  size_t BehindEnd(size_t brace_end, char sign, bool trims_line) const {
    if (sign == '-') return SkipGap(brace_end);
    return trims_line && sign != '+' && At(brace_end) == '\n' ? brace_end + 1 : brace_end;
  }

  Status Comment(size_t content) {
    const size_t end = source_.find("#}", content);
    if (end == kNowhere) return SyntaxError(line_, "a comment has no end; write #}");
    const char sign = end > content ? source_[end - 1] : ' ';
    Advance(BehindEnd(end + 2, sign, true));
    return {};
  }

  // The end of `{% raw %}` or `{% endraw %}` whose inside begins at `content`; kNowhere for another tag.
  size_t RawTagEnd(size_t content, std::string_view name) const {
    size_t at = SkipGap(content);
    if (!StartsAt(at, name)) return kNowhere;
    at = SkipGap(at + name.size());
    const bool ends_block = name == "endraw";
    const char sign = At(at) == '-' || (ends_block && At(at) == '+') ? At(at) : ' ';
    if (sign != ' ') ++at;
    return StartsAt(at, "%}") ? BehindEnd(at + 2, sign, ends_block) : kNowhere;
  }

  Status Raw(size_t begin) {
    const uint32_t line = line_;
    Advance(begin);
    for (size_t tag = source_.find("{%", begin); tag != kNowhere; tag = source_.find("{%", tag + 1)) {
      const char sign = At(tag + 2) == '-' || At(tag + 2) == '+' ? source_[tag + 2] : ' ';
      const size_t end = RawTagEnd(tag + (sign == ' ' ? 2 : 3), "endraw");
      if (end == kNowhere) continue;
      AddData(BeforeTag(tag, sign, false));
      Advance(end);
      return {};
    }
    return SyntaxError(line, "a raw block has no end; write {% endraw %}");
  }

  // The expression tokens of one tag and its end.
  Status Inside(bool is_variable) {
    const uint32_t begin_line = line_;
    brackets_.clear();
    while (true) {
      Advance(SkipGap(position_));
      if (position_ >= source_.size()) {
        return SyntaxError(begin_line, is_variable ? "{{ has no end; write }}" : "{% has no end; write %}");
      }
      if (brackets_.empty() && TagEnd(is_variable)) return {};
      STERNA_RETURN_IF_ERROR(OneToken());
    }
  }

  bool TagEnd(bool is_variable) {
    const char first = source_[position_];
    const char sign = first == '-' || (first == '+' && !is_variable) ? first : ' ';
    const size_t brace = position_ + (sign == ' ' ? 0 : 1);
    if (!StartsAt(brace, is_variable ? "}}" : "%}")) return false;
    Add(is_variable ? TokenType::kVariableEnd : TokenType::kBlockEnd, {});
    Advance(BehindEnd(brace + 2, sign, !is_variable));
    return true;
  }

  Status OneToken() {
    const char c = source_[position_];
    if (IsDigit(c)) return Number();
    if (IsNameCharacter(c)) {
      size_t end = position_;
      while (IsNameCharacter(At(end))) ++end;
      return Take(TokenType::kName, end);
    }
    if (c == '\'' || c == '"') return String(c);
    return Operator();
  }

  Status Take(TokenType type, size_t end) {
    Add(type, source_.substr(position_, end - position_));
    Advance(end);
    return {};
  }

  Status String(char quote) {
    size_t end = position_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) return SyntaxError(line_, "a string has no end; close its quotes");
    Add(TokenType::kString, source_.substr(position_ + 1, end - position_ - 1));
    Advance(end + 1);
    return {};
  }

  // Digits, with single underscores between them.
  size_t Digits(size_t from) const {
    size_t end = from;
    while (IsDigit(At(end)) || (At(end) == '_' && end > from && IsDigit(At(end + 1)))) ++end;
    return end;
  }

  Status Number() {
    if (At(position_) == '0' && (AsciiLower(At(position_ + 1)) == 'x' || AsciiLower(At(position_ + 1)) == 'o' ||
                                 AsciiLower(At(position_ + 1)) == 'b')) {
      size_t end = position_ + 2;
      while (IsNameCharacter(At(end))) ++end;
      return Take(TokenType::kInteger, end);
    }
    size_t end = Digits(position_);
    const bool after_dot = position_ > 0 && source_[position_ - 1] == '.';
    bool fraction = false;
    if (!after_dot && At(end) == '.' && IsDigit(At(end + 1))) {
      end = Digits(end + 1);
      fraction = true;
    }
    const size_t exponent = end + (At(end + 1) == '+' || At(end + 1) == '-' ? 2 : 1);
    if (!after_dot && AsciiLower(At(end)) == 'e' && IsDigit(At(exponent))) {
      end = Digits(exponent);
      fraction = true;
    }
    return Take(fraction ? TokenType::kFloat : TokenType::kInteger, end);
  }

  Status Operator() {
    constexpr std::string_view kPairs[] = {"//", "**", "==", "!=", ">=", "<="};
    constexpr std::string_view kSingles = "+-/*%~[](){}><=.:|,";
    for (const std::string_view pair : kPairs) {
      if (StartsAt(position_, pair)) return Take(TokenType::kOperator, position_ + 2);
    }
    const char c = source_[position_];
    if (kSingles.find(c) == kNowhere) {
      return SyntaxError(line_, fmt::format("unexpected character '{}'", source_.substr(position_, 1)));
    }
    STERNA_RETURN_IF_ERROR(Balance(c));
    return Take(TokenType::kOperator, position_ + 1);
  }

  Status Balance(char c) {
    if (c == '(') brackets_ += ')';
    if (c == '[') brackets_ += ']';
    if (c == '{') brackets_ += '}';
    if (c != ')' && c != ']' && c != '}') return {};
    if (brackets_.empty() || brackets_.back() != c) {
      return SyntaxError(line_, fmt::format("unexpected '{}'", std::string_view(&c, 1)));
    }
    brackets_.pop_back();
    return {};
  }

  std::string_view source_;
  size_t position_ = 0;
  uint32_t line_ = 1;
  bool line_starting_ = true;  // the last token ended with a line break, or there was none yet
  std::string brackets_;       // that must still be closed in this tag
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::string> NormalizeSource(std::string_view source) {
  if (!IsUtf8(source)) return Status::Corrupt("the template is not UTF-8; convert it");
  std::string normal;
  normal.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      normal += source[i];
    } else if (i + 1 >= source.size() || source[i + 1] != '\n') {
      normal += '\n';
    }
  }
  if (normal.ends_with('\n')) normal.pop_back();
  return normal;
}

Result<std::vector<Token>> Tokenize(std::string_view source) { return Lexer(source).Run(); }

Status SyntaxError(uint32_t line, std::string_view what) {
  return Status::Corrupt(fmt::format("line {}: {}", line, what));
}

}  // namespace sterna::text::jinja
