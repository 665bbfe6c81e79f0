// SPDX-License-Identifier: Apache-2.0
#include "convert/convert.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace sterna::convert {
namespace {

constexpr char kFile[] = STERNA_TEST_DATA "/models/b158-tiny.i2_s.gguf";
constexpr char kFolder[] = STERNA_TEST_DATA "/folders/b158-tiny";

class Convert : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  size_t Files() const { return size_t(std::distance(std::filesystem::directory_iterator(folder_), {})); }

  // Of its own for each test: they run beside each other.
  const std::string folder_ =
      testing::TempDir() + "sterna_convert_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string target_ = folder_ + "/out";
};

TEST_F(Convert, StoppedAnywhereItLeavesNothing) {
  for (const char* source : {kFile, kFolder}) {
    for (const auto linear : {std::optional(quant::TensorType::kTQ2_0), std::optional<quant::TensorType>()}) {
      ConvertOptions options;
      options.linear = linear;
      int asked = 0;
      options.should_stop = [&] { return ++asked, false; };
      ASSERT_TRUE(ConvertModel(source, target_, options).ok());
      EXPECT_EQ(Files(), 1u);
      std::filesystem::remove(target_);
      ASSERT_GE(asked, 20);
      for (const int stop : {1, asked / 3, asked / 2, asked}) {
        int left = stop;
        options.should_stop = [&] { return --left == 0; };
        EXPECT_EQ(ConvertModel(source, target_, options).status().code(), StatusCode::kCancelled) << source << stop;
        EXPECT_EQ(Files(), 0u);
      }
    }
  }
}

TEST_F(Convert, TellsHowFarItIs) {
  uint64_t before = 0, last_total = 0;
  bool grows = true;
  ConvertOptions options;
  options.linear = quant::TensorType::kIQ2_BN;
  options.on_progress = [&](uint64_t done, uint64_t total) {
    grows &= done > before && done <= total;
    before = done, last_total = total;
  };
  ASSERT_TRUE(ConvertModel(kFile, target_, options).ok());
  EXPECT_TRUE(grows);
  EXPECT_GT(last_total, 0u);
  EXPECT_EQ(before, last_total);
}

TEST(LinearTypes, HaveNamesThatFindThem) {
  for (const std::string& name : LinearTypeNames()) {
    const auto type = LinearTypeByName(name);
    ASSERT_TRUE(type.has_value()) << name;
    EXPECT_EQ(TypeName(*type), name);
  }
  EXPECT_FALSE(LinearTypeByName("sterna").has_value());
  EXPECT_FALSE(LinearTypeByName("f16").has_value());
}

}  // namespace
}  // namespace sterna::convert
