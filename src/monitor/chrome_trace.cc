// SPDX-License-Identifier: Apache-2.0
//
// Complete events ("X": start and duration in one), metadata that names the tracks, and counters over time. Their
// format: Trace Event Format of the Chromium project; times are microseconds.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "monitor/reports.h"
#include "monitor/summary.h"

namespace sterna::monitor {
namespace {

constexpr int kProcess = 1;  // of the trace; one profile is of one process

std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

class TraceWriter {
 public:
  explicit TraceWriter(const Profile& profile) : profile_(profile) {}

  std::string Write() {
    text_ = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    Event(R"("ph":"M","name":"process_name","pid":{},"args":{{"name":"sterna"}})", kProcess);
    size_t number = 0;
    for (const Track* track : profile_.recorder.tracks()) WriteTrack(*track, ++number);
    WriteSamples();
    WriteTokens();
    text_ += "\n]}\n";
    return std::move(text_);
  }

 private:
  template <class... Values>
  void Event(fmt::format_string<Values...> format, Values&&... values) {
    text_ += first_ ? "{" : ",\n{";
    first_ = false;
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
    text_ += '}';
  }

  double Microseconds(int64_t time_ns) const { return double(time_ns - profile_.recorder.start_ns()) / 1e3; }

  void WriteTrack(const Track& track, size_t number) {
    Event(R"("ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":{}}})", kProcess, number,
          Quoted(track.name()));
    Event(R"("ph":"M","name":"thread_sort_index","pid":{},"tid":{},"args":{{"sort_index":{}}})", kProcess, number,
          number);
    std::vector<const SpanEvent*> events(track.size());
    for (size_t i = 0; i < events.size(); ++i) events[i] = &track.event(i);
    // What is around others comes before them.
    std::stable_sort(events.begin(), events.end(), [](const SpanEvent* a, const SpanEvent* b) {
      return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a->depth < b->depth;
    });
    for (const SpanEvent* event : events) WriteSpan(*event, number);
  }

  void WriteSpan(const SpanEvent& event, size_t track) {
    const SpanFacts& facts = event.facts;
    std::string arguments;
    const auto add = [&](std::string_view name, uint64_t value) {
      fmt::format_to(std::back_inserter(arguments), "{}\"{}\":{}", arguments.empty() ? "" : ",", name, value);
    };
    if (facts.layer != SpanFacts::kNoLayer) add("layer", uint64_t(facts.layer));
    if (facts.rows > 0) add("rows", facts.rows);
    if (facts.tokens > 0) add("tokens", facts.tokens);
    if (facts.pieces > 0) add("pieces", facts.pieces);
    if (facts.bytes > 0) add("bytes", facts.bytes);
    if (facts.multiply_adds > 0) add("multiply_adds", facts.multiply_adds);
    Event(R"("ph":"X","name":{},"pid":{},"tid":{},"ts":{:.3f},"dur":{:.3f},"args":{{{}}})", Quoted(event.name),
          kProcess, track, Microseconds(event.start_ns), double(event.end_ns - event.start_ns) / 1e3, arguments);
  }

  void Counter(std::string_view name, int64_t time_ns, std::string_view unit, double value) {
    Event(R"("ph":"C","name":"{}","pid":{},"ts":{:.3f},"args":{{"{}":{:.3f}}})", name, kProcess, Microseconds(time_ns),
          unit, value);
  }

  void WriteSamples() {
    const Sample* last = nullptr;
    for (const Sample& sample : profile_.samples) {
      Counter("resident memory", sample.time_ns, "MB", double(sample.usage.resident_bytes) / 1e6);
      if (last != nullptr && sample.time_ns > last->time_ns) {
        const int64_t cpu_ns =
            sample.usage.user_cpu_ns + sample.usage.system_cpu_ns - last->usage.user_cpu_ns - last->usage.system_cpu_ns;
        Counter("CPUs busy", sample.time_ns, "CPUs", double(cpu_ns) / double(sample.time_ns - last->time_ns));
      }
      last = &sample;
    }
  }

  void WriteTokens() {
    uint64_t tokens = 0;
    for (const StepRow& step : StepRows(profile_.recorder)) {
      tokens += step.tokens;
      Counter("tokens", step.end_ns, "tokens", double(tokens));
    }
  }

  const Profile& profile_;
  std::string text_;
  bool first_ = true;
};

}  // namespace

std::string ChromeTrace(const Profile& profile) { return TraceWriter(profile).Write(); }

}  // namespace sterna::monitor
