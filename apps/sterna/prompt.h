// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "text/chat_template.h"

namespace sterna::cli {

// The chat template of a model, and why it is this one. `override_name` is a built-in one or a file; InvalidArgument
// when it is neither.
Result<text::ChatTemplate::Choice> ChooseTemplate(const engine::Engine& engine,
                                                  const std::optional<std::string>& override_name);

// BOS where the vocabulary asks for it, then `message` as the only user turn of a chat.
Result<std::vector<text::TokenId>> ChatPrompt(const text::Tokenizer& tokenizer, const text::ChatTemplate& chat_template,
                                              const std::optional<std::string>& system, const std::string& message);

}  // namespace sterna::cli
