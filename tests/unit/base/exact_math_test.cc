// SPDX-License-Identifier: Apache-2.0
#include "base/exact_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace sterna {
namespace {

struct Case {
  std::string function;
  std::vector<double> numbers;  // arguments, then the expected value
};

std::vector<Case> ReadCases() {
  std::ifstream file(STERNA_TEST_DATA "/base/exact_math_values.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    Case c;
    words >> c.function;
    for (std::string word; words >> word;) c.numbers.push_back(std::strtod(word.c_str(), nullptr));
    cases.push_back(c);
  }
  return cases;
}

double Evaluate(const Case& c) {
  const double x = c.numbers.at(0);
  if (c.function == "exp") return ExactExp(x);
  if (c.function == "log") return ExactLog(x);
  if (c.function == "sin") return ExactSinCos(x).sin;
  if (c.function == "cos") return ExactSinCos(x).cos;
  if (c.function == "pow") return ExactPow(x, c.numbers.at(1));
  return std::numeric_limits<double>::quiet_NaN();
}

// |actual - expected| in units of the last place of `expected`.
double UlpsApart(double actual, double expected) {
  if (actual == expected) return 0;
  const double ulp = std::nextafter(std::fabs(expected), std::numeric_limits<double>::infinity()) - std::fabs(expected);
  return std::fabs(actual - expected) / ulp;
}

TEST(ExactMath, StaysWithinFourUnitsOfHighPrecisionValues) {
  std::map<std::string, int> counts;
  for (const Case& c : ReadCases()) {
    ++counts[c.function];
    const double actual = Evaluate(c);
    EXPECT_LE(UlpsApart(actual, c.numbers.back()), 4.0)
        << c.function << "(" << c.numbers[0] << ") = " << actual << ", expected " << c.numbers.back();
  }
  EXPECT_GE(counts["exp"], 20);
  EXPECT_GE(counts["log"], 20);
  EXPECT_GE(counts["sin"], 20);
  EXPECT_GE(counts["cos"], 20);
  EXPECT_GE(counts["pow"], 15);
}

TEST(ExactMath, ExpUnderflowsToZeroAndOverflowsToInfinity) {
  EXPECT_EQ(0.0, ExactExp(-1000.0));
  EXPECT_EQ(0.0, ExactExp(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(std::numeric_limits<double>::infinity(), ExactExp(710.5));
  EXPECT_EQ(std::numeric_limits<double>::infinity(), ExactExp(std::numeric_limits<double>::infinity()));
}

TEST(ExactMath, ExpKeepsNan) { EXPECT_TRUE(std::isnan(ExactExp(std::numeric_limits<double>::quiet_NaN()))); }

TEST(ExactMath, PowOverflowsToInfinity) {
  EXPECT_EQ(std::numeric_limits<double>::infinity(), ExactPow(1e300, 1e300));
  EXPECT_EQ(0.0, ExactPow(1e300, -1e300));
}

// Four units is the promise of the header; the results that the rotary tables need are far closer than that, so that a
// wrong low part shows.
TEST(ExactMath, RoundsToTheRightFloatForEveryTableValue) {
  for (const Case& c : ReadCases()) {
    EXPECT_EQ(float(c.numbers.back()), float(Evaluate(c))) << c.function << "(" << c.numbers[0] << ")";
  }
}

TEST(ExactMath, SinAndCosOfManyAnglesLieOnTheUnitCircle) {
  for (int i = 0; i < 20000; ++i) {
    const auto [sine, cosine] = ExactSinCos(i * 6710.886375 - 67108863.0);
    EXPECT_NEAR(1.0, sine * sine + cosine * cosine, 5e-16) << i;
  }
}

}  // namespace
}  // namespace sterna
