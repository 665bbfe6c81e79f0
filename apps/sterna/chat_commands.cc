// SPDX-License-Identifier: Apache-2.0
//
// The slash commands of chat. What a command was asked for goes to stdout, what it did to stderr.
#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "base/status_macros.h"
#include "chat_history.h"
#include "chat_session.h"
#include "config/nearest_name.h"

namespace sterna::cli {
namespace {

void Say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

Status NeedArgument(std::string_view command, std::string_view argument, const char* what) {
  if (!argument.empty()) return {};
  return Status::InvalidArgument(fmt::format("{} needs {}; see /help", command, what));
}

Status Help(ChatSession& chat, std::string_view) {
  chat.out.Write(ChatCommandHelp());
  return {};
}

Status Clear(ChatSession& chat, std::string_view) {
  chat.conversation->Clear();
  chat.overflow_told = false;
  Say("history cleared");
  return {};
}

Status History(ChatSession& chat, std::string_view) {
  std::string text;
  if (!chat.conversation->system().empty()) text += fmt::format("system: {}\n", chat.conversation->system());
  for (const auto& message : chat.conversation->messages()) {
    text += fmt::format("{}: {}\n", RoleName(message.role), message.content);
  }
  chat.out.Write(text);
  return {};
}

Status Save(ChatSession& chat, std::string_view path) {
  STERNA_RETURN_IF_ERROR(NeedArgument("/save", path, "a file name"));
  const auto& messages = chat.conversation->messages();
  STERNA_RETURN_IF_ERROR(SaveHistory(std::string(path), {chat.conversation->system(), messages}));
  Say(fmt::format("saved {} messages to {}", messages.size(), path));
  return {};
}

Status Load(ChatSession& chat, std::string_view path) {
  STERNA_RETURN_IF_ERROR(NeedArgument("/load", path, "a file name"));
  STERNA_ASSIGN_OR_RETURN(ChatHistory history, LoadHistory(std::string(path)));
  const size_t count = history.messages.size();
  chat.conversation->SetSystem(std::move(history.system));
  chat.conversation->SetMessages(std::move(history.messages));
  Say(fmt::format("loaded {} messages from {}", count, path));
  return {};
}

Status System(ChatSession& chat, std::string_view text) {
  chat.conversation->SetSystem(std::string(text));
  Say(text.empty() ? "system prompt removed" : "system prompt set");
  return {};
}

Status Stats(ChatSession& chat, std::string_view) {
  const engine::Session& session = *chat.model.session;
  const uint32_t capacity = session.context_tokens();
  const auto used = static_cast<uint32_t>(session.tokens().size());
  std::string text = fmt::format("turns {}\ncontext_used_tokens {}\ncontext_left_tokens {}\nkv_bytes {}\n",
                                 chat.conversation->messages().size() / 2, used, capacity - used, session.KvBytes());
  if (chat.last_turn) {
    const engine::Timings& t = chat.last_turn->result.timings;
    text += fmt::format(
        "last_prefilled_tokens {}\nlast_generated_tokens {}\nprefill_tokens_per_second {:.1f}\n"
        "decode_tokens_per_second {:.1f}\nfirst_token_ms {:.1f}\n"
        "guessed_tokens {}\naccepted_tokens {}\n",
        t.prompt_tokens, t.generated_tokens, t.PrefillTokensPerSecond(), t.DecodeTokensPerSecond(), t.first_token_ms,
        t.guessed_tokens, t.accepted_tokens);
  }
  chat.out.Write(text);
  return {};
}

Status Config(ChatSession& chat, std::string_view) {
  const engine::LoadReport& report = chat.model.engine->report();
  std::string text =
      fmt::format("model {}\nkernels {}\nthreads {}\nctx {}\nchat-template {} ({})\n", chat.model.path, report.kernels,
                  report.threads, chat.model.session->context_tokens(), chat.template_name, chat.template_reason);
  for (const Setting& setting : chat.generation.Settings()) {
    text += fmt::format("{} {}\n", setting.Key(), setting.get());
  }
  chat.out.Write(text);
  return {};
}

Status Set(ChatSession& chat, std::string_view argument) {
  STERNA_RETURN_IF_ERROR(NeedArgument("/set", argument, "KEY VALUE"));
  const size_t space = argument.find(' ');
  const std::string key(argument.substr(0, space));
  std::string_view value = space == std::string_view::npos ? std::string_view() : argument.substr(space);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  std::vector<std::string> keys;
  for (const Setting& setting : chat.generation.Settings()) {
    keys.push_back(setting.Key());
    if (setting.Key() != key) continue;
    STERNA_RETURN_IF_ERROR(setting.set(value));
    STERNA_ASSIGN_OR_RETURN(chat.sampling, chat.generation.Sampling());
    Say(fmt::format("{} {}", key, setting.get()));
    return {};
  }
  return Status::InvalidArgument(
      fmt::format("unknown key '{}'; the nearest is {}, /config shows all", key, config::NearestName(key, keys)));
}

Status Quit(ChatSession& chat, std::string_view) {
  chat.ended = true;
  return {};
}

struct Command {
  const char* name;
  const char* argument;
  const char* help;
  Status (*run)(ChatSession& chat, std::string_view argument);
};

constexpr Command kCommands[] = {
    {"/help", "", "show this list", Help},
    {"/clear", "", "forget all turns, keep the system prompt", Clear},
    {"/history", "", "show the turns so far", History},
    {"/save", "FILE", "write the history as JSON", Save},
    {"/load", "FILE", "read a history that /save wrote", Load},
    {"/system", "TEXT", "set the system prompt; without TEXT remove it", System},
    {"/stats", "", "tokens, speed, context and memory of keys and values", Stats},
    {"/config", "", "show all settings", Config},
    {"/set", "KEY VALUE", "change a setting, as in /set temp 0", Set},
    {"/quit", "", "end (so does Ctrl-D)", Quit},
    {"/exit", "", "end", Quit},
};

}  // namespace

std::string ChatCommandHelp() {
  std::string text;
  for (const Command& command : kCommands) {
    text += fmt::format("{:<20}{}\n", fmt::format("{} {}", command.name, command.argument), command.help);
  }
  return text + "//TEXT              send a message that begins with a slash\n";
}

Status RunChatCommand(ChatSession& chat, std::string_view line) {
  const size_t space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  std::string_view argument = space == std::string_view::npos ? std::string_view() : line.substr(space);
  while (!argument.empty() && argument.front() == ' ') argument.remove_prefix(1);
  while (!argument.empty() && argument.back() == ' ') argument.remove_suffix(1);
  std::vector<std::string> names;
  for (const Command& command : kCommands) {
    if (name == command.name) return command.run(chat, argument);
    names.emplace_back(command.name);
  }
  return Status::InvalidArgument(
      fmt::format("unknown command '{}'; the nearest is {}, /help lists all", name, config::NearestName(name, names)));
}

}  // namespace sterna::cli
