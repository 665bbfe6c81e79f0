// SPDX-License-Identifier: Apache-2.0
#include "completion_scripts.h"

#include <fmt/format.h>

#include <algorithm>

namespace sterna::cli {
namespace {

constexpr char kGlobalFlags[] = "--help --version --verbose";

// A quote inside of quotes.
constexpr char kPosixQuote[] = "'\\''";
constexpr char kFishQuote[] = "\\'";

// In single quotes, for all three shells.
std::string Quoted(std::string_view text, std::string_view quote_inside) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += quote_inside : out += c;
  return out + "'";
}

// "-n,--max-tokens" as its names.
std::vector<std::string> Names(const FlagDescription& flag) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin < flag.names.size();) {
    const size_t end = std::min(flag.names.find(',', begin), flag.names.size());
    names.push_back(flag.names.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

bool IsWord(const FlagDescription& flag) { return flag.names.empty(); }
bool TakesFile(const FlagDescription& flag) {
  return flag.placeholder == "FILE" || flag.placeholder == "IN" || flag.placeholder == "OUT";
}
bool IsPart(const VerbDescription& verb) { return verb.name.find(' ') != verb.name.npos; }

// What may stand behind a flag, or in place of a word: choices, "<file>", or "<any>".
std::string ValueWords(const FlagDescription& flag) {
  if (!flag.choices.empty()) return fmt::format("{}", fmt::join(flag.choices, " "));
  return TakesFile(flag) ? "<file>" : "<any>";
}

std::string BashCases(const VerbDescription& verb) {
  std::string flags, words, cases;
  for (const FlagDescription& flag : verb.flags) {
    if (IsWord(flag) && words.empty()) words = ValueWords(flag);
    const std::vector<std::string> names = Names(flag);
    for (const std::string& name : names) flags += (flags.empty() ? "" : " ") + name;
    if (IsWord(flag) || flag.placeholder.empty()) continue;
    cases += fmt::format("    '{} {}') echo '{}' ;;\n", verb.name, fmt::join(names, fmt::format("'|'{} ", verb.name)),
                         ValueWords(flag));
  }
  if (!verb.parts.empty()) words = fmt::format("{}", fmt::join(verb.parts, " "));
  return fmt::format("    '{0} flags') echo '{1}' ;;\n    '{0} words') echo '{2}' ;;\n{3}", verb.name, flags, words,
                     cases);
}

constexpr char kBashHead[] = R"bash(# bash completion of sterna; made by `sterna completion bash`
_sterna_know() {
  case "$1 $2" in
)bash";

// A word behind = is one of its own for bash, and so is =.
constexpr char kBashTail[] = R"bash(  esac
}
_sterna() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' word known
  local index=1
  while [ $index -lt $COMP_CWORD ]; do
    word=${COMP_WORDS[index]}
    if [ -z "$verb" ]; then
      case $word in -*) ;; *) verb=$word ;; esac
    elif [ -n "$(_sterna_know "$verb $word" flags)" ]; then
      verb="$verb $word"
    fi
    index=$((index + 1))
  done
  if [ "$prev" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  if [ "$cur" = = ]; then cur=''; fi
  COMPREPLY=()
  if [ -z "$verb" ]; then
    COMPREPLY=($(compgen -W "$(_sterna_know '' verbs)" -- "$cur"))
    return
  fi
  known=''
  case $prev in -*) known=$(_sterna_know "$verb" "$prev") ;; esac
  if [ -z "$known" ]; then
    case $cur in
      -*) known=$(_sterna_know "$verb" flags) ;;
      *) known=$(_sterna_know "$verb" words) ;;
    esac
  fi
  case $known in
    *'<file>'*) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
    *'<any>'*) ;;
    *) COMPREPLY=($(compgen -W "$known" -- "$cur")) ;;
  esac
}
complete -F _sterna sterna
)bash";

constexpr char kZshHead[] = R"zsh(#compdef sterna
# zsh completion of sterna; made by `sterna completion zsh`
_sterna() {
  local -a verbs
  verbs=(
)zsh";
constexpr char kZshVerbs[] = R"zsh(  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb=$words[2] parts='
)zsh";
constexpr char kZshParts[] = R"zsh('
  shift words
  (( CURRENT-- ))
  if (( CURRENT > 2 )) && [[ $parts == *"|$verb $words[2]|"* ]]; then
    verb="$verb $words[2]"
    shift words
    (( CURRENT-- ))
  fi
  case $verb in
)zsh";
constexpr char kZshTail[] = R"zsh(  esac
}
if [ "$funcstack[1]" = _sterna ]; then
  _sterna "$@"
