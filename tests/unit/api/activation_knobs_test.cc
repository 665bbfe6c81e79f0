// SPDX-License-Identifier: Apache-2.0
//
// Each setting of activations changes the scales that they become int8 by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"
#include "unit/api/knob_run.h"

namespace sterna {
namespace {

using ::testing::HasSubstr;

class ActivationKnobs : public KnobTest {
 protected:
  ActivationKnobs() {
    config_.engine.thread_count = 1;
    config_.inference.max_sequence_length = 256;
  }

  // Scales of three short questions: most other texts have values beyond them.
  void BecomeStatic() {
    const std::string path = folder_.File("text.txt");
    std::ofstream(path) << "What is a sparrow?\n\nWhat is a dog?\n \nWhat is a hammer?\n";
    config_.activation.quantization_method = QuantMethod::Static;
    config_.activation.calibration_text = path;
  }
  engine::ActivationRanges Ranges() {
    const auto engine = Load(config_);
    if (!engine.ok()) return {};
    return (*engine)->activation_ranges().value_or(engine::ActivationRanges());
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(ActivationKnobs, quantization_method) {
  EXPECT_EQ(std::nullopt, Load(config_).value()->activation_ranges());
  BecomeStatic();
  EXPECT_EQ(3u, Ranges().samples);
  EXPECT_EQ(4u * 4u, Ranges().largest.size());  // layers, and inputs of each
}

TEST_F(ActivationKnobs, calibration_samples) {
  BecomeStatic();
  const engine::ActivationRanges all = Ranges();
  config_.activation.calibration_samples = 1;
  const engine::ActivationRanges first = Ranges();
  EXPECT_EQ(1u, first.samples);
  EXPECT_NE(all.largest, first.largest);
  for (size_t i = 0; i < first.largest.size(); ++i) EXPECT_LE(first.largest[i], all.largest[i]);
}

TEST_F(ActivationKnobs, outlier_handling) {
  BecomeStatic();
  const Observed clamped = RunWith(config_);
  EXPECT_LT(0u, clamped.counters.clamped_rows);
  EXPECT_EQ(0u, clamped.counters.rescaled_rows);
  config_.activation.outlier_handling = OutlierHandling::None;
  const Observed rescaled = RunWith(config_);
  EXPECT_EQ(0u, rescaled.counters.clamped_rows);
  EXPECT_LT(0u, rescaled.counters.rescaled_rows);
}

TEST_F(ActivationKnobs, clip_percentile) {
  EXPECT_EQ(0u, RunWith(config_).counters.clamped_rows);
  config_.activation.clip_percentile = 99;
  EXPECT_LT(0u, RunWith(config_).counters.clamped_rows);
  BecomeStatic();
  const engine::ActivationRanges cut = Ranges();
  config_.activation.clip_percentile = 100;
  const engine::ActivationRanges whole = Ranges();
  EXPECT_EQ(99, cut.percentile);
  for (size_t i = 0; i < cut.largest.size(); ++i) EXPECT_LT(cut.largest[i], whole.largest[i]);
}

TEST_F(ActivationKnobs, calibration_file) {
  BecomeStatic();
  config_.activation.calibration_file = folder_.File("scales.txt");
  engine::ActivationRanges ranges = Ranges();
  ASSERT_EQ(3u, ranges.samples);
  config_.activation.calibration_text.reset();  // the file is enough now
  EXPECT_EQ(ranges, Ranges());
  config_.activation.clip_percentile = 99;
  EXPECT_THAT(Load(config_).status().message(), HasSubstr("of the percentile 100, not of 99; set"));
  config_.activation.clip_percentile = 100;
  ranges.model ^= 1;
  ASSERT_TRUE(engine::WriteRanges(*config_.activation.calibration_file, ranges).ok());
  EXPECT_THAT(Load(config_).status().message(), HasSubstr("scales of another model; name another"));
}

TEST_F(ActivationKnobs, calibration_text) {
  BecomeStatic();
  EXPECT_TRUE(Load(config_).ok());
  config_.activation.calibration_text.reset();
  EXPECT_THAT(Load(config_).status().message(), HasSubstr("nothing says by which scales"));
}

}  // namespace
}  // namespace sterna
