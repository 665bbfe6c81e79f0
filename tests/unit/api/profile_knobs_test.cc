// SPDX-License-Identifier: Apache-2.0
//
// Each setting of ProfileConfig changes the report of an engine that is monitored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "unit/api/built_in.h"
#include "unit/api/pinned.h"

namespace sterna {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ProfileKnobs : public ::testing::Test {
 protected:
  ProfileKnobs() {
    config_.engine.thread_count = 1;
    config_.engine.enable_monitoring = true;
  }
  std::string Text() {
    InferenceEngine engine = InferenceEngine::with_config(Pinned(config_)).value();
    EXPECT_TRUE(engine.load_model(kBuiltInModel)->generate("What is a sparrow?", Greedy(4)).ok());
    return engine.generate_report().value();
  }
  nlohmann::json Report() { return nlohmann::json::parse(Text()); }

  Config config_;
};

TEST_F(ProfileKnobs, enable_monitoring) {
  EXPECT_EQ(1, Report()["sterna_profile"]);
  config_.engine.enable_monitoring = false;
  const auto engine = InferenceEngine::with_config(Pinned(config_)).value();
  EXPECT_EQ(StatusCode::kFailedPrecondition, engine.generate_report().status().code());
}

TEST_F(ProfileKnobs, enable_timing) {
  EXPECT_GT(Report()["spans"]["recorded"], 0);
  config_.profile.enable_timing = false;
  EXPECT_EQ(0, Report()["spans"]["recorded"]);
}

TEST_F(ProfileKnobs, enable_detailed_timing) {
  EXPECT_EQ(false, Report()["detailed"]);
  const uint64_t plain = Report()["spans"]["recorded"];
  config_.profile.enable_detailed_timing = true;
  EXPECT_GT(Report()["spans"]["recorded"], 4 * plain);
}

TEST_F(ProfileKnobs, enable_memory_tracking) {
  EXPECT_EQ(0, Report()["samples"]["taken"]);
  config_.profile.enable_memory_tracking = true;
  EXPECT_GT(Report()["samples"]["taken"], 0);
}

TEST_F(ProfileKnobs, sample_frequency_hz) {
  config_.profile.enable_memory_tracking = true;
  config_.profile.sample_frequency_hz = 7;
  EXPECT_NEAR(7, Report()["samples"]["frequency_hz"].get<double>(), 0.01);
}

TEST_F(ProfileKnobs, enable_gpu_metrics) {
  config_.profile.enable_gpu_metrics = true;
  EXPECT_THAT(Report()["missing"].dump(), HasSubstr("no GPU backend"));
}

TEST_F(ProfileKnobs, output_format) {
  config_.profile.output_format = ProfileFormat::ChromeTrace;
  EXPECT_THAT(Text(), HasSubstr("\"traceEvents\""));
  config_.profile.output_format = ProfileFormat::Html;
  EXPECT_THAT(Text(), StartsWith("<!DOCTYPE html>"));
}

}  // namespace
}  // namespace sterna
