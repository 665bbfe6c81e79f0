// SPDX-License-Identifier: Apache-2.0
#include "monitor/sampler.h"

#include <gtest/gtest.h>

#include "unit/monitor/hand_clock.h"

namespace sterna::monitor {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

Sample Stamped(int64_t time_ns) { return {.time_ns = time_ns, .usage = {}, .hardware = {}, .joules = 0}; }

// Runs the sampler for so many waits on a clock that jumps to each moment that is waited for.
void RunFor(Sampler& sampler, HandClock& clock, size_t waits) {
  sampler.Run([&](int64_t time_ns) {
    clock.Move(time_ns - clock.NowNs());
    return --waits > 0;
  });
}

TEST(Sampler, TakesOneAtTheStartAndThenAtTheFrequency) {
  HandClock clock;
  Sampler sampler(clock, 100, Stamped);
  const int64_t start = clock.NowNs();
  RunFor(sampler, clock, 50);
  const std::vector<Sample> samples = sampler.samples();
  ASSERT_EQ(samples.size(), 51u);
  for (size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i].time_ns, start + int64_t(i) * 10 * kMillisecond);
  EXPECT_EQ(sampler.taken(), 51u);
}

TEST(Sampler, ALateSampleDoesNotShiftTheNextOnes) {
  HandClock clock;
  Sampler sampler(clock, 100, Stamped);
  const int64_t start = clock.NowNs();
  std::vector<int64_t> waited_ms;
  sampler.Run([&](int64_t time_ns) {
    waited_ms.push_back((time_ns - start) / kMillisecond);
    clock.Move(time_ns - clock.NowNs() + (waited_ms.size() == 1 ? 34 * kMillisecond : 0));
    return waited_ms.size() < 3;
  });
  EXPECT_EQ(waited_ms, (std::vector<int64_t>{10, 50, 60}));
}

TEST(Sampler, ThinsOutWhenItIsFullAndGoesOnMoreSlowly) {
  HandClock clock;
  Sampler sampler(clock, 1000, Stamped);
  RunFor(sampler, clock, Sampler::kMaxSamples + 10);
  const std::vector<Sample> samples = sampler.samples();
  EXPECT_LE(samples.size(), Sampler::kMaxSamples / 2 + 11);
  EXPECT_EQ(sampler.taken(), Sampler::kMaxSamples + 11);
  EXPECT_EQ(sampler.frequency_hz(), 500);
  EXPECT_EQ(samples[1].time_ns - samples[0].time_ns, 2 * kMillisecond);
  EXPECT_EQ(samples.back().time_ns - samples[samples.size() - 2].time_ns, 2 * kMillisecond);
}

TEST(Sampler, RefusesFrequenciesThatMakeNoSense) {
  EXPECT_TRUE(Sampler::CheckFrequency(1).ok());
  EXPECT_TRUE(Sampler::CheckFrequency(Sampler::kMaxFrequencyHz).ok());
  EXPECT_EQ(Sampler::CheckFrequency(0).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Sampler::CheckFrequency(Sampler::kMaxFrequencyHz + 1).code(), StatusCode::kInvalidArgument);
}

TEST(Sampler, StopsAtOnceAndHasAFirstAndALastSample) {
  Sampler sampler(SteadyClock(), 1, Stamped);
  ASSERT_TRUE(sampler.Start().ok());
  while (sampler.taken() == 0) std::this_thread::yield();
  sampler.Stop();
  EXPECT_EQ(sampler.taken(), 2u);
}

TEST(ProcessProbe, ReadsThisProcessOrSaysWhyNot) {
  ProcessProbe probe;
  const Sample sample = probe.Read(5);
  EXPECT_EQ(sample.time_ns, 5);
  EXPECT_GT(sample.usage.resident_bytes, uint64_t{1} << 20);
  EXPECT_GT(sample.usage.minor_faults, 0u);
  EXPECT_EQ(probe.no_hardware().empty(), probe.has_hardware());
  EXPECT_EQ(probe.no_energy().empty(), probe.has_energy());
}

}  // namespace
}  // namespace sterna::monitor
