// SPDX-License-Identifier: Apache-2.0
//
// sterna run: one prompt, one answer.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "config/number_parsing.h"
#include "constraint_flags.h"
#include "engine/conversation.h"
#include "exit_code.h"
#include "flag_set.h"
#include "generation_flags.h"
#include "interrupt.h"
#include "model_flags.h"
#include "model_loading.h"
#include "prompt.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxPromptBytes = size_t{64} << 20;

constexpr char kRunExamples[] =
    "  sterna run -p \"What is a sparrow?\"\n"
    "  sterna run -m model.gguf -f question.txt --temp 0 -n 64\n"
    "  echo \"What is a piano?\" | sterna run --json\n"
    "  sterna run --raw -p \"The first line of\" --stop \".\"\n";

struct RunFlags {
  ModelFlags model;
  GenerationFlags generation;
  ConstraintFlags constraint;
  std::optional<std::string> prompt, file, ids, system, chat_template;
  bool raw = false;
  bool json = false;

  void AddTo(FlagSet& flags) {
    flags.Group("Prompt flags");
    flags.AddText("-p,--prompt", "TEXT", &prompt, "The prompt [default: stdin when that is no terminal]");
    flags.AddText("-f,--file", "FILE", &file, "Read the prompt from a file; - is stdin [default: none]");
    flags.AddText("--ids", "1,2,3", &ids, "The prompt as token ids; no BOS is added [default: none]");
    flags.AddText("--system", "TEXT", &system, "System prompt [default: none]");
    flags.AddText("--chat-template", "NAME", &chat_template,
                  "bitnet, llama3, chatml, falcon3, gemma or a file with Jinja [default: the model's own]");
    flags.AddSwitch("--raw", &raw, "No chat template: the prompt as it is");
    flags.AddSwitch("--json", &json, "Print one JSON object instead of the text");
    generation.AddTo(flags, model.config);
    constraint.AddTo(flags);
    model.AddTo(flags);
  }
};

Status CheckCombinations(const RunFlags& flags) {
  const int prompts = int(flags.prompt.has_value()) + int(flags.file.has_value()) + int(flags.ids.has_value());
  if (prompts > 1) return Status::InvalidArgument("more than one prompt is given; give one of -p, -f and --ids");
  const bool no_template = flags.raw || flags.ids;
  if (no_template && flags.system) {
    return Status::InvalidArgument("--system needs the chat template; leave out --raw or --ids");
  }
  if (no_template && flags.chat_template) {
    return Status::InvalidArgument("--chat-template and --raw or --ids contradict each other; leave one out");
  }
  if (flags.generation.ignore_eos && flags.constraint.Given()) {
    return Status::InvalidArgument("a grammar says where the answer ends; leave out --ignore-eos");
  }
  return {};
}

Result<std::string> PromptText(const RunFlags& flags) {
  if (flags.prompt) return *flags.prompt;
  if (flags.file) return ReadTextFile(*flags.file, kMaxPromptBytes);
  if (StdinIsTerminal()) {
    return Status::InvalidArgument("no prompt; give -p TEXT, -f FILE or pipe a text into stdin");
  }
  STERNA_ASSIGN_OR_RETURN(std::string text, ReadStdin(kMaxPromptBytes));
  if (!text.empty() && text.back() == '\n' && !flags.raw) text.pop_back();
  if (text.empty()) return Status::InvalidArgument("the prompt on stdin is empty; give -p TEXT or -f FILE");
  return text;
}

Result<std::vector<text::TokenId>> PromptTokens(const RunFlags& flags, const std::string& text,
                                                const engine::Engine& engine) {
  if (flags.ids) return config::ParseIds("--ids", *flags.ids);
  if (flags.raw) return engine.tokenizer().Encode(text, true, true);
  STERNA_ASSIGN_OR_RETURN(const auto choice, ChooseTemplate(engine, flags.chat_template));
  if (!choice.chat_template) return engine.tokenizer().Encode(text, false, true);
  return ChatPrompt(engine.tokenizer(), *choice.chat_template, flags.system, text);
}

