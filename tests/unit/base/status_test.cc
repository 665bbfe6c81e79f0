// SPDX-License-Identifier: Apache-2.0
#include "sterna/status.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/status_macros.h"

namespace sterna {
namespace {

Result<int> HalfOf(int number) {
  if (number % 2 != 0) return Status::InvalidArgument("odd");
  return number / 2;
}

Result<int> QuarterOf(int number) {
  STERNA_ASSIGN_OR_RETURN(const int half, HalfOf(number));
  STERNA_ASSIGN_OR_RETURN(const int quarter, HalfOf(half));
  return quarter;
}

Status CheckEven(int number) {
  STERNA_RETURN_IF_ERROR(HalfOf(number).status());
  return {};
}

TEST(Status, IsOkByDefault) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ("ok", Status().ToString());
}

TEST(Status, NamesItsCodeBeforeTheMessage) {
  EXPECT_EQ("corrupt: tensor 'x' is torn", Status::Corrupt("tensor 'x' is torn").ToString());
}

TEST(Result, HoldsAValueOrAStatus) {
  EXPECT_EQ(2, *HalfOf(4));
  EXPECT_EQ(StatusCode::kInvalidArgument, HalfOf(3).status().code());
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> value = std::move(*result);
  EXPECT_EQ(5, *value);
}

TEST(Result, ThrowsInTheCallersCodeWhenValueIsAskedOfAnError) { EXPECT_THROW(HalfOf(3).value(), std::runtime_error); }

TEST(Result, IsAnErrorWhenMadeFromAnOkStatus) {
  EXPECT_EQ(StatusCode::kInternal, Result<int>(Status()).status().code());
}

TEST(StatusMacros, ReturnTheFirstErrorAndElseGoOn) {
  EXPECT_EQ(3, *QuarterOf(12));
  EXPECT_EQ("odd", QuarterOf(6).status().message());
  EXPECT_TRUE(CheckEven(2).ok());
  EXPECT_FALSE(CheckEven(1).ok());
}

}  // namespace
}  // namespace sterna
