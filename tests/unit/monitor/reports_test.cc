// SPDX-License-Identifier: Apache-2.0
#include "monitor/reports.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "unit/monitor/recorded_run.h"

namespace sterna::monitor {
namespace {

using nlohmann::json;

TEST(JsonReport, SaysWhatWasRecorded) {
  const RecordedRun run;
  const json report = json::parse(JsonReport(run.profile()));
  EXPECT_EQ(report["sterna_profile"], 1);
  EXPECT_EQ(report["about"]["model"], "a \"b\" <c>");
  EXPECT_DOUBLE_EQ(report["wall_ms"], 135e-6);
  EXPECT_EQ(report["rows"], 9);
  EXPECT_EQ(report["tokens"], 1);
  EXPECT_EQ(report["limits"]["read_gb_per_second"], 20);
  EXPECT_EQ(report["operations"].size(), 3u);
  EXPECT_EQ(report["operations"][0]["name"], "q k v");
  EXPECT_EQ(report["spans"]["recorded"], 7);
  EXPECT_EQ(report["spans"]["dropped"], 0);
  EXPECT_EQ(report["steps"]["rows"], json({8, 1}));
  EXPECT_EQ(report["samples"]["resident_bytes"], json({1000, 5000}));
  EXPECT_EQ(report["resources"]["highest_resident_bytes"], 5000);
  EXPECT_EQ(report["resources"]["minor_faults"], 3);
  EXPECT_FALSE(report["resources"].contains("cycles"));
  EXPECT_FALSE(report["resources"].contains("joules"));
  EXPECT_EQ(report["missing"].size(), 1u);
}

TEST(JsonReport, HoldsHardwareCountsAndJoulesWhereThereAreSome) {
  const RecordedRun run;
  Profile profile = run.profile();
  profile.has_hardware = profile.has_energy = true;
  const json resources = json::parse(JsonReport(profile))["resources"];
  EXPECT_EQ(resources["cycles"], 90);
  EXPECT_EQ(resources["joules"], 2);
  EXPECT_EQ(resources["joules_per_token"], 2);
}

TEST(JsonReport, OfAnEmptyProfileIsWhole) {
  const Recorder recorder;
  const json report = json::parse(JsonReport({.recorder = recorder}));
  EXPECT_EQ(report["tokens"], 0);
  EXPECT_TRUE(report["operations"].empty());
}

// What Perfetto asks of complete events: sorted on each track, and inside each other or apart.
TEST(ChromeTrace, SpansOfATrackAreSortedAndNest) {
  const RecordedRun run;
  const json trace = json::parse(ChromeTrace(run.profile()));
  std::map<int, std::vector<double>> open;  // ends of the spans around, by track
  std::map<int, double> last;
  size_t spans = 0;
  for (const json& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    ++spans;
    const int track = event["tid"];
    const double start = event["ts"], end = start + event["dur"].get<double>();
    EXPECT_GE(start, last[track]);
    last[track] = start;
    std::vector<double>& around = open[track];
    while (!around.empty() && around.back() <= start) around.pop_back();
    if (!around.empty()) {
      EXPECT_LE(end, around.back() + 1e-9);
    }
    around.push_back(end);
  }
  EXPECT_EQ(spans, 7u);
}

TEST(ChromeTrace, NamesTracksAndCountsOverTime) {
  const RecordedRun run;
  const json trace = json::parse(ChromeTrace(run.profile()));
  std::vector<std::string> tracks, counters;
  for (const json& event : trace["traceEvents"]) {
    for (const char* key : {"ph", "name", "pid"}) EXPECT_TRUE(event.contains(key)) << event.dump();
    if (event["name"] == "thread_name") tracks.push_back(event["args"]["name"]);
    if (event["ph"] == "C") counters.push_back(event["name"]);
  }
  EXPECT_EQ(tracks, (std::vector<std::string>{"program", "engine \"one\""}));
  const std::vector<std::string> expected = {"resident memory", "resident memory", "CPUs busy", "tokens", "tokens"};
  EXPECT_EQ(counters, expected);
}

std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t first = text.find(begin) + begin.size();
  return text.substr(first, text.find(end, first) - first);
}

TEST(HtmlReport, HoldsTheReportWhateverNamesSay) {
  const RecordedRun run;
  const std::string page = HtmlReport(run.profile());
  const std::string data = Between(page, "id=\"profile\">", "</script>");
  EXPECT_EQ(data.find('<'), data.npos);
  json held = json::parse(data);
  const json timeline = held["timeline"];
  held.erase("timeline");
  EXPECT_EQ(held, json::parse(JsonReport(run.profile())));
  EXPECT_EQ(timeline["names"], json({"answer", "head", "forward", "step"}));
  EXPECT_EQ(timeline["tracks"][1]["name"], "engine \"one\"");
  EXPECT_EQ(timeline["tracks"][1]["spans"].size(), 6u);
  EXPECT_EQ(timeline["tracks"][1]["spans"][2], json({3, 0.0, 0.1, 0, 0, 8}));
  EXPECT_EQ(page.find("@STYLE@"), page.npos);
  EXPECT_EQ(page.find("@SCRIPT@"), page.npos);
}

TEST(HtmlReport, ShowsTheLongestSpansWhereThereAreTooMany) {
  HandClock clock;
  Recorder recorder({.clock = &clock});
  Track* const track = recorder.AddTrack("engine");
  for (int i = 0; i < 30'000; ++i) track->Add("short", 0, 10);
  for (int i = 0; i < 100; ++i) track->Add("long", 0, 1000);
  const std::string page = HtmlReport({.recorder = recorder});
  const json timeline = json::parse(Between(page, "id=\"profile\">", "</script>"))["timeline"];
  EXPECT_EQ(timeline["shown"], 100);
  EXPECT_EQ(timeline["left_out"], 30'000);
  EXPECT_EQ(timeline["tracks"][0]["spans"].size(), 100u);
}

}  // namespace
}  // namespace sterna::monitor