std::string ToJson(const engine::TextResult& result, size_t prompt_tokens, double load_ms, bool speculates) {
  const engine::Timings& t = result.timings;
  nlohmann::ordered_json json = {{"text", result.text},
                                 {"tokens", result.tokens},
                                 {"finish_reason", std::string(engine::FinishReasonName(result.finish_reason))},
                                 {"prompt_tokens", prompt_tokens},
                                 {"timings",
                                  {{"load_ms", load_ms},
                                   {"prefill_tokens_per_second", t.PrefillTokensPerSecond()},
                                   {"decode_tokens_per_second", t.DecodeTokensPerSecond()},
                                   {"first_token_ms", t.first_token_ms}}}};
  if (speculates) {
    json["timings"]["guessed_tokens"] = t.guessed_tokens;
    json["timings"]["accepted_tokens"] = t.accepted_tokens;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Status Answer(const RunFlags& flags, const LoadedModel& model, std::vector<text::TokenId> prompt,
              const sample::SamplingParams& sampling, std::shared_ptr<const grammar::Constraint> constraint) {
  ResultStream out;
  engine::TextRequest request;
  request.sampling = sampling;
  request.max_tokens = flags.generation.max_tokens();
  request.ignore_end_of_generation = flags.generation.ignore_eos;
  request.speculate_tokens = flags.generation.speculate_tokens();
  request.constraint = std::move(constraint);
  request.stop_strings = flags.generation.StopStrings();
  if (!flags.json) request.on_text = [&out](std::string_view text) { out.Write(text); };
  request.cancelled = [&out] { return Interrupted() || out.closed(); };
  const size_t prompt_tokens = prompt.size();
  const NoteInterrupts note;
  const auto complete = [&] {
    const monitor::Span span(model.track(), "answer");
    return engine::CompleteTokens(*model.session, model.engine->tokenizer(), std::move(prompt), request);
  };
  STERNA_ASSIGN_OR_RETURN(const engine::TextResult result, complete());
  if (flags.json) {
    out.Write(ToJson(result, prompt_tokens, model.engine->report().load_ms, flags.generation.speculate_tokens() > 0));
  } else if (result.text.empty() || result.text.back() != '\n') {
    out.Write("\n");
  }
  STERNA_RETURN_IF_ERROR(EndRun(flags.model, model));
  if (Interrupted()) return Status::Cancelled("interrupted");
  return out.status();
}

Status Run(const RunFlags& flags) {
  STERNA_RETURN_IF_ERROR(CheckCombinations(flags));
  STERNA_ASSIGN_OR_RETURN(const sample::SamplingParams sampling, flags.generation.Sampling());
  if (flags.ids) {
    STERNA_RETURN_IF_ERROR(config::ParseIds("--ids", *flags.ids).status());
  }
  std::string text;
  if (!flags.ids) {
    STERNA_ASSIGN_OR_RETURN(text, PromptText(flags));
  }
  STERNA_ASSIGN_OR_RETURN(std::optional<grammar::Automaton> automaton, flags.constraint.Compile());
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModelQuickly(flags.model));
  STERNA_ASSIGN_OR_RETURN(std::vector<text::TokenId> prompt, PromptTokens(flags, text, *model.engine));
  std::shared_ptr<const grammar::Constraint> constraint;
  if (automaton) {
    STERNA_ASSIGN_OR_RETURN(constraint, model.engine->Constrain(*std::move(automaton)));
  }
  return Answer(flags, model, std::move(prompt), sampling, std::move(constraint));
}

}  // namespace

int RunVerb(Words words) {
  RunFlags run;
  FlagSet flags("run", "Answer one prompt: the completion goes to stdout, everything else to stderr.", kRunExamples);
  run.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Run(run));
}

}  // namespace sterna::cli
