// SPDX-License-Identifier: Apache-2.0
//
// The page in page/ with the report and the longest spans put into it.
#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "monitor/json_report.h"
#include "monitor/report_page.h"
#include "monitor/reports.h"

namespace sterna::monitor {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostSpans = 20'000;  // in the page; more would make it slow to open
constexpr std::string_view kProfilePlace = "@PROFILE@";

struct ShownSpans {
  int64_t least_ns = 0;  // spans that last as long or longer are shown
  size_t shown = 0, left_out = 0;
};

// So that no more than kMostSpans are shown, and the longest ones at that.
ShownSpans ChooseSpans(const std::vector<const Track*>& tracks) {
  std::vector<int64_t> durations;
  for (const Track* track : tracks) {
    const size_t count = track->size();
    for (size_t i = 0; i < count; ++i) durations.push_back(track->event(i).end_ns - track->event(i).start_ns);
  }
  if (durations.size() <= kMostSpans) return {0, durations.size(), 0};
  const auto last = durations.begin() + kMostSpans;
  std::nth_element(durations.begin(), last, durations.end(), std::greater<>());
  const int64_t least_ns = *last + 1;
  const auto shown =
      size_t(std::count_if(durations.begin(), durations.end(), [&](int64_t ns) { return ns >= least_ns; }));
  return {least_ns, shown, durations.size() - shown};
}

// Indices of names, in order of their first sight.
class Names {
 public:
  size_t IndexOf(std::string_view name) {
    const auto [found, added] = indices_.try_emplace(name, indices_.size());
    if (added) list_.push_back(name);
    return found->second;
  }
  const ordered_json& list() const { return list_; }

 private:
  std::map<std::string_view, size_t> indices_;
  ordered_json list_ = ordered_json::array();
};

// [name, start us, us, depth, layer + 1, rows, tokens, bytes, multiply-adds, pieces], without zeros at the end.
ordered_json SpanRecord(const SpanEvent& event, size_t name, int64_t start_ns) {
  const SpanFacts& facts = event.facts;
  ordered_json record = {name, double(event.start_ns - start_ns) / 1e3, double(event.end_ns - event.start_ns) / 1e3,
                         event.depth};
  const uint64_t rest[] = {uint64_t(facts.layer + 1), facts.rows,  facts.tokens, facts.bytes,
                           facts.multiply_adds,       facts.pieces};
  size_t used = std::size(rest);
  while (used > 0 && rest[used - 1] == 0) --used;
  for (size_t i = 0; i < used; ++i) record.push_back(rest[i]);
  return record;
}

ordered_json Timeline(const Profile& profile) {
  const std::vector<const Track*> tracks = profile.recorder.tracks();
  const ShownSpans choice = ChooseSpans(tracks);
  Names names;
  ordered_json shown = ordered_json::array();
  for (const Track* track : tracks) {
    ordered_json spans = ordered_json::array();
    const size_t count = track->size();
    for (size_t i = 0; i < count; ++i) {
      const SpanEvent& event = track->event(i);
      if (event.end_ns - event.start_ns < choice.least_ns) continue;
      spans.push_back(SpanRecord(event, names.IndexOf(event.name), profile.recorder.start_ns()));
    }
    shown.push_back({{"name", track->name()}, {"spans", std::move(spans)}});
  }
  return {{"names", names.list()}, {"tracks", shown}, {"shown", choice.shown}, {"left_out", choice.left_out}};
}

// JSON inside a script element: a "<" could end it or begin a comment. It stands in strings alone, where this is the
// same.
std::string WithoutMarkup(const std::string& json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string HtmlReport(const Profile& profile) {
  ordered_json report = ReportObject(profile);
  report["timeline"] = Timeline(profile);
  const std::string_view page = ReportPage();
  const size_t place = page.find(kProfilePlace);
  std::string text(page.substr(0, place));
  text += WithoutMarkup(report.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  text += page.substr(place + kProfilePlace.size());
  return text;
}

}  // namespace sterna::monitor
