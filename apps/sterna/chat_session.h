// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/conversation.h"
#include "generation_flags.h"
#include "model_loading.h"
#include "streams.h"

namespace sterna::cli {

// A running chat: what the loop in chat.cc and the slash commands in chat_commands.cc share.
struct ChatSession {
  LoadedModel model;
  GenerationFlags generation;
  sample::SamplingParams sampling;  // generation's, with the biases parsed
  std::string template_name, template_reason;
  std::unique_ptr<engine::Conversation> conversation;
  std::optional<engine::Conversation::Turn> last_turn;
  bool overflow_told = false;
  bool ended = false;
  ResultStream out;
};

// Runs "/name argument". InvalidArgument for an unknown name, with the nearest one.
Status RunChatCommand(ChatSession& chat, std::string_view line);

// The commands and what they do, a line each.
std::string ChatCommandHelp();

}  // namespace sterna::cli
