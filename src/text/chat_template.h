// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/tokenizer.h"

namespace sterna::text {

enum class Role : uint8_t { kSystem, kUser, kAssistant };
struct ChatMessage {
  Role role = Role::kUser;
  std::string content;
};

// How a conversation becomes the text a model was trained on.
class ChatTemplate {
 public:
  virtual ~ChatTemplate() = default;
  // "bitnet" (2B-4T), "llama3", "chatml", "falcon3"; NotFound lists the names.
  static Result<std::unique_ptr<const ChatTemplate>> BuiltIn(std::string_view name);
  // The template for a model: `override_name` if not empty, else what its architecture and stored template call for.
  // `reason` says what was chosen and why (the legacy template stored in the published 2B-4T file is overridden).
  struct Choice {
    std::unique_ptr<const ChatTemplate> chat_template;
    std::string reason;
  };
  static Result<Choice> ForModel(std::string_view architecture, const Vocabulary& vocabulary,
                                 std::string_view override_name);

  virtual std::string_view name() const = 0;
  // Template text is trusted, contents are not. With `add_generation_prompt` it ends where the answer begins. BOS is
  // not part of it: the caller puts it first where the vocabulary asks for it.
  virtual std::vector<TextPiece> Render(std::span<const ChatMessage> messages, bool add_generation_prompt) const = 0;
};

}  // namespace sterna::text
