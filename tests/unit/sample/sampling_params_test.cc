// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample/sampler.h"

namespace sterna::sample {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");

Status ValidateWith(const std::function<void(SamplingParams&)>& change) {
  SamplingParams params;
  change(params);
  return params.Validate(100);
}

struct Field {
  const char* name;
  float SamplingParams::*member;
  std::vector<float> good, bad;
};

TEST(SamplingParams, RefusesValuesOutsideTheirRangesAndNamesThem) {
  const std::vector<Field> fields = {
      {"temperature", &SamplingParams::temperature, {0.0f, 1e-40f, 2.0f}, {-0.1f, 2.1f, kInfinity, kNan}},
      {"top_p", &SamplingParams::top_p, {0.0f, 1.0f}, {-0.1f, 1.1f, kNan}},
      {"min_p", &SamplingParams::min_p, {0.0f, 1.0f}, {-0.1f, 1.1f, kNan}},
      {"repetition_penalty", &SamplingParams::repetition_penalty, {0.1f, 1e38f}, {0.0f, -1.0f, kInfinity, kNan}},
      {"frequency_penalty", &SamplingParams::frequency_penalty, {-2.0f, 2.0f}, {-2.1f, 2.1f, kNan}},
      {"presence_penalty", &SamplingParams::presence_penalty, {-2.0f, 2.0f}, {-2.1f, 2.1f, kNan}},
  };
  for (const Field& field : fields) {
    for (const float value : field.good) {
      const Status status = ValidateWith([&](SamplingParams& params) { params.*field.member = value; });
      EXPECT_TRUE(status.ok()) << field.name << " = " << value << ": " << status.ToString();
    }
    for (const float value : field.bad) {
      const Status status = ValidateWith([&](SamplingParams& params) { params.*field.member = value; });
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << field.name << " = " << value;
      EXPECT_THAT(status.message(), testing::HasSubstr(field.name));
    }
  }
}

TEST(SamplingParams, TakesBiasesOfKnownTokensOnly) {
  const auto validate = [](int32_t token, float value) {
    return ValidateWith([&](SamplingParams& params) { params.logit_bias = {{token, value}}; });
  };
  EXPECT_TRUE(validate(0, -100.0f).ok());
  EXPECT_TRUE(validate(99, -kInfinity).ok());
  EXPECT_THAT(validate(100, 0.0f).message(), testing::HasSubstr("100"));
  EXPECT_EQ(validate(-1, 0.0f).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(validate(1, kInfinity).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(validate(1, kNan).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sterna::sample
