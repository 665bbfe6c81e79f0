// SPDX-License-Identifier: Apache-2.0
#include "server/constraint_cache.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/output_constraint.h"
#include "unit/server/tiny_api.h"

namespace sterna::server {
namespace {

class Constraints : public ::testing::Test {
 protected:
  ConstraintCache::Entry Of(const std::string& body) { return ReadConstraint(Json::parse(body), api_.context).value(); }

  TinyApi api_;
};

TEST_F(Constraints, AreMadeOnceForTheSameShape) {
  const std::string schema = R"({"type":"object","properties":{"a":{"type":"integer"}}})";
  const auto first = Of(R"({"json_schema":)" + schema + "}");
  EXPECT_EQ(first, Of(R"({"json_schema":)" + schema + "}"));
  EXPECT_EQ(first, Of(R"({"response_format":{"type":"json_schema","json_schema":{"schema":)" + schema + "}}}"));
  EXPECT_NE(first, Of(R"({"json_schema":{"type":"integer"}})"));
  EXPECT_NE(first, Of(R"({"response_format":{"type":"json_object"}})"));
}

TEST_F(Constraints, OfOtherKindsWithTheSameTextAreNotTheSame) {
  const auto schema = Of(R"({"json_schema":true})");
  const auto grammar = Of(R"({"grammar":"root ::= \"true\""})");
  EXPECT_NE(schema, grammar);
}

TEST_F(Constraints, ThatWereNotAskedForTheLongestGoFirst) {
  const auto of = [&](int n) { return Of(R"({"grammar":"root ::= \")" + std::to_string(n) + R"(\""})"); };
  const auto first = of(0), second = of(1);
  of(2), of(3);
  EXPECT_EQ(first, of(0));
  of(4);  // the fifth: the second has to go
  EXPECT_EQ(first, of(0));
  EXPECT_NE(second, of(1));
}

TEST_F(Constraints, ThatCannotBeMadeAreTriedAgain) {
  int tries = 0;
  const auto fail = [&]() -> Result<ConstraintCache::Entry> {
    ++tries;
    return Status::InvalidArgument("no");
  };
  EXPECT_FALSE(api_.constraints.Get("key", fail).ok());
  EXPECT_FALSE(api_.constraints.Get("key", fail).ok());
  EXPECT_EQ(2, tries);
}

}  // namespace
}  // namespace sterna::server
