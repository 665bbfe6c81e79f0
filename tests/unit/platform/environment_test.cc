// SPDX-License-Identifier: Apache-2.0
#include "platform/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sterna::platform {
namespace {

TEST(Environment, TellsUnsetFromEmpty) {
  setenv("STERNA_TEST_EMPTY", "", 1);
  unsetenv("STERNA_TEST_UNSET");
  EXPECT_EQ("", GetEnvironment("STERNA_TEST_EMPTY"));
  EXPECT_EQ(std::nullopt, GetEnvironment("STERNA_TEST_UNSET"));
}

TEST(Environment, ListsTheVariablesWithThePrefixAndKeepsEqualsSignsInValues) {
  setenv("STERNA_TEST_PAIR", "a=b", 1);
  setenv("NOT_STERNA_TEST", "1", 1);
  const auto variables = SternaVariables();
  ASSERT_TRUE(variables.contains("STERNA_TEST_PAIR"));
  EXPECT_EQ("a=b", variables.at("STERNA_TEST_PAIR"));
  EXPECT_FALSE(variables.contains("NOT_STERNA_TEST"));
}

}  // namespace
}  // namespace sterna::platform
