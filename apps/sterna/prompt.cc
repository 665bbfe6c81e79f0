// SPDX-License-Identifier: Apache-2.0
#include "prompt.h"

#include "base/status_macros.h"

namespace sterna::cli {

Result<text::ChatTemplate::Choice> ChooseTemplate(const engine::Engine& engine,
                                                  const std::optional<std::string>& override_name) {
  auto choice = text::ChatTemplate::ForModel(engine.config().architecture, engine.tokenizer().vocabulary(),
                                             override_name.value_or(""));
  // A name that is not built in is a wrong flag, not a missing file.
  if (!choice.ok() && override_name) return Status::InvalidArgument("--chat-template: " + choice.status().message());
  return choice;
}

Result<std::vector<text::TokenId>> ChatPrompt(const text::Tokenizer& tokenizer, const text::ChatTemplate& chat_template,
                                              const std::optional<std::string>& system, const std::string& message) {
  std::vector<text::ChatMessage> messages;
  if (system && !system->empty()) messages.push_back({text::Role::kSystem, *system});
  messages.push_back({text::Role::kUser, message});
  STERNA_ASSIGN_OR_RETURN(std::vector<text::TokenId> ids, tokenizer.Encode(chat_template.Render(messages, true)));
  const text::Vocabulary& vocabulary = tokenizer.vocabulary();
  if (vocabulary.add_bos && vocabulary.bos) ids.insert(ids.begin(), *vocabulary.bos);
  return ids;
}

}  // namespace sterna::cli
