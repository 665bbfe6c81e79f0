// SPDX-License-Identifier: Apache-2.0
//
// sterna VERB [flags]: picks the verb. What a verb does is in its own file.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "config/nearest_name.h"
#include "exit_code.h"
#include "interrupt.h"
#include "sterna_variables.h"
#include "verb_table.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "Answer one prompt", RunVerb},
    {"chat", "Talk with a model, turn by turn", ChatVerb},
    {"batch", "Answer every row of a file", BatchVerb},
    {"serve", "Answer over HTTP, with OpenAI's API", ServeVerb},
    {"tokenize", "Text on stdin to token ids", TokenizeVerb},
    {"detokenize", "Token ids on stdin to text", DetokenizeVerb},
    {"embed", "Texts to vectors", EmbedVerb},
    {"eval", "Logits or perplexity of a model", EvalVerb, "logits perplexity"},
    {"calibrate", "Measure scales of activations over a text", CalibrateVerb},
    {"bench", "Measure prompt and generation speed", BenchVerb},
    {"convert", "Make a file that loads at once", ConvertVerb},
    {"pull", "Fetch a model from a hub, list and remove what is there", PullVerb},
    {"inspect", "Say what a model file holds", InspectVerb},
    {"config", "Show, explain and change settings", ConfigVerb},
    {"completion", "Print what makes a shell complete words", CompletionVerb},
    {"devices", "Say what this machine has and can do", DevicesVerb},
    {"doctor", "Check that everything works", DoctorVerb},
    {"setup", "Write a configuration file for this machine", SetupVerb},
    {"tune", "Find the fastest settings for a model here", TuneVerb},
};

}  // namespace

std::span<const Verb> Verbs() { return kVerbs; }

namespace {

std::string HelpText() {
  std::string text = "sterna: runs ternary language models\n\nUsage: sterna VERB [flags]\n\nVerbs:\n";
  for (const Verb& verb : Verbs()) text += fmt::format("  {:<12}{}\n", verb.name, verb.summary);
  text +=
      "\nFlags:\n"
      "  -h,--help     Show this text; after a verb: its flags with their defaults\n"
      "  --version     Show the version\n"
      "  -v,--verbose  Before or after a verb: say on stderr what happens\n"
      "\nExamples:\n"
      "  sterna run -p \"What is a sparrow?\"\n"
      "  sterna chat -m model.gguf\n"
      "  sterna inspect model.gguf\n";
  return text;
}

int PrintToStdout(const std::string& text) {
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? kExitOk : kExitFailed;
}

int UnknownWord(const std::string& word) {
  if (word.starts_with("-")) {
    return Finish(Status::InvalidArgument(fmt::format("unknown flag '{}' before the verb; see sterna --help", word)));
  }
  std::vector<std::string> names;
  for (const Verb& verb : Verbs()) names.emplace_back(verb.name);
  return Finish(Status::InvalidArgument(
      fmt::format("unknown verb '{}'; the nearest is {}, see sterna --help", word, config::NearestName(word, names))));
}

int Dispatch(std::vector<std::string> words) {
  bool verbose = false;
  while (!words.empty() && (words[0] == "-v" || words[0] == "--verbose")) {
    verbose = true;
    words.erase(words.begin());
  }
  if (words.empty()) {
    return Finish(Status::InvalidArgument("no verb; give one, as in sterna run -p TEXT, or see sterna --help"));
  }
  const std::string name = words[0];
  if (name == "--version") return PrintToStdout("sterna " STERNA_VERSION "\n");
  if (name == "-h" || name == "--help") return PrintToStdout(HelpText());
  const auto verb = std::find_if(Verbs().begin(), Verbs().end(), [&](const Verb& v) { return name == v.name; });
  if (verb == Verbs().end()) return UnknownWord(name);
  words.erase(words.begin());
  const auto is_verbose = [](const std::string& word) { return word == "-v" || word == "--verbose"; };
  const bool quiet = !verbose && std::none_of(words.begin(), words.end(), is_verbose);
  if (const Status status = ApplyVariables(!quiet); !status.ok()) return Finish(status);
  if (verbose) words.insert(name == "eval" && !words.empty() ? words.begin() + 1 : words.begin(), "--verbose");
  return verb->run(words);
}

}  // namespace
}  // namespace sterna::cli

int main(int argc, char** argv) {
  using sterna::Status;
  sterna::cli::PrepareProcess();
  try {
    return sterna::cli::Dispatch(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    return sterna::cli::Finish(Status::ResourceExhausted("out of memory; close other programs or use a smaller --ctx"));
  } catch (const std::exception& error) {
    return sterna::cli::Finish(
        Status::Internal(std::string(error.what()) + "; this is a bug in Sterna, please report it"));
  }
}
