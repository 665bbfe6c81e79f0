// SPDX-License-Identifier: Apache-2.0
#include "measure_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <string>

#include "base/status_macros.h"
#include "platform/aligned_buffer.h"
#include "platform/memory_usage.h"
#include "platform/thread_pool.h"

namespace sterna::cli {
namespace {

constexpr uint64_t kLargestBufferBytes = uint64_t{1} << 30;
constexpr uint64_t kPieceBytes = uint64_t{1} << 21;
constexpr size_t kPrefetchBytes = 4096;
constexpr size_t kLineBytes = 64;
constexpr int kPasses = 4;

std::atomic<uint64_t> g_sink{0};  // keeps the reads from being optimized away

uint64_t SumLines(const uint64_t* words, size_t bytes) {
  uint64_t lanes[8] = {};
  for (size_t line = 0; line < bytes / kLineBytes; ++line) {
    const uint64_t* at = words + line * 8;
    __builtin_prefetch(reinterpret_cast<const char*>(at) + kPrefetchBytes);
    for (size_t i = 0; i < 8; ++i) lanes[i] += at[i];
  }
  uint64_t sum = 0;
  for (const uint64_t lane : lanes) sum += lane;
  return sum;
}

double SecondsOfOnePass(platform::ThreadPool& pool, std::span<const uint64_t> words) {
  const size_t pieces = words.size_bytes() / kPieceBytes;
  const auto start = std::chrono::steady_clock::now();
  pool.ParallelFor(pieces, [&](size_t piece, uint32_t) {
    g_sink += SumLines(words.data() + piece * (kPieceBytes / sizeof(uint64_t)), kPieceBytes);
  });
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Anonymous memory of this process that lies in huge pages.
uint64_t HugePageBytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string key; rollup >> key;) {
    uint64_t kilobytes = 0;
    if (key == "AnonHugePages:" && rollup >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

std::vector<uint32_t> ThreadCountsUpTo(uint32_t most) {
  std::vector<uint32_t> counts;
  for (uint32_t count = 1; count < most; count *= 2) counts.push_back(count);
  counts.push_back(most);
  return counts;
}

Result<BandwidthReport> MeasureReadBandwidth(const std::vector<uint32_t>& thread_counts) {
  const uint64_t wanted = std::min(kLargestBufferBytes, platform::AvailableMemoryBytes() / 4);
  BandwidthReport report;
  report.buffer_bytes = std::max(wanted, kPieceBytes) / kPieceBytes * kPieceBytes;
  STERNA_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Create(report.buffer_bytes));
  const std::span<uint64_t> words = buffer.as<uint64_t>();
  const uint64_t huge_before = HugePageBytes();
  std::fill(words.begin(), words.end(), 1);  // pages that were never written are all the same page of zeros
  report.huge_page_bytes = std::min(report.buffer_bytes, std::max(HugePageBytes(), huge_before) - huge_before);
  for (const uint32_t threads : thread_counts) {
    STERNA_ASSIGN_OR_RETURN(const auto pool, platform::ThreadPool::Create(threads));
    double best = SecondsOfOnePass(*pool, words);
    for (int pass = 1; pass < kPasses; ++pass) best = std::min(best, SecondsOfOnePass(*pool, words));
    report.by_threads.push_back({threads, double(report.buffer_bytes) / best / 1e9});
  }
  return report;
}

}  // namespace sterna::cli
