// SPDX-License-Identifier: Apache-2.0
#include "flag_set.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/status_macros.h"
#include "config/nearest_name.h"
#include "config/number_parsing.h"
#include "exit_code.h"

namespace sterna::cli {
namespace {

constexpr size_t kHelpColumn = 34;

std::string LongName(const std::string& names) {
  const size_t dashes = names.find("--");
  return dashes == std::string::npos ? names : names.substr(dashes);
}

template <class T>
Setting WholeNumberSetting(std::string names, std::string help, T* target, uint64_t low, uint64_t high) {
  const std::string name = LongName(names);
  return Setting{std::move(names), "N", fmt::format("{}, {}..{}", help, low, high),
                 [=](std::string_view text) -> Status {
                   STERNA_ASSIGN_OR_RETURN(const uint64_t value, config::ParseUnsigned(name, text, low, high));
                   *target = static_cast<T>(value);
                   return {};
                 },
                 [=] { return fmt::format("{}", *target); }};
}

std::string JoinChoices(const std::vector<std::string>& choices) { return fmt::format("{}", fmt::join(choices, ", ")); }

}  // namespace

std::string Setting::Key() const { return LongName(names).substr(2); }

Setting UnsignedSetting(std::string names, std::string help, uint32_t* target, uint64_t low, uint64_t high) {
  return WholeNumberSetting(std::move(names), std::move(help), target, low, high);
}

Setting UnsignedSetting(std::string names, std::string help, uint64_t* target, uint64_t low, uint64_t high) {
  return WholeNumberSetting(std::move(names), std::move(help), target, low, high);
}

Setting RealSetting(std::string names, std::string help, float* target, double low, double high) {
  const std::string name = LongName(names);
  return Setting{std::move(names), "X", fmt::format("{}, {}..{}", help, low, high),
                 [=](std::string_view text) -> Status {
                   STERNA_ASSIGN_OR_RETURN(const double value, config::ParseReal(name, text, low, high));
                   *target = static_cast<float>(value);
                   return {};
                 },
                 [=] { return fmt::format("{}", *target); }};
}

Setting ChoiceSetting(std::string names, std::string help, std::string* target,
                      const std::vector<std::string>& choices) {
  const std::string name = LongName(names);
  return Setting{
      std::move(names),
      "NAME",
      fmt::format("{}: {}", help, JoinChoices(choices)),
      [=](std::string_view text) -> Status {
        if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
          return Status::InvalidArgument(fmt::format("{} is '{}'; give one of {}", name, text, JoinChoices(choices)));
        }
        *target = std::string(text);
        return {};
      },
      [=] { return *target; },
      choices};
}

std::string FlagDescription::ToLine() const {
  return fmt::format("{}\t{}\t{}\t{}\n", names, placeholder, fmt::join(choices, " "), help);
}

std::optional<FlagDescription> FlagDescription::FromLine(std::string_view line) {
  std::vector<std::string> parts = CLI::detail::split(std::string(line), '\t');
  if (parts.size() != 4) return std::nullopt;
  FlagDescription flag{parts[0], parts[1], {}, parts[3]};
  if (!parts[2].empty()) flag.choices = CLI::detail::split(parts[2], ' ');
  return flag;
}

struct FlagSet::Impl {
  explicit Impl(const std::string& summary) : app(summary) {}
  CLI::App app;
  std::string verb;
  std::string group = "Flags";
  std::vector<std::function<Status()>> on_parsed;
  std::vector<FlagDescription> descriptions;
  Status first_error;  // of a setting; CLI11 only learns that parsing is over

  CLI::Option* AddOption(const std::string& names, const std::string& placeholder, const std::string& help,
                         const std::function<Status(const std::string&)>& take) {
    CLI::callback_t callback = [this, take](const CLI::results_t& values) {
      for (const std::string& value : values) {
        if (first_error.ok()) first_error = take(value);
      }
      return true;
    };
    if (!group.empty()) {
      descriptions.push_back(
          {names.starts_with('-') ? names : "", names.starts_with('-') ? placeholder : names, {}, help});
    }
    CLI::Option* option = app.add_option(names, std::move(callback), help);
    option->option_text(placeholder)->group(group)->take_last();
    return option;
  }

