// SPDX-License-Identifier: Apache-2.0
#include "prompt.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "streams.h"
#include "text/jinja/date_text.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxTemplateBytes = size_t{1} << 20;

// What --chat-template names and is not built in.
Result<text::ChatTemplate::Choice> TemplateFile(const std::string& path, const Status& not_built_in,
                                                const text::Vocabulary& vocabulary) {
  const auto source = ReadTextFile(path, kMaxTemplateBytes);
  if (!source.ok()) {
    return Status::InvalidArgument(
        fmt::format("--chat-template: {}; nor is it a file: {}", not_built_in.message(), source.status().message()));
  }
  auto made = text::ChatTemplate::FromSource("file", *source, vocabulary, text::jinja::LocalCivilTime());
  if (!made.ok()) return Status(made.status().code(), fmt::format("'{}': {}", path, made.status().message()));
  return text::ChatTemplate::Choice{*std::move(made), fmt::format("'{}' was asked for", path)};
}

}  // namespace

Result<text::ChatTemplate::Choice> ChooseTemplate(const engine::Engine& engine,
                                                  const std::optional<std::string>& override_name) {
  const text::Vocabulary& vocabulary = engine.tokenizer().vocabulary();
  if (override_name) {
    const auto built_in = text::ChatTemplate::BuiltIn(*override_name);
    if (!built_in.ok()) return TemplateFile(*override_name, built_in.status(), vocabulary);
  }
  return text::ChatTemplate::ForModel(engine.config().architecture, vocabulary, override_name.value_or(""),
                                      text::jinja::LocalCivilTime());
}

Result<std::vector<text::TokenId>> ChatPrompt(const text::Tokenizer& tokenizer, const text::ChatTemplate& chat_template,
                                              const std::optional<std::string>& system, const std::string& message) {
  std::vector<text::ChatMessage> messages;
  if (system && !system->empty()) messages.push_back({text::Role::kSystem, *system});
  messages.push_back({text::Role::kUser, message});
  return text::EncodeChat(tokenizer, chat_template, messages);
}

}  // namespace sterna::cli
