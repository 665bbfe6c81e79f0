// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::cli {

// A value that can be given as text and shown as text: a flag of a verb, and a key of chat's /set.
struct Setting {
  std::string names;        // "-n,--max-tokens"
  std::string placeholder;  // "N"
  std::string help;         // what it does and its range; the default is added
  std::function<Status(std::string_view)> set;
  std::function<std::string()> get;
  std::vector<std::string> choices = {};  // all values there are; empty: too many to list

  std::string Key() const;  // the long name without dashes: "max-tokens"
};

// Settings over a variable that must outlive them. The range is checked and becomes part of the help.
Setting UnsignedSetting(std::string names, std::string help, uint32_t* target, uint64_t low, uint64_t high);
Setting UnsignedSetting(std::string names, std::string help, uint64_t* target, uint64_t low, uint64_t high);
Setting RealSetting(std::string names, std::string help, float* target, double low, double high);
// `refused` gives a reason for values that are known but not available.
Setting ChoiceSetting(std::string names, std::string help, std::string* target,
                      const std::vector<std::string>& choices);

// A flag, or a word without a dash, as shell completion needs it.
struct FlagDescription {
  std::string names;        // "-n,--max-tokens"; empty: a word without a dash
  std::string placeholder;  // "N"; empty: a switch
  std::vector<std::string> choices;
  std::string help;

  // One line with its end, and the way back; nullopt for any other line.
  std::string ToLine() const;
  static std::optional<FlagDescription> FromLine(std::string_view line);
};

// As the only word after a verb: prints a FlagDescription a line and ends. For `sterna completion`, not for people.
inline constexpr char kDescribeFlags[] = "--describe-flags";

// The flags of one verb: parsing, the help text, and one-line errors that name the nearest flag.
// A flag given twice: the last one counts. Values may start with a dash.
class FlagSet {
 public:
  // `verb` is "run" or "eval logits"; `examples` is shown at the end of the help, one command a line.
  FlagSet(std::string verb, const std::string& summary, const std::string& examples);
  ~FlagSet();

  // Heads the flags added from here on; empty: help does not show them.
  void Group(std::string title);
  void Add(const Setting& setting);
  void AddSwitch(const std::string& names, bool* target, const std::string& help);
  void AddText(const std::string& names, const std::string& placeholder, std::optional<std::string>* target,
               const std::string& help);
  void AddList(const std::string& names, const std::string& placeholder, std::vector<std::string>* target,
               const std::string& help);
  // A word without a dash. Several are taken in the order in which they were added. IN, OUT and FILE are files.
  void AddPositional(const std::string& name, std::string* target, const std::string& help,
                     const std::vector<std::string>& choices = {});

  // Parses the words after the verb. nullopt: go on; a value: the verb is over with this exit code (help was shown).
  // InvalidArgument for a wrong flag or value.
  Result<std::optional<int>> Parse(std::span<const std::string> words);

  // Called when parsing went well and no help was asked for; Parse returns its error.
  void OnParsed(std::function<Status()> call);

  bool Given(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::cli
