// SPDX-License-Identifier: Apache-2.0
#include "prompt.h"

#include <ctime>

#include "base/status_macros.h"

namespace sterna::cli {
namespace {

// For templates that write the date into the prompt, as Hugging Face lets them.
std::optional<text::jinja::CivilTime> LocalTime() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  if (localtime_r(&now, &local) == nullptr) return std::nullopt;
  return text::jinja::CivilTime{local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                                local.tm_hour,        local.tm_min,     local.tm_sec};
}

}  // namespace

Result<text::ChatTemplate::Choice> ChooseTemplate(const engine::Engine& engine,
                                                  const std::optional<std::string>& override_name) {
  auto choice = text::ChatTemplate::ForModel(engine.config().architecture, engine.tokenizer().vocabulary(),
                                             override_name.value_or(""), LocalTime());
  // A name that is not built in is a wrong flag, not a missing file.
  if (!choice.ok() && override_name) return Status::InvalidArgument("--chat-template: " + choice.status().message());
  return choice;
}

Result<std::vector<text::TokenId>> ChatPrompt(const text::Tokenizer& tokenizer, const text::ChatTemplate& chat_template,
                                              const std::optional<std::string>& system, const std::string& message) {
  std::vector<text::ChatMessage> messages;
  if (system && !system->empty()) messages.push_back({text::Role::kSystem, *system});
  messages.push_back({text::Role::kUser, message});
  return text::EncodeChat(tokenizer, chat_template, messages);
}

}  // namespace sterna::cli
