// SPDX-License-Identifier: Apache-2.0
//
// What Linux control groups (v1 and v2) allow this process. The parsers are pure, so that tests can play any machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::platform {

// The folders that may hold this process's limits, innermost first, for `controller` ("cpu", "memory"). `proc_cgroup`
// is the text of /proc/self/cgroup. Limits of outer folders hold as well; folders that do not exist are among them.
struct CgroupFolders {
  std::vector<std::string> v2;
  std::vector<std::string> v1;
};
CgroupFolders FindCgroupFolders(std::string_view proc_cgroup, std::string_view controller);

// CPUs allowed by cpu.max ("150000 100000"); nullopt for "max" and for text that is no quota.
std::optional<double> ParseCpuMax(std::string_view text);
// CPUs allowed by cpu.cfs_quota_us and cpu.cfs_period_us; nullopt for a quota of -1.
std::optional<double> ParseCfsQuota(std::string_view quota, std::string_view period);

// Bytes still free under a memory limit: limit - (usage - page cache that the kernel can drop). nullopt for "max" and
// for v1's "no limit" (2^63 less a page).
struct MemoryGroupTexts {
  std::string limit;  // memory.max or memory.limit_in_bytes
  std::string usage;  // memory.current or memory.usage_in_bytes
  std::string stat;   // memory.stat, for inactive_file or total_inactive_file
};
std::optional<uint64_t> ParseMemoryRest(const MemoryGroupTexts& texts);
// The rest's counterpart: the share of the limit that is held, 0..1.
std::optional<double> ParseMemoryShare(const MemoryGroupTexts& texts);

// Per cent of the last ten seconds in which some task waited for memory, of a pressure file (PSI): "some avg10=1.50
// ...".
std::optional<double> ParseStalledPercent(std::string_view text);

// The number after the line that starts with `key` ("MemAvailable:") in a text of "key value" lines.
std::optional<uint64_t> FindNumber(std::string_view text, std::string_view key);

// A whole small file; empty when it cannot be read.
std::string ReadSmallFile(const std::string& path);

// The smallest limit of any group this process is in; nullopt without one.
std::optional<double> CgroupCpuQuota();
std::optional<uint64_t> CgroupMemoryRest();
// The largest share of any group this process is in; nullopt without a limit.
std::optional<double> CgroupMemoryShare();
// Of this process's group (v2), else of the system; nullopt where the kernel does not say.
std::optional<double> MemoryStalledPercent();

}  // namespace sterna::platform
