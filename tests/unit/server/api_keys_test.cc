// SPDX-License-Identifier: Apache-2.0
#include "server/api_keys.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace sterna::server {
namespace {

class ApiKeysTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) const {
    const std::string path = folder_.File("keys");
    std::ofstream(path) << text;
    return path;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(ApiKeysTest, LinesAreKeysAndTheirPlacesNameThem) {
  ApiKeys keys;
  EXPECT_FALSE(keys.required());
  ASSERT_TRUE(keys.Load({"outside"}, Write("# all of us\n\nfirst\r\n second\t\n")).ok());
  EXPECT_TRUE(keys.required());
  EXPECT_EQ(keys.Find("outside"), 0u);
  EXPECT_EQ(keys.Find("first"), 1u);
  EXPECT_EQ(keys.Find("second"), 2u);
  for (const char* wrong : {"", "firs", "firstt", "# all of us", " second"}) EXPECT_EQ(keys.Find(wrong), std::nullopt);
}

TEST_F(ApiKeysTest, AFileThatIsBadLeavesTheOldKeys) {
  ApiKeys keys;
  ASSERT_TRUE(keys.Load({}, Write("old")).ok());
  EXPECT_EQ(keys.Load({}, Write("# nobody\n")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(keys.Load({}, folder_.File("missing")).code(), StatusCode::kNotFound);
  EXPECT_EQ(keys.Find("old"), 0u);
}

}  // namespace
}  // namespace sterna::server
