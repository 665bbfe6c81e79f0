// SPDX-License-Identifier: Apache-2.0
#include "platform/energy_counter.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace sterna::platform {
namespace {

class EnergyCounterTest : public ::testing::Test {
 protected:
  void Write(const std::string& zone, const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(folder_.File(zone));
    std::ofstream(folder_.File(zone + "/" + file)) << text << "\n";
  }
  Result<EnergyCounter> Open() const { return EnergyCounter::Open(folder_.File("")); }
  const testing::TemporaryFolder folder_;
};

TEST_F(EnergyCounterTest, AddsUpThePackagesAndNothingInsideThem) {
  Write("intel-rapl:0", "name", "package-0");
  Write("intel-rapl:0", "max_energy_range_uj", "1000000000");
  Write("intel-rapl:0", "energy_uj", "5000000");
  Write("intel-rapl:1", "name", "package-1");
  Write("intel-rapl:1", "max_energy_range_uj", "1000000000");
  Write("intel-rapl:1", "energy_uj", "1000000");
  Write("intel-rapl:0:0", "name", "core");
  Write("intel-rapl:0:0", "energy_uj", "77");
  auto counter = Open();
  ASSERT_TRUE(counter.ok());
  EXPECT_EQ(counter->ReadJoules(), 0);
  Write("intel-rapl:0", "energy_uj", "8000000");
  Write("intel-rapl:1", "energy_uj", "1500000");
  EXPECT_DOUBLE_EQ(counter->ReadJoules(), 3.5);
}

TEST_F(EnergyCounterTest, CountersBeginAnew) {
  Write("intel-rapl:0", "name", "package-0");
  Write("intel-rapl:0", "max_energy_range_uj", "10000000");
  Write("intel-rapl:0", "energy_uj", "9000000");
  auto counter = Open();
  ASSERT_TRUE(counter.ok());
  Write("intel-rapl:0", "energy_uj", "2000000");
  EXPECT_DOUBLE_EQ(counter->ReadJoules(), 3);
}

TEST_F(EnergyCounterTest, SaysWhyThereIsNone) {
  EXPECT_NE(Open().status().message().find("no energy counter"), std::string::npos);
  Write("intel-rapl:0", "name", "package-0");
  EXPECT_NE(Open().status().message().find("root only"), std::string::npos);
  EXPECT_EQ(EnergyCounter::Open("/no/such/folder").status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sterna::platform
