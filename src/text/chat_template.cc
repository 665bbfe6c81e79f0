// SPDX-License-Identifier: Apache-2.0
#include "text/chat_template.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/chat_formats.h"
#include "text/chat_tokens.h"
#include "text/known_tokens.h"

namespace sterna::text {
namespace {

constexpr std::string_view kBuiltInNames = "bitnet, llama3, chatml, falcon3, gemma";

// Stored in the published 2B-4T file, but not what that model was trained on.
constexpr std::string_view kLegacyBitnetMark = "BITNETAssistant";

std::string_view NameForArchitecture(std::string_view architecture, const Vocabulary& vocabulary) {
  if (architecture.starts_with("bitnet")) return "bitnet";
  if (FindControlToken(vocabulary, {"<|start_header_id|>"})) return "llama3";
  if (FindControlToken(vocabulary, {"<|im_start|>"})) return "chatml";
  if (FindControlToken(vocabulary, {"<start_of_turn>"})) return "gemma";
  return {};
}

jinja::Data Text(std::string text, bool trusted) { return {std::move(text), trusted}; }

jinja::Data TokenText(const Vocabulary& vocabulary, std::optional<TokenId> token) {
  return Text(token ? vocabulary.tokens[size_t(*token)] : std::string(), /*trusted=*/true);
}

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kSystem: return "system";
    case Role::kUser: return "user";
    case Role::kAssistant: return "assistant";
  }
  return "user";
}

jinja::Data ToData(std::span<const ChatMessage> messages) {
  jinja::Data::Array turns;
  for (const ChatMessage& message : messages) {
    jinja::Data::Object turn;
    turn.push_back({"role", Text(std::string(RoleName(message.role)), /*trusted=*/true)});
    turn.push_back({"content", Text(message.content, /*trusted=*/false)});
    turns.push_back({std::move(turn), /*trusted=*/true});
  }
  return {std::move(turns), /*trusted=*/true};
}

std::vector<TextPiece> ToPieces(const jinja::MarkedText& text) {
  std::vector<TextPiece> pieces;
  size_t begin = 0;
  for (const jinja::MarkedText::Run& run : text.runs()) {
    pieces.push_back({text.bytes().substr(begin, run.end - begin), run.trusted});
    begin = run.end;
  }
  return pieces;
}

}  // namespace

Result<std::unique_ptr<const ChatTemplate>> ChatTemplate::Make(std::string_view name, std::string_view source,
                                                               jinja::Variables variables,
                                                               std::optional<jinja::CivilTime> now) {
  STERNA_ASSIGN_OR_RETURN(jinja::Template program, jinja::Template::Compile(source));
  return std::unique_ptr<const ChatTemplate>(
      new ChatTemplate(std::string(name), std::move(program), std::move(variables), now));
}

Result<std::unique_ptr<const ChatTemplate>> ChatTemplate::MakeBuiltIn(std::string_view name,
                                                                      const Vocabulary* vocabulary) {
  const ChatFormat* format = FindChatFormat(name);
  if (format == nullptr) {
    return Status::NotFound(
        fmt::format("chat template '{}' is not built in; known are {}", name.substr(0, 64), kBuiltInNames));
  }
  jinja::Variables variables;
  variables.emplace_back("turn_end", Text(ChooseTurnEnd(*format, vocabulary), /*trusted=*/true));
  return Make(name, format->source, std::move(variables), std::nullopt);
}

Result<std::unique_ptr<const ChatTemplate>> ChatTemplate::BuiltIn(std::string_view name) {
  return MakeBuiltIn(name, nullptr);
}

Result<std::unique_ptr<const ChatTemplate>> ChatTemplate::FromSource(std::string_view name, std::string_view source,
                                                                     const Vocabulary& vocabulary,
                                                                     std::optional<jinja::CivilTime> now) {
  jinja::Variables variables;
  variables.emplace_back("bos_token", TokenText(vocabulary, vocabulary.bos));
  variables.emplace_back("eos_token", TokenText(vocabulary, vocabulary.eos));
  variables.emplace_back("unk_token", TokenText(vocabulary, vocabulary.unknown));
  variables.emplace_back("pad_token", TokenText(vocabulary, vocabulary.padding));
  return Make(name, source, std::move(variables), now);
}

Result<ChatTemplate::Choice> ChatTemplate::ForModel(std::string_view architecture, const Vocabulary& vocabulary,
                                                    std::string_view override_name,
                                                    std::optional<jinja::CivilTime> now) {
  const std::string_view stored = vocabulary.chat_template;
  std::string_view name = override_name;
  std::string reason = "asked for";
  if (name.empty() && stored.find(kLegacyBitnetMark) != std::string_view::npos) {
    name = "bitnet";
    reason = "the stored template is the legacy one, which the model was not trained on";
  }
  if (name.empty() && !stored.empty()) {
    auto made = FromSource("stored", stored, vocabulary, now);
    if (!made.ok()) {
      return Status(made.status().code(),
                    fmt::format("tokenizer.chat_template: {}; or name a built-in one with --chat-template ({})",
                                made.status().message(), kBuiltInNames));
    }
    return Choice{*std::move(made), "stored: the file's own template"};
  }
  if (name.empty()) {
    name = NameForArchitecture(architecture, vocabulary);
    reason = fmt::format("the file stores no template; chosen by architecture '{}' and special tokens", architecture);
  }
  if (name.empty()) {
    return Status::Unsupported(
        fmt::format("chat template: the file stores none, and none is built in for architecture '{}'; name one with "
                    "--chat-template ({})",
                    architecture, kBuiltInNames));
  }
  STERNA_ASSIGN_OR_RETURN(auto made, MakeBuiltIn(name, &vocabulary));
  return Choice{std::move(made), fmt::format("{}: {}", name, reason)};
}

Result<std::vector<TextPiece>> ChatTemplate::Render(std::span<const ChatMessage> messages, bool add_generation_prompt,
                                                    const jinja::Variables& extra) const {
  jinja::Variables variables = variables_;
  variables.emplace_back("messages", ToData(messages));
  variables.emplace_back("add_generation_prompt", jinja::Data{add_generation_prompt, true});
  variables.emplace_back("tools", jinja::Data{});  // none, as Hugging Face has them where none are given
  variables.emplace_back("documents", jinja::Data{});
  variables.insert(variables.end(), extra.begin(), extra.end());
  const auto text = program_.Render(variables, now_);
  if (text.ok()) return ToPieces(*text);
  return Status(text.status().code(), fmt::format("chat template '{}': {}", name_, text.status().message()));
}

Result<std::vector<TokenId>> EncodeChat(const Tokenizer& tokenizer, const ChatTemplate& chat_template,
                                        std::span<const ChatMessage> messages) {
  STERNA_ASSIGN_OR_RETURN(const std::vector<TextPiece> pieces,
                          chat_template.Render(messages, /*add_generation_prompt=*/true));
  return EncodeRenderedChat(tokenizer, pieces);
}

Result<std::vector<TokenId>> EncodeRenderedChat(const Tokenizer& tokenizer, std::span<const TextPiece> pieces) {
  STERNA_ASSIGN_OR_RETURN(std::vector<TokenId> ids, tokenizer.Encode(pieces));
  const Vocabulary& vocabulary = tokenizer.vocabulary();
  const bool wanted = vocabulary.add_bos && vocabulary.bos;
  if (wanted && (ids.empty() || ids.front() != *vocabulary.bos)) ids.insert(ids.begin(), *vocabulary.bos);
  return ids;
}

}  // namespace sterna::text
