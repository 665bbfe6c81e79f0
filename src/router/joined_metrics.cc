// SPDX-License-Identifier: Apache-2.0
#include "router/joined_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sterna::router {
namespace {

constexpr std::string_view kHelp = "# HELP ", kType = "# TYPE ";
constexpr std::string_view kLargest = "llamacpp:n_tokens_max";
struct Rate {
  std::string_view name, seconds;
};
constexpr Rate kRates[] = {
    {"llamacpp:prompt_tokens_seconds", "llamacpp:prompt_seconds_total"},
    {"llamacpp:predicted_tokens_seconds", "llamacpp:tokens_predicted_seconds_total"},
};

std::string_view NameOf(std::string_view series) { return series.substr(0, series.find('{')); }

// The text up to the first `sign`, and what is behind it.
std::pair<std::string_view, std::string_view> Cut(std::string_view text, char sign) {
  const size_t at = std::min(text.find(sign), text.size());
  return {text.substr(0, at), text.substr(std::min(at + 1, text.size()))};
}

}  // namespace

uint64_t JoinedMetrics::Life(uint32_t instance) const {
  const std::lock_guard lock(mutex_);
  return instances_[instance].life;
}

void JoinedMetrics::Update(uint32_t instance, uint64_t life, std::string_view text) {
  const std::lock_guard lock(mutex_);
  Instance& target = instances_[instance];
  if (target.life != life) return;
  target.now.clear();
  while (!text.empty()) {
    const auto [line, rest] = Cut(text, '\n');
    TakeLine(line, target);
    text = rest;
  }
}

JoinedMetrics::Family& JoinedMetrics::FamilyOf(std::string_view name) {
  const auto [found, is_new] = families_.try_emplace(std::string(name));
  if (is_new) order_.emplace_back(name);
  return found->second;
}

void JoinedMetrics::TakeLine(std::string_view line, Instance& instance) {
  if (line.starts_with(kHelp) || line.starts_with(kType)) {
    const auto [name, words] = Cut(line.substr(kHelp.size()), ' ');
    Family& family = FamilyOf(name);
    (line.starts_with(kHelp) ? family.help : family.kind) = std::string(words);
    return;
  }
  const size_t space = line.rfind(' ');
  if (space == std::string_view::npos || line.starts_with('#')) return;
  const std::string series(line.substr(0, space));
  const std::string_view number = line.substr(space + 1);
  double value = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc()) return;
  instance.now[series] = value;
  std::vector<std::string>& known = FamilyOf(NameOf(series)).series;
  if (std::find(known.begin(), known.end(), series) == known.end()) known.push_back(series);
}

void JoinedMetrics::Ended(uint32_t instance) {
  const std::lock_guard lock(mutex_);
  Instance& ended = instances_[instance];
  for (const auto& [series, value] : ended.now) {
    if (FamilyOf(NameOf(series)).kind != "counter") continue;
    double& before = ended.before[series];
    before = series == kLargest ? std::max(before, value) : before + value;
  }
  ended.now.clear();
  ++ended.life;
}

double JoinedMetrics::Sum(const std::string& series) const {
  double sum = 0;
  for (const Instance& instance : instances_) {
    for (const auto* values : {&instance.now, &instance.before}) {
      const auto found = values->find(series);
      if (found == values->end()) continue;
      sum = series == kLargest ? std::max(sum, found->second) : sum + found->second;
    }
  }
  return sum;
}

// A mean by the seconds that each rate is of.
double JoinedMetrics::Mean(std::string_view rate, std::string_view seconds) const {
  double count = 0, all_seconds = 0;
  for (const Instance& instance : instances_) {
    const auto value = instance.now.find(rate), weight = instance.now.find(seconds);
    if (value == instance.now.end() || weight == instance.now.end()) continue;
    count += value->second * weight->second;
    all_seconds += weight->second;
  }
  return all_seconds > 0 ? count / all_seconds : 0;
}

double JoinedMetrics::Joined(const std::string& series) const {
  for (const Rate& rate : kRates) {
    if (series == rate.name) return Mean(rate.name, rate.seconds);
  }
  return Sum(series);
}

std::string JoinedMetrics::Text(const std::vector<std::string_view>& without) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& name : order_) {
    if (std::find(without.begin(), without.end(), name) != without.end()) continue;
    const Family& family = families_.find(name)->second;
    text += fmt::format("{}{} {}\n{}{} {}\n", kHelp, name, family.help, kType, name, family.kind);
    for (const std::string& series : family.series) {
      const bool gone =
          family.kind == "gauge" &&
          std::none_of(instances_.begin(), instances_.end(), [&](const Instance& i) { return i.now.contains(series); });
      if (!gone) text += fmt::format("{} {}\n", series, Joined(series));
    }
  }
  return text;
}

}  // namespace sterna::router
