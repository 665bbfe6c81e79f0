// SPDX-License-Identifier: Apache-2.0
#include "platform/cgroup.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace sterna::platform {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The number at the start of the text, after spaces; nullopt for none and for one above 2^64 - 1.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  text = Trim(text);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// Takes the part before `separator` off the front of `text`.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool ListContains(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    if (TakeUntil(list, ',') == name) return true;
  }
  return false;
}

// root + path, then each parent, down to root itself. A container often sees only the root.
std::vector<std::string> WithParents(const std::string& root, std::string_view path) {
  std::vector<std::string> folders;
  while (path.size() > 1) {
    folders.push_back(root + std::string(path));
    path = path.substr(0, path.rfind('/'));
  }
  folders.push_back(root);
  return folders;
}

template <class T>
void KeepSmaller(std::optional<T>& best, std::optional<T> candidate) {
  if (candidate && (!best || *candidate < *best)) best = candidate;
}

struct MemoryGroup {
  uint64_t limit_bytes, held_bytes;  // held: without what the kernel can drop
};

// nullopt without a limit.
std::optional<MemoryGroup> ParseMemoryGroup(const MemoryGroupTexts& texts) {
  constexpr uint64_t kNoLimit = uint64_t{1} << 62;
  const auto limit = ParseNumber(texts.limit);
  const auto usage = ParseNumber(texts.usage);
  if (!limit || !usage || *limit >= kNoLimit) return std::nullopt;
  auto droppable = FindNumber(texts.stat, "total_inactive_file ");  // v1; its inactive_file leaves out child groups
  if (!droppable) droppable = FindNumber(texts.stat, "inactive_file ");
  return MemoryGroup{*limit, *usage - std::min(*usage, droppable.value_or(0))};
}

// What the groups that this process is in say, of both versions.
std::vector<MemoryGroupTexts> MemoryGroups() {
  const CgroupFolders folders = FindCgroupFolders(ReadSmallFile("/proc/self/cgroup"), "memory");
  std::vector<MemoryGroupTexts> groups;
  for (const std::string& folder : folders.v2) {
    groups.push_back({ReadSmallFile(folder + "/memory.max"), ReadSmallFile(folder + "/memory.current"),
                      ReadSmallFile(folder + "/memory.stat")});
  }
  for (const std::string& folder : folders.v1) {
    groups.push_back({ReadSmallFile(folder + "/memory.limit_in_bytes"),
                      ReadSmallFile(folder + "/memory.usage_in_bytes"), ReadSmallFile(folder + "/memory.stat")});
  }
  return groups;
}

}  // namespace

CgroupFolders FindCgroupFolders(std::string_view proc_cgroup, std::string_view controller) {
  CgroupFolders folders;
  while (!proc_cgroup.empty()) {
    std::string_view path = TakeUntil(proc_cgroup, '\n');  // "4:cpu,cpuacct:/user.slice"; v2: "0::/user.slice"
    const std::string_view number = TakeUntil(path, ':');
    const std::string_view controllers = TakeUntil(path, ':');
    if (path.empty() || path.front() != '/') continue;
    if (number == "0" && controllers.empty()) {
      folders.v2 = WithParents("/sys/fs/cgroup", path);
    } else if (ListContains(controllers, controller)) {
      folders.v1 = WithParents("/sys/fs/cgroup/" + std::string(controller), path);
    }
  }
  return folders;
}

std::optional<double> ParseCfsQuota(std::string_view quota, std::string_view period) {
  const auto quota_us = ParseNumber(quota);
  const auto period_us = ParseNumber(period);
  if (!quota_us || !period_us || *quota_us == 0 || *period_us == 0) return std::nullopt;
  return double(*quota_us) / double(*period_us);
}

std::optional<double> ParseCpuMax(std::string_view text) {
  text = Trim(text);
  const std::string_view quota = TakeUntil(text, ' ');
  return ParseCfsQuota(quota, text);
}

std::optional<uint64_t> FindNumber(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = TakeUntil(text, '\n');
    if (line.starts_with(key)) return ParseNumber(line.substr(key.size()));
  }
  return std::nullopt;
}

std::optional<uint64_t> ParseMemoryRest(const MemoryGroupTexts& texts) {
  const std::optional<MemoryGroup> group = ParseMemoryGroup(texts);
  if (!group) return std::nullopt;
  return group->limit_bytes - std::min(group->limit_bytes, group->held_bytes);
}

std::optional<double> ParseMemoryShare(const MemoryGroupTexts& texts) {
  const std::optional<MemoryGroup> group = ParseMemoryGroup(texts);
  if (!group || group->limit_bytes == 0) return std::nullopt;
  return std::min(1.0, double(group->held_bytes) / double(group->limit_bytes));
}

std::optional<double> ParseStalledPercent(std::string_view text) {
  constexpr std::string_view kKey = "some avg10=";
  const std::string_view line = TakeUntil(text, '\n');
  if (!line.starts_with(kKey)) return std::nullopt;
  const std::string_view number = line.substr(kKey.size(), line.find(' ', kKey.size()) - kKey.size());
  double percent = 0;
  const auto parsed = std::from_chars(number.begin(), number.end(), percent);
  if (parsed.ec != std::errc() || parsed.ptr != number.end()) return std::nullopt;
  return percent;
}

std::string ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::optional<double> CgroupCpuQuota() {
  const CgroupFolders folders = FindCgroupFolders(ReadSmallFile("/proc/self/cgroup"), "cpu");
  std::optional<double> quota;
  for (const std::string& folder : folders.v2) KeepSmaller(quota, ParseCpuMax(ReadSmallFile(folder + "/cpu.max")));
  for (const std::string& folder : folders.v1) {
    KeepSmaller(quota, ParseCfsQuota(ReadSmallFile(folder + "/cpu.cfs_quota_us"),
                                     ReadSmallFile(folder + "/cpu.cfs_period_us")));
  }
  return quota;
}

std::optional<uint64_t> CgroupMemoryRest() {
  std::optional<uint64_t> rest;
  for (const MemoryGroupTexts& texts : MemoryGroups()) KeepSmaller(rest, ParseMemoryRest(texts));
  return rest;
}

std::optional<double> CgroupMemoryShare() {
  std::optional<double> share;
  for (const MemoryGroupTexts& texts : MemoryGroups()) {
    const std::optional<double> one = ParseMemoryShare(texts);
    if (one) share = std::max(share.value_or(0), *one);
  }
  return share;
}

std::optional<double> MemoryStalledPercent() {
  for (const std::string& folder : FindCgroupFolders(ReadSmallFile("/proc/self/cgroup"), "memory").v2) {
    const auto stalled = ParseStalledPercent(ReadSmallFile(folder + "/memory.pressure"));
    if (stalled) return stalled;
  }
  return ParseStalledPercent(ReadSmallFile("/proc/pressure/memory"));
}

}  // namespace sterna::platform
