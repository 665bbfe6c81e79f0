// SPDX-License-Identifier: Apache-2.0
#include "platform/cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CgroupFolders, ListTheGroupOfVersionTwoAndItsParents) {
  const CgroupFolders folders = FindCgroupFolders("0::/user.slice/session-1.scope\n", "cpu");
  EXPECT_THAT(folders.v2,
              ElementsAre("/sys/fs/cgroup/user.slice/session-1.scope", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"));
  EXPECT_THAT(folders.v1, IsEmpty());
}

TEST(CgroupFolders, FindTheControllerOfVersionOneInItsList) {
  const CgroupFolders folders =
      FindCgroupFolders("12:cpuset:/a\n4:cpu,cpuacct:/docker/x\n3:memory:/docker/y\n0::/\n", "memory");
  EXPECT_THAT(folders.v1,
              ElementsAre("/sys/fs/cgroup/memory/docker/y", "/sys/fs/cgroup/memory/docker", "/sys/fs/cgroup/memory"));
  EXPECT_THAT(folders.v2, ElementsAre("/sys/fs/cgroup"));
}

TEST(CgroupFolders, DoNotTakeCpusetForCpu) { EXPECT_THAT(FindCgroupFolders("12:cpuset:/a\n", "cpu").v1, IsEmpty()); }

TEST(CgroupFolders, AreNoneForTextOfAnotherKind) {
  for (const char* text : {"", "\n\n", "0:", "0::", "rubbish", "0::relative"}) {
    EXPECT_THAT(FindCgroupFolders(text, "cpu").v2, IsEmpty()) << text;
  }
}

TEST(CgroupQuota, ReadsVersionTwo) {
  EXPECT_EQ(1.5, ParseCpuMax("150000 100000\n"));
  EXPECT_EQ(std::nullopt, ParseCpuMax("max 100000\n"));
  EXPECT_EQ(std::nullopt, ParseCpuMax(""));
  EXPECT_EQ(std::nullopt, ParseCpuMax("150000"));
  EXPECT_EQ(std::nullopt, ParseCpuMax("150000 0"));
}

TEST(CgroupQuota, ReadsVersionOne) {
  EXPECT_EQ(2.0, ParseCfsQuota("200000\n", "100000\n"));
  EXPECT_EQ(std::nullopt, ParseCfsQuota("-1\n", "100000\n"));
}

TEST(CgroupMemory, IsTheLimitLessWhatIsHeld) {
  EXPECT_EQ(700u, ParseMemoryRest({"1000\n", "300\n", ""}));
  EXPECT_EQ(0u, ParseMemoryRest({"1000\n", "1300\n", ""}));
}

TEST(CgroupMemory, CountsDroppablePageCacheAsFree) {
  EXPECT_EQ(900u, ParseMemoryRest({"1000", "300", "anon 100\ninactive_file 200\n"}));
  EXPECT_EQ(950u, ParseMemoryRest({"1000", "300", "inactive_file 5\ntotal_inactive_file 250\n"}));
  EXPECT_EQ(1000u, ParseMemoryRest({"1000", "300", "inactive_file 400\n"}));
}

TEST(CgroupMemory, HasNoLimitWhereTheTextSaysSo) {
  EXPECT_EQ(std::nullopt, ParseMemoryRest({"max\n", "300\n", ""}));
  EXPECT_EQ(std::nullopt, ParseMemoryRest({"9223372036854771712\n", "300\n", ""}));
  EXPECT_EQ(std::nullopt, ParseMemoryRest({"", "", ""}));
  EXPECT_EQ(std::nullopt, ParseMemoryRest({"99999999999999999999999\n", "1", ""}));
}

TEST(CgroupMemory, TellsTheShareOfTheLimitThatIsHeld) {
  EXPECT_EQ(0.25, ParseMemoryShare({"800\n", "300\n", "inactive_file 100\n"}));
  EXPECT_EQ(1.0, ParseMemoryShare({"1000\n", "1300\n", ""}));
  EXPECT_EQ(std::nullopt, ParseMemoryShare({"max\n", "300\n", ""}));
  EXPECT_EQ(std::nullopt, ParseMemoryShare({"0\n", "300\n", ""}));
}

TEST(PressureFile, TellsHowLongSomeTaskWaited) {
  EXPECT_EQ(1.5, ParseStalledPercent("some avg10=1.50 avg60=0.20 avg300=0.00 total=7\nfull avg10=0.90 avg60=0.1\n"));
  EXPECT_EQ(std::nullopt, ParseStalledPercent("full avg10=0.90\n"));
  EXPECT_EQ(std::nullopt, ParseStalledPercent("some avg10=much avg60=1\n"));
  EXPECT_EQ(std::nullopt, ParseStalledPercent(""));
}

TEST(FindNumber, TakesTheLineOfTheKey) {
  EXPECT_EQ(42u, FindNumber("VmPeak:\t  7 kB\nVmRSS:\t   42 kB\n", "VmRSS:"));
  EXPECT_EQ(std::nullopt, FindNumber("VmPeak:\t  7 kB\n", "VmRSS:"));
}

}  // namespace
}  // namespace sterna::platform
