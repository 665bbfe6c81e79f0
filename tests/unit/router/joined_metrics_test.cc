// SPDX-License-Identifier: Apache-2.0
#include "router/joined_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::router {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Metrics(int tokens, int seconds, int largest, int running, int instance) {
  const auto family = [](const std::string& kind, const std::string& name, const std::string& labels, int value) {
    return "# HELP " + name + " Some words.\n# TYPE " + name + " " + kind + "\n" + name + labels + " " +
           std::to_string(value) + "\n";
  };
  return family("counter", "llamacpp:prompt_tokens_total", "", tokens) +
         family("counter", "llamacpp:prompt_seconds_total", "", seconds) +
         family("counter", "llamacpp:n_tokens_max", "", largest) +
         family("gauge", "llamacpp:prompt_tokens_seconds", "", tokens / seconds) +
         family("gauge", "llamacpp:requests_processing", "", running) +
         family("gauge", "sterna_health", "{instance=\"" + std::to_string(instance) + "\"}", 0) +
         family("counter", "sterna_http_replies_total", "{status=\"200\"}", 7);
}

class JoinedMetricsTest : public ::testing::Test {
 protected:
  JoinedMetricsTest() {
    metrics_.Update(0, 0, Metrics(10, 5, 30, 1, 0));
    metrics_.Update(1, 0, Metrics(50, 10, 20, 2, 1));
  }
  std::string Text() const { return metrics_.Text({"sterna_http_replies_total"}); }
  JoinedMetrics metrics_{2};
};

TEST_F(JoinedMetricsTest, CountsAndGaugesAreAddedUp) {
  EXPECT_THAT(Text(), HasSubstr("# HELP llamacpp:prompt_tokens_total Some words.\n"
                                "# TYPE llamacpp:prompt_tokens_total counter\nllamacpp:prompt_tokens_total 60\n"));
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:requests_processing 3\n"));
}

TEST_F(JoinedMetricsTest, TheLargestIsNoSumAndARateIsAMean) {
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:n_tokens_max 30\n"));
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:prompt_tokens_seconds 4\n"));
}

TEST_F(JoinedMetricsTest, LabelsKeepInstancesApartAndWhatTheRouterCountsIsLeftOut) {
  EXPECT_THAT(Text(), HasSubstr("\nsterna_health{instance=\"0\"} 0\nsterna_health{instance=\"1\"} 0\n"));
  EXPECT_THAT(Text(), Not(HasSubstr("sterna_http_replies_total")));
}

TEST_F(JoinedMetricsTest, WhatAnInstanceCountedStaysWhenItEnds) {
  metrics_.Ended(1);
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:prompt_tokens_total 60\n"));
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:requests_processing 1\n"));
  EXPECT_THAT(Text(), Not(HasSubstr("instance=\"1\"")));
  metrics_.Update(1, 1, Metrics(1, 1, 1, 0, 1));
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:prompt_tokens_total 61\n"));
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:n_tokens_max 30\n"));
}

TEST_F(JoinedMetricsTest, ALateTextOfALifeThatEndedIsNotCountedTwice) {
  const uint64_t life = metrics_.Life(1);
  metrics_.Ended(1);
  metrics_.Update(1, life, Metrics(55, 10, 20, 2, 1));
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:prompt_tokens_total 60\n"));
}

TEST_F(JoinedMetricsTest, LinesThatAreNoneArePassedOver) {
  metrics_.Update(0, 0, "nonsense\n# EOF\nx y\n \n");
  EXPECT_THAT(Text(), HasSubstr("\nllamacpp:prompt_tokens_total 50\n"));
}

}  // namespace
}  // namespace sterna::router
