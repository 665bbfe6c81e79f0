// SPDX-License-Identifier: Apache-2.0
//
// sterna completion: what a shell needs to complete words, made from the flags that --help shows.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/status_macros.h"
#include "completion_scripts.h"
#include "exit_code.h"
#include "flag_set.h"
#include "streams.h"
#include "verb_table.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr char kCompletionExamples[] =
    "  source <(sterna completion bash)\n"
    "  sterna completion zsh > ~/.zfunc/_sterna\n"
    "  sterna completion fish > ~/.config/fish/completions/sterna.fish\n";

Status SystemError(const char* what) {
  return Status::Unavailable(
      fmt::format("cannot {} to ask a verb for its flags: {}; try again", what, std::strerror(errno)));
}

std::string ReadToEnd(int descriptor) {
  std::string text;
  char part[4096];
  for (ssize_t got; (got = read(descriptor, part, sizeof(part))) != 0;) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) text.append(part, size_t(got));
  }
  return text;
}

// A verb prints its flags on its stdout, so it runs in a process of its own that has a pipe there.
Result<std::string> OutputOf(const Verb& verb, const std::vector<std::string>& words) {
  int ends[2];
  if (pipe(ends) != 0) return SystemError("make a pipe");
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    _exit(verb.run(words));
  }
  close(ends[1]);
  std::string text;
  if (child > 0) text = ReadToEnd(ends[0]);
  close(ends[0]);
  if (child < 0) return SystemError("start a process");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kExitOk) return text;
  return Status::Internal(fmt::format("the verb {} does not tell its flags", verb.name));
}

Result<VerbDescription> Describe(const Verb& verb, const std::string& part) {
  VerbDescription description{part.empty() ? verb.name : fmt::format("{} {}", verb.name, part), verb.summary, {}, {}};
  std::vector<std::string> words = {kDescribeFlags};
  if (!part.empty()) words.insert(words.begin(), part);
  STERNA_ASSIGN_OR_RETURN(const std::string text, OutputOf(verb, words));
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    if (auto flag = FlagDescription::FromLine(text.substr(begin, end - begin))) description.flags.push_back(*flag);
  }
  return description;
}

std::vector<std::string> Split(std::string_view words) {
  std::vector<std::string> list;
  while (!words.empty()) {
    list.emplace_back(words.substr(0, words.find(' ')));
    words.remove_prefix(std::min(words.size(), list.back().size() + 1));
  }
  return list;
}

Result<std::vector<VerbDescription>> DescribeAll() {
  std::vector<VerbDescription> all;
  for (const Verb& verb : Verbs()) {
    const std::vector<std::string> parts = Split(verb.parts);
    if (parts.empty()) {
      STERNA_ASSIGN_OR_RETURN(VerbDescription description, Describe(verb, ""));
      all.push_back(std::move(description));
      continue;
    }
    all.push_back({verb.name, verb.summary, parts, {}});
    for (const std::string& part : parts) {
      STERNA_ASSIGN_OR_RETURN(VerbDescription description, Describe(verb, part));
      all.push_back(std::move(description));
    }
  }
  return all;
}

Status PrintScript(const std::string& shell) {
  if (shell != "bash" && shell != "zsh" && shell != "fish") {
    return Status::InvalidArgument(fmt::format("'{}' is no shell with a script; give bash, zsh or fish", shell));
  }
  STERNA_ASSIGN_OR_RETURN(const auto verbs, DescribeAll());
  ResultStream out;
  out.Write(shell == "bash" ? BashScript(verbs) : shell == "zsh" ? ZshScript(verbs) : FishScript(verbs));
  return out.status();
}

}  // namespace

int CompletionVerb(Words words) {
  std::string shell;
  FlagSet flags("completion", "Prints a script that makes a shell complete verbs, flags and their values.",
                kCompletionExamples);
  flags.AddPositional("SHELL", &shell, "bash, zsh or fish", {"bash", "zsh", "fish"});
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(PrintScript(shell));
}

}  // namespace sterna::cli
