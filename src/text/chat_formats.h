// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "text/chat_template.h"
#include "text/vocabulary.h"

namespace sterna::text {

// A built-in template by name; nullptr for an unknown one. With a vocabulary that lacks the token which ends the
// format's turns, turns end with the vocabulary's own eot or eos, or without either with a line break; without a
// vocabulary (nullptr) it is taken to have all tokens.
std::unique_ptr<const ChatTemplate> MakeChatFormat(std::string_view name, const Vocabulary* vocabulary);

}  // namespace sterna::text