else
  compdef _sterna sterna
fi
)zsh";

// Inside the brackets and behind the colons of _arguments these mean something.
std::string ZshText(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string ZshAction(const FlagDescription& flag) {
  if (!flag.choices.empty()) return fmt::format("({})", fmt::join(flag.choices, " "));
  return TakesFile(flag) ? "_files" : " ";
}

std::string ZshArguments(const VerbDescription& verb) {
  std::string specs;
  size_t word = 0;
  for (const FlagDescription& flag : verb.flags) {
    const std::string value = flag.placeholder.empty() ? "" : fmt::format(":{}:{}", flag.placeholder, ZshAction(flag));
    if (IsWord(flag)) specs += fmt::format(" \\\n      {}", Quoted(fmt::format("{}{}", ++word, value), kPosixQuote));
    for (const std::string& name : Names(flag)) {
      specs +=
          fmt::format(" \\\n      {}", Quoted(fmt::format("*{}[{}]{}", name, ZshText(flag.help), value), kPosixQuote));
    }
  }
  return specs;
}

std::string FishCondition(const VerbDescription& verb) {
  const size_t space = verb.name.find(' ');
  if (space == verb.name.npos) return "__fish_seen_subcommand_from " + verb.name;
  return fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}", verb.name.substr(0, space),
                     verb.name.substr(space + 1));
}

std::string FishFlag(const VerbDescription& verb, const FlagDescription& flag) {
  std::string line = fmt::format("complete -c sterna -n '{}'", FishCondition(verb));
  for (const std::string& name : Names(flag)) {
    const bool is_long = name.starts_with("--");
    line += fmt::format(" -{} {}", is_long ? 'l' : 's', name.substr(is_long ? 2 : 1));
  }
  if (!flag.choices.empty()) line += fmt::format(" -x -a '{}'", fmt::join(flag.choices, " "));
  if (flag.choices.empty() && TakesFile(flag)) line += IsWord(flag) ? " -F" : " -r -F";
  if (flag.choices.empty() && !TakesFile(flag) && !flag.placeholder.empty()) line += " -x";
  return line + fmt::format(" -d {}\n", Quoted(flag.help, kFishQuote));
}

}  // namespace

std::string BashScript(std::span<const VerbDescription> verbs) {
  std::string names = kGlobalFlags;
  std::string cases;
  for (const VerbDescription& verb : verbs) {
    if (!IsPart(verb)) names += " " + verb.name;
    cases += BashCases(verb);
  }
  return fmt::format("{}    ' verbs') echo '{}' ;;\n{}{}", kBashHead, names, cases, kBashTail);
}

std::string ZshScript(std::span<const VerbDescription> verbs) {
  std::string list, cases, parts = "|";
  for (const VerbDescription& verb : verbs) {
    if (IsPart(verb)) {
      parts += verb.name + "|";
    } else {
      list += fmt::format("    {}\n", Quoted(fmt::format("{}:{}", verb.name, ZshText(verb.summary)), kPosixQuote));
    }
    cases += verb.parts.empty() ? fmt::format("    ('{}') _arguments{} ;;\n", verb.name, ZshArguments(verb))
                                : fmt::format("    ('{}') _values part {} ;;\n", verb.name, fmt::join(verb.parts, " "));
  }
  return fmt::format("{}{}{}{}{}{}{}", kZshHead, list, kZshVerbs, parts, kZshParts, cases, kZshTail);
}

std::string FishScript(std::span<const VerbDescription> verbs) {
  std::string text = "# fish completion of sterna; made by `sterna completion fish`\ncomplete -c sterna -f\n";
  for (const VerbDescription& verb : verbs) {
    if (!IsPart(verb)) {
      text += fmt::format("complete -c sterna -n __fish_use_subcommand -a {} -d {}\n", verb.name,
                          Quoted(verb.summary, kFishQuote));
    }
    if (!verb.parts.empty()) {
      text += fmt::format("complete -c sterna -n '{}' -a '{}'\n", FishCondition(verb), fmt::join(verb.parts, " "));
    }
    for (const FlagDescription& flag : verb.flags) text += FishFlag(verb, flag);
  }
  return text;
}

}  // namespace sterna::cli
