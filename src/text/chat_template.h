// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/jinja/template.h"
#include "text/tokenizer.h"

namespace sterna::text {

enum class Role : uint8_t { kSystem, kUser, kAssistant };
struct ChatMessage {
  Role role = Role::kUser;
  std::string content;
};

// How a conversation becomes the text a model was trained on: a Jinja template, the one that the model's file stores or
// one that is built in. Immutable, so that any number of threads may share one.
class ChatTemplate {
 public:
  // "bitnet" (2B-4T), "llama3", "chatml", "falcon3", "gemma"; NotFound lists the names.
  static Result<std::unique_ptr<const ChatTemplate>> BuiltIn(std::string_view name);
  // The template for a model: the built-in one named `override_name` if not empty, else the stored one, else the
  // built-in one that the architecture and the special tokens call for. `reason` says what was chosen and why (the
  // legacy template stored in the published 2B-4T file is overridden). An error names the line of a stored template
  // that cannot be run. `now` is what strftime_now tells.
  struct Choice {
    std::unique_ptr<const ChatTemplate> chat_template;
    std::string reason;
  };
  static Result<Choice> ForModel(std::string_view architecture, const Vocabulary& vocabulary,
                                 std::string_view override_name, std::optional<jinja::CivilTime> now = std::nullopt);

  // One from elsewhere than the model's file, with that model's tokens.
  static Result<std::unique_ptr<const ChatTemplate>> FromSource(std::string_view name, std::string_view source,
                                                                const Vocabulary& vocabulary,
                                                                std::optional<jinja::CivilTime> now = std::nullopt);

  // Of the built-in template, "stored", or as FromSource was told.
  std::string_view name() const { return name_; }
  // Text of the template is trusted, and so are roles and the vocabulary's own tokens; contents are not, and neither is
  // what `extra` (tools, documents and other variables) does not mark as trusted. With `add_generation_prompt` it ends
  // where the answer begins. An error where the template refuses the conversation or exceeds its limits.
  Result<std::vector<TextPiece>> Render(std::span<const ChatMessage> messages, bool add_generation_prompt,
                                        const jinja::Variables& extra = {}) const;

 private:
  ChatTemplate(std::string name, jinja::Template program, jinja::Variables variables,
               std::optional<jinja::CivilTime> now)
      : name_(std::move(name)), program_(std::move(program)), variables_(std::move(variables)), now_(now) {}
  static Result<std::unique_ptr<const ChatTemplate>> Make(std::string_view name, std::string_view source,
                                                          jinja::Variables variables,
                                                          std::optional<jinja::CivilTime> now);
  static Result<std::unique_ptr<const ChatTemplate>> MakeBuiltIn(std::string_view name, const Vocabulary* vocabulary);

  std::string name_;
  jinja::Template program_;
  jinja::Variables variables_;  // bos_token and its kin
  std::optional<jinja::CivilTime> now_;
};

// The tokens of a conversation, as a model wants them at the start of its context: rendered, with BOS first where the
// vocabulary asks for it and the template has not written it.
Result<std::vector<TokenId>> EncodeChat(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                        std::span<const ChatMessage> messages);

}  // namespace sterna::text
