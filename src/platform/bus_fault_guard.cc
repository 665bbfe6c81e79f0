// SPDX-License-Identifier: Apache-2.0
#include "platform/bus_fault_guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace sterna::platform {
namespace {

// Read by the signal handler, so nothing but lock-free atomics. No begin: the slot's range is not watched.
struct Range {
  std::atomic<bool> taken = false;
  std::atomic<std::byte*> begin = nullptr;
  std::atomic<size_t> size_bytes = 0;  // whole pages
  std::atomic<bool> faulted = false;
};
static_assert(std::atomic<std::byte*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

// Process-wide because the signal handler is.
constinit std::array<Range, BusFaultGuard::kMaxRanges> g_ranges;
constinit struct sigaction g_previous = {};
constinit size_t g_page_bytes = 0;

// True when the address lies in a watched range, whose rest is zero pages from now on.
bool PatchRange(uintptr_t address) {
  for (Range& range : g_ranges) {
    std::byte* const begin = range.begin.load(std::memory_order_acquire);
    const size_t size_bytes = range.size_bytes.load(std::memory_order_relaxed);
    const size_t offset = address - reinterpret_cast<uintptr_t>(begin);  // wraps to a huge value before the range
    if (begin == nullptr || offset >= size_bytes) continue;
    // What follows the page is gone as well when the file shrank; one patch instead of one per page also keeps the
    // number of mappings small, which the kernel limits.
    const size_t page = offset / g_page_bytes * g_page_bytes;
    range.faulted.store(true, std::memory_order_release);
    return mmap(begin + page, size_bytes - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
           MAP_FAILED;
  }
  return false;
}

void CallPrevious(int signal_number, siginfo_t* info, void* context) {
  if (g_previous.sa_flags & SA_SIGINFO) {
    g_previous.sa_sigaction(signal_number, info, context);
  } else if (g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN) {
    g_previous.sa_handler(signal_number);
  } else {
    // The instruction faults again on return and the process ends as it would have without this handler.
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    sigaction(SIGBUS, &standard, nullptr);
    if (info->si_code <= 0) raise(SIGBUS);  // sent by a process: no instruction will fault again
  }
}

void OnBusFault(int signal_number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const bool from_kernel = info->si_code > 0;
  const bool patched = from_kernel && PatchRange(reinterpret_cast<uintptr_t>(info->si_addr));
  if (!patched) CallPrevious(signal_number, info, context);
  errno = saved_errno;
}

bool InstallHandler() {
  g_page_bytes = size_t(sysconf(_SC_PAGESIZE));
  struct sigaction action = {};
  action.sa_sigaction = OnBusFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, &g_previous) == 0;
}

}  // namespace

BusFaultGuard BusFaultGuard::Watch(void* begin, size_t size_bytes) {
  static const bool installed = InstallHandler();
  BusFaultGuard guard;
  if (!installed) return guard;
  for (size_t slot = 0; slot < g_ranges.size(); ++slot) {
    Range& range = g_ranges[slot];
    if (range.taken.exchange(true, std::memory_order_acquire)) continue;
    // The kernel maps whole pages, so the guard covers the last one whole.
    range.faulted.store(false, std::memory_order_relaxed);
    range.size_bytes.store((size_bytes + g_page_bytes - 1) / g_page_bytes * g_page_bytes, std::memory_order_relaxed);
    range.begin.store(static_cast<std::byte*>(begin), std::memory_order_release);
    guard.slot_ = slot;
    return guard;
  }
  return guard;
}

BusFaultGuard::~BusFaultGuard() {
  if (!active()) return;
  Range& range = g_ranges[slot_];
  range.begin.store(nullptr, std::memory_order_relaxed);
  range.taken.store(false, std::memory_order_release);
}

BusFaultGuard& BusFaultGuard::operator=(BusFaultGuard&& other) noexcept {
  BusFaultGuard moved(std::move(other));
  std::swap(slot_, moved.slot_);
  return *this;
}

bool BusFaultGuard::Faulted() const { return active() && g_ranges[slot_].faulted.load(std::memory_order_acquire); }

}  // namespace sterna::platform
