// SPDX-License-Identifier: Apache-2.0
#include "sterna/profiling.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "monitor/listeners.h"
#include "unit/platform/allocation_counter.h"

namespace sterna {
namespace {

using nlohmann::json;

TEST(Profiler, OperationsNestAndTimeCountsTheOuterOnes) {
  Profiler profiler = Profiler::create().value();
  profiler.start_operation("outer");
  profiler.start_operation("inner");
  const auto inner = profiler.end_operation().value();
  const auto outer = profiler.end_operation().value();
  EXPECT_LE(inner, outer);
  EXPECT_DOUBLE_EQ(profiler.metric(MetricType::Time).value(), double(outer.count()) / 1e9);
}

TEST(Profiler, EndingWithoutAStartIsAFailedPrecondition) {
  Profiler profiler = Profiler::create().value();
  EXPECT_EQ(profiler.end_operation().status().code(), StatusCode::kFailedPrecondition);
  profiler.start_operation("once");
  EXPECT_TRUE(profiler.end_operation().ok());
  EXPECT_EQ(profiler.end_operation().status().code(), StatusCode::kFailedPrecondition);
}

TEST(Profiler, EachThreadHasItsOwnNest) {
  Profiler profiler = Profiler::create().value();
  profiler.start_operation("of the main thread");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&profiler] {
      EXPECT_EQ(profiler.end_operation().status().code(), StatusCode::kFailedPrecondition);
      for (int n = 0; n < 100; ++n) {
        profiler.start_operation("a");
        profiler.start_operation("b");
        EXPECT_TRUE(profiler.end_operation().ok());
        EXPECT_TRUE(profiler.end_operation().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(profiler.end_operation().ok());
  EXPECT_FALSE(profiler.end_operation().ok());
}

TEST(Profiler, KnownOperationsAllocateNothing) {
  Profiler profiler = Profiler::create().value();
  const auto once = [&profiler] {
    profiler.start_operation("a name that is too long to be kept inside of a string object");
    EXPECT_TRUE(profiler.end_operation().ok());
  };
  once();
  const size_t before = testing_support::AllocationCount();
  for (int i = 0; i < 100; ++i) once();
  EXPECT_EQ(testing_support::AllocationCount(), before);
}

TEST(Profiler, WithoutTimingNotesNothing) {
  Profiler profiler = Profiler::with_config({.enable_timing = false}).value();
  profiler.start_operation("a");
  EXPECT_EQ(profiler.end_operation().value().count(), 0);
  EXPECT_EQ(profiler.metric(MetricType::Time).value(), 0);
}

TEST(Profiler, MetricsAreNumbersOrSayWhyNot) {
  const Profiler profiler = Profiler::create().value();
  EXPECT_GT(profiler.metric(MetricType::Bytes).value(), 1e6);
  EXPECT_EQ(profiler.metric(MetricType::Tokens).value(), 0);
  for (const MetricType type : {MetricType::Allocations, MetricType::CacheHits, MetricType::Cycles, MetricType::GpuTime,
                                MetricType::GpuMemory, MetricType::Temperature, MetricType::Joules}) {
    const Result<double> metric = profiler.metric(type);
    if (metric.ok()) continue;
    EXPECT_EQ(metric.status().code(), StatusCode::kUnavailable);
    EXPECT_FALSE(metric.status().message().empty());
  }
  EXPECT_FALSE(profiler.metric(MetricType::GpuMemory).ok());
}

TEST(Profiler, OnlyOneHearsOfTokens) {
  const Profiler first = Profiler::create().value();
  const Profiler second = Profiler::create().value();
  EXPECT_TRUE(first.metric(MetricType::Tokens).ok());
  EXPECT_EQ(second.metric(MetricType::Tokens).status().code(), StatusCode::kUnavailable);
}

TEST(Profiler, RefusesFrequenciesOutOfRange) {
  EXPECT_EQ(Profiler::with_config({.sample_frequency_hz = 0}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ProfilingSession::create({.sample_frequency_hz = 10'001}).status().code(), StatusCode::kInvalidArgument);
}

TEST(ProfilingSession, OneIsOpenAtATimeAndListensToEngines) {
  EXPECT_EQ(monitor::CurrentListener(), nullptr);
  const Profiler profiler = Profiler::create().value();
  {
    const ProfilingSession session = ProfilingSession::create({}).value();
    EXPECT_NE(monitor::CurrentListener(), nullptr);
    EXPECT_EQ(ProfilingSession::create({}).status().code(), StatusCode::kFailedPrecondition);
    EXPECT_FALSE(profiler.metric(MetricType::Tokens).ok());  // the session comes first
  }
  EXPECT_TRUE(profiler.metric(MetricType::Tokens).ok());
  EXPECT_TRUE(ProfilingSession::create({}).ok());
}

TEST(ProfilingSession, ReportsInTheFormatAskedFor) {
  const auto report = [](ProfileFormat format) {
    ProfilingSession session = ProfilingSession::create({.output_format = format}).value();
    return session.generate_report().value();
  };
  EXPECT_EQ(json::parse(report(ProfileFormat::Json))["sterna_profile"], 1);
  EXPECT_TRUE(json::parse(report(ProfileFormat::ChromeTrace)).contains("traceEvents"));
  EXPECT_TRUE(report(ProfileFormat::Html).starts_with("<!DOCTYPE html>"));
}

TEST(ProfilingSession, SamplesWithMemoryTrackingAlone) {
  const auto samples = [](bool tracking) {
    ProfilingSession session =
        ProfilingSession::create({.enable_memory_tracking = tracking, .sample_frequency_hz = 10'000}).value();
    while (tracking) {
      if (json::parse(session.generate_report().value())["samples"]["taken"] > 1) break;
    }
    return json::parse(session.generate_report().value())["samples"]["time_ms"].size();
  };
  EXPECT_GT(samples(true), 1u);
  EXPECT_EQ(samples(false), 0u);
}

TEST(ProfilingSession, SaysThatThereIsNoGpu) {
  ProfilingSession session = ProfilingSession::create({.enable_gpu_metrics = true}).value();
  EXPECT_NE(session.generate_report().value().find("gpu metrics: "), std::string::npos);
}

}  // namespace
}  // namespace sterna
