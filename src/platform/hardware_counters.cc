// SPDX-License-Identifier: Apache-2.0
#include "platform/hardware_counters.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "platform/cgroup.h"

#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sterna::platform {

#if defined(__linux__)
namespace {

constexpr uint64_t kEvents[] = {PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_INSTRUCTIONS, PERF_COUNT_HW_CACHE_REFERENCES,
                                PERF_COUNT_HW_CACHE_MISSES};

int OpenEvent(uint64_t event) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof(attributes);
  attributes.config = event;
  attributes.inherit = 1;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  return int(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

Status WhyNot(int error) {
  if (error != EACCES && error != EPERM) {
    return Status::Unavailable(
        fmt::format("no hardware counters here (a virtual machine?): perf_event_open says: {}", std::strerror(error)));
  }
  std::string level = ReadSmallFile("/proc/sys/kernel/perf_event_paranoid");
  while (!level.empty() && level.back() == '\n') level.pop_back();
  return Status::Unavailable(
      fmt::format("perf_event_open is not allowed (kernel.perf_event_paranoid is {}; 2 or less would do, or a "
                  "container forbids it)",
                  level.empty() ? "unknown" : level));
}

uint64_t ReadEvent(int file) {
  struct {
    uint64_t value, enabled, running;
  } count{};
  if (file < 0 || read(file, &count, sizeof(count)) != ssize_t(sizeof(count)) || count.running == 0) return 0;
  if (count.running >= count.enabled) return count.value;
  return uint64_t(double(count.value) * double(count.enabled) / double(count.running));
}

}  // namespace

// Caches are not counted everywhere; cycles and instructions are what counting takes at least.
Result<HardwareCounters> HardwareCounters::Open() {
  static_assert(std::size(kEvents) == kCount);
  HardwareCounters counters;
  for (size_t i = 0; i < kCount; ++i) {
    counters.files_[i] = OpenEvent(kEvents[i]);
    if (counters.files_[i] < 0 && i < 2) return WhyNot(errno);
  }
  return counters;
}

HardwareCounters::HardwareCounters(HardwareCounters&& other) noexcept : files_(other.files_) { other.files_.fill(-1); }

HardwareCounters::~HardwareCounters() {
  for (const int file : files_) {
    if (file >= 0) close(file);
  }
}

HardwareCounts HardwareCounters::Read() const {
  return {ReadEvent(files_[0]), ReadEvent(files_[1]), ReadEvent(files_[2]), ReadEvent(files_[3])};
}

#else

Result<HardwareCounters> HardwareCounters::Open() {
  return Status::Unavailable("hardware counters are read on Linux only");
}
HardwareCounters::HardwareCounters(HardwareCounters&& other) noexcept : files_(other.files_) {}
HardwareCounters::~HardwareCounters() = default;
HardwareCounts HardwareCounters::Read() const { return {}; }

#endif

}  // namespace sterna::platform