  int Describe() const {
    std::string text = FlagDescription{"-h,--help", "", {}, "Show this text and exit"}.ToLine();
    for (const FlagDescription& flag : descriptions) text += flag.ToLine();
    return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? kExitOk : kExitFailed;
  }
};

FlagSet::FlagSet(std::string verb, const std::string& summary, const std::string& examples)
    : impl_(std::make_unique<Impl>(summary)) {
  impl_->verb = std::move(verb);
  CLI::App& app = impl_->app;
  app.name("sterna " + impl_->verb);
  app.allow_extras();
  app.get_formatter()->column_width(kHelpColumn);
  app.set_help_flag("-h,--help", "Show this text and exit");
  app.footer("Examples:\n" + examples);
}

FlagSet::~FlagSet() = default;

void FlagSet::Group(std::string title) { impl_->group = std::move(title); }

void FlagSet::Add(const Setting& setting) {
  const auto set = setting.set;
  impl_->AddOption(setting.names, setting.placeholder, fmt::format("{} [default: {}]", setting.help, setting.get()),
                   [set](const std::string& value) { return set(value); });
  impl_->descriptions.back().choices = setting.choices;
}

void FlagSet::AddSwitch(const std::string& names, bool* target, const std::string& help) {
  impl_->app
      .add_flag_callback(
          names, [target] { *target = true; }, help + " [default: off]")
      ->group(impl_->group);
  impl_->descriptions.push_back({names, "", {}, help});
}

void FlagSet::AddText(const std::string& names, const std::string& placeholder, std::optional<std::string>* target,
                      const std::string& help) {
  impl_->AddOption(names, placeholder, help, [target](const std::string& value) {
    *target = value;
    return Status();
  });
}

void FlagSet::AddList(const std::string& names, const std::string& placeholder, std::vector<std::string>* target,
                      const std::string& help) {
  auto take = [target](const std::string& value) {
    target->push_back(value);
    return Status();
  };
  impl_->AddOption(names, placeholder, help + " [default: none; may be repeated]", take)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void FlagSet::AddPositional(const std::string& name, std::string* target, const std::string& help,
                            const std::vector<std::string>& choices) {
  auto take = [target](const std::string& value) {
    *target = value;
    return Status();
  };
  impl_->AddOption(name, "", help, take)->group("Arguments");
  impl_->descriptions.back().choices = choices;
}

Result<std::optional<int>> FlagSet::Parse(std::span<const std::string> words) {
  if (words.size() == 1 && words[0] == kDescribeFlags) return std::optional<int>(impl_->Describe());
  CLI::App& app = impl_->app;
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    const std::string help = app.help();
    if (std::fputs(help.c_str(), stdout) < 0 || std::fflush(stdout) != 0) return std::optional<int>(kExitFailed);
    return std::optional<int>(kExitOk);
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();  // "--prompt: 1 required TEXT missing"
    return Status::InvalidArgument(
        fmt::format("{} needs a value; see sterna {} --help", text.substr(0, text.find(':')), impl_->verb));
  } catch (const CLI::ParseError& error) {
    return Status::InvalidArgument(fmt::format("{}; see sterna {} --help", error.what(), impl_->verb));
  }
  if (!impl_->first_error.ok()) return impl_->first_error;
  const std::vector<std::string> unknown = app.remaining();
  if (unknown.empty()) {
    for (const auto& call : impl_->on_parsed) STERNA_RETURN_IF_ERROR(call());
    return std::optional<int>();
  }
  if (!unknown[0].starts_with("-")) {
    return Status::InvalidArgument(fmt::format("unexpected word '{}'; see sterna {} --help", unknown[0], impl_->verb));
  }
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  const std::string flag = unknown[0].substr(0, unknown[0].find('='));
  return Status::InvalidArgument(fmt::format("unknown flag '{}'; the nearest is {}, see sterna {} --help", flag,
                                             config::NearestName(flag, known), impl_->verb));
}

void FlagSet::OnParsed(std::function<Status()> call) { impl_->on_parsed.push_back(std::move(call)); }

bool FlagSet::Given(const std::string& name) const { return impl_->app.count(name) > 0; }

}  // namespace sterna::cli
