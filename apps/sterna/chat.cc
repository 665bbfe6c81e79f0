// SPDX-License-Identifier: Apache-2.0
//
// sterna chat: turns over one session, so that a turn computes only its new tokens.
#include <fmt/format.h>

#include <cstdio>

#include "base/status_macros.h"
#include "chat_session.h"
#include "exit_code.h"
#include "flag_set.h"
#include "interrupt.h"
#include "line_reader.h"
#include "model_flags.h"
#include "prompt.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr char kChatExamples[] =
    "  sterna chat\n"
    "  sterna chat -m model.gguf --system \"Answer in one sentence.\" --temp 0\n"
    "  printf 'What is a sparrow?\\n/stats\\n' | sterna chat\n";

struct ChatFlags {
  ModelFlags model;
  GenerationFlags generation;
  std::optional<std::string> system, chat_template;

  void AddTo(FlagSet& flags) {
    flags.AddText("--system", "TEXT", &system, "System prompt [default: none]");
    flags.AddText("--chat-template", "NAME", &chat_template,
                  "bitnet, llama3, chatml, falcon3, gemma or a file with Jinja [default: the model's own]");
    generation.AddTo(flags, model.config);
    model.AddTo(flags);
  }
};

Status Open(const ChatFlags& flags, ChatSession& chat) {
  chat.generation = flags.generation;
  STERNA_ASSIGN_OR_RETURN(chat.sampling, chat.generation.Sampling());
  STERNA_ASSIGN_OR_RETURN(chat.model, LoadModelQuickly(flags.model));
  STERNA_ASSIGN_OR_RETURN(auto choice, ChooseTemplate(*chat.model.engine, flags.chat_template));
  if (!choice.chat_template) {
    return Status::Unsupported(
        fmt::format("'{}' has no chat template; give one with --chat-template, or use sterna run", chat.model.path));
  }
  chat.template_name = std::string(choice.chat_template->name());
  chat.template_reason = choice.reason;
  chat.conversation = std::make_unique<engine::Conversation>(*chat.model.session, chat.model.engine->tokenizer(),
                                                             std::move(choice.chat_template));
  if (flags.system) chat.conversation->SetSystem(*flags.system);
  return {};
}

void TellOverflow(ChatSession& chat, uint32_t dropped_turns) {
  if (dropped_turns == 0 || chat.overflow_told) return;
  chat.overflow_told = true;
  const std::string line = fmt::format(
      "sterna: the context of {} tokens is full: the oldest turns are forgotten from here on; /clear starts afresh\n",
      chat.model.session->context_tokens());
  std::fputs(line.c_str(), stderr);
}

Status Turn(ChatSession& chat, std::string message) {
  engine::TextRequest request;
  request.sampling = chat.sampling;
  request.max_tokens = chat.generation.max_tokens();
  request.ignore_end_of_generation = chat.generation.ignore_eos;
  request.speculate_tokens = chat.generation.speculate_tokens();
  request.stop_strings = chat.generation.StopStrings();
  request.on_text = [&chat](std::string_view text) { chat.out.Write(text); };
  request.cancelled = [&chat] { return Interrupted() || chat.out.closed(); };
  const NoteInterrupts note;
  STERNA_ASSIGN_OR_RETURN(auto turn, chat.conversation->Say(std::move(message), request));
  chat.out.Write("\n");
  if (Interrupted()) std::fputs("(stopped)\n", stderr);
  TellOverflow(chat, turn.dropped_turns);
  chat.last_turn = std::move(turn);
  return {};
}

Status OneLine(ChatSession& chat, const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return {};
  if (line.starts_with("//")) return Turn(chat, line.substr(1));
  if (line.starts_with("/")) return RunChatCommand(chat, line);
  return Turn(chat, line);
}

// After these the next turn would fail as well.
bool EndsChat(StatusCode code) { return code == StatusCode::kCorrupt || code == StatusCode::kInternal; }

// A wrong line is told and the chat goes on; a script behind a pipe sees the first fault in the exit code.
int Loop(ChatSession& chat) {
  const auto reader = LineReader::ForStdin();
  const bool script = !StdinIsTerminal();
  if (!script) std::fputs("Type a message; /help lists the commands, Ctrl-D ends.\n", stderr);
  int exit_code = kExitOk;
  const HoldInterrupts hold;  // between an answer and a prompt Ctrl-C must not end the chat either
  while (!chat.ended && !chat.out.closed()) {
    auto line = reader->Next();
    if (!line.ok()) return Finish(line.status());
    if (!*line) break;
    const bool command = (*line)->starts_with("/") && !(*line)->starts_with("//");
    const Status status = OneLine(chat, **line);
    if (status.ok()) continue;
    PrintError(status);
    if (!command && EndsChat(status.code())) return ExitCodeFor(status.code());
    if (script && exit_code == kExitOk) exit_code = ExitCodeFor(status.code());
  }
  const int stream = Finish(chat.out.status());
  return exit_code != kExitOk ? exit_code : stream;
}

}  // namespace

int ChatVerb(Words words) {
  ChatFlags values;
  FlagSet flags("chat",
                "Talk with a model. Answers go to stdout. Ctrl-C stops an answer, Ctrl-D ends the chat; /help in the "
                "chat lists its commands.",
                kChatExamples);
  values.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  ChatSession chat;
  if (const Status status = Open(values, chat); !status.ok()) return Finish(status);
  const int exit_code = Loop(chat);
  const int end = Finish(EndRun(values.model, chat.model));
  return exit_code != kExitOk ? exit_code : end;
}

}  // namespace sterna::cli
