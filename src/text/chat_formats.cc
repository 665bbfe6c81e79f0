// SPDX-License-Identifier: Apache-2.0
#include "text/chat_formats.h"

#include <string>
#include <utility>

#include "text/known_tokens.h"
#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace sterna::text {
namespace {

// All built-in formats are one shape: a turn is a header with the role's name, the content, and an end.
struct Format {
  std::string_view name;
  std::string_view before_role;
  std::string_view system, user, assistant;
  std::string_view after_role;
  std::string_view turn_end;  // a control token; empty: none
  std::string_view after_turn;
  bool trim_content;
};

constexpr Format kFormats[] = {
    {"bitnet", "", "System", "User", "Assistant", ": ", "<|eot_id|>", "", true},
    {"llama3", "<|start_header_id|>", "system", "user", "assistant", "<|end_header_id|>\n\n", "<|eot_id|>", "", true},
    {"chatml", "<|im_start|>", "system", "user", "assistant", "\n", "<|im_end|>", "\n", false},
    {"falcon3", "<|", "system", "user", "assistant", "|>\n", "", "\n", false},
};

std::string_view RoleName(const Format& format, Role role) {
  switch (role) {
    case Role::kSystem: return format.system;
    case Role::kUser: return format.user;
    case Role::kAssistant: return format.assistant;
  }
  return format.user;
}

// What the templates' language calls white space: Unicode's, and the four separators U+001C to U+001F.
bool IsTrimmed(char32_t code_point) { return IsSpace(code_point) || (code_point >= 0x1c && code_point <= 0x1f); }

std::string_view Trim(std::string_view text) {
  size_t begin = text.size();
  size_t end = 0;
  for (size_t position = 0; position < text.size();) {
    const Utf8Step step = DecodeUtf8(text, position);
    const bool kept = step.kind != Utf8Step::Kind::kCharacter || !IsTrimmed(step.code_point);
    if (kept && begin == text.size()) begin = position;
    position += step.length_bytes;
    if (kept) end = position;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

class FormatTemplate final : public ChatTemplate {
 public:
  FormatTemplate(const Format& format, std::string turn_end) : format_(format), turn_end_(std::move(turn_end)) {}

  std::string_view name() const override { return format_.name; }

  std::vector<TextPiece> Render(std::span<const ChatMessage> messages, bool add_generation_prompt) const override {
    std::vector<TextPiece> pieces;
    for (const ChatMessage& message : messages) {
      pieces.push_back({Header(message.role), true});
      pieces.push_back({std::string(format_.trim_content ? Trim(message.content) : message.content), false});
      pieces.push_back({turn_end_ + std::string(format_.after_turn), true});
    }
    if (add_generation_prompt) pieces.push_back({Header(Role::kAssistant), true});
    return pieces;
  }

 private:
  std::string Header(Role role) const {
    std::string header(format_.before_role);
    return header.append(RoleName(format_, role)).append(format_.after_role);
  }

  const Format& format_;
  std::string turn_end_;
};

std::string ChooseTurnEnd(const Format& format, const Vocabulary* vocabulary) {
  if (vocabulary == nullptr || format.turn_end.empty() || FindControlToken(*vocabulary, {format.turn_end})) {
    return std::string(format.turn_end);
  }
  if (vocabulary->eot) return vocabulary->tokens[size_t(*vocabulary->eot)];
  if (vocabulary->eos) return vocabulary->tokens[size_t(*vocabulary->eos)];
  return "\n";
}

}  // namespace

std::unique_ptr<const ChatTemplate> MakeChatFormat(std::string_view name, const Vocabulary* vocabulary) {
  for (const Format& format : kFormats) {
    if (format.name == name) return std::make_unique<FormatTemplate>(format, ChooseTurnEnd(format, vocabulary));
  }
  return nullptr;
}

}  // namespace sterna::text
