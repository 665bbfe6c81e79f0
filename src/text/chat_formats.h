// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "text/vocabulary.h"

namespace sterna::text {

// A built-in template: Jinja, as files store it, with the variable `turn_end`.
struct ChatFormat {
  std::string_view name;
  std::string_view source;
  std::string_view turn_end;  // a control token; empty: none
};

// nullptr for an unknown name.
const ChatFormat* FindChatFormat(std::string_view name);

// The text that ends the format's turns. With a vocabulary that lacks the format's own token, turns end with the
// vocabulary's eot or eos, or without either with a line break; without a vocabulary (nullptr) it is taken to have all
// tokens.
std::string ChooseTurnEnd(const ChatFormat& format, const Vocabulary* vocabulary);

}  // namespace sterna::text
