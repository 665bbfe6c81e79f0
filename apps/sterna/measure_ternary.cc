// SPDX-License-Identifier: Apache-2.0
#include "measure_ternary.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <vector>

#include "base/status_macros.h"
#include "kernels/dispatch.h"
#include "platform/aligned_buffer.h"
#include "platform/thread_pool.h"

namespace sterna::cli {
namespace {

using Clock = std::chrono::steady_clock;

// 16 rows of 1024 columns: 4 KiB of codes, and 16 KiB of activations for 16 tokens. More rows for kernels that bring
// activations into another form first.
constexpr size_t kRows = 16, kRowsWithScratch = 512;
constexpr size_t kBlocks = 8;
constexpr size_t kColumns = kBlocks * kernels::kTernaryBlockColumns;
constexpr double kSecondsPerRun = 0.05;
constexpr int kRuns = 4;

// One worker's own copy of everything.
struct Workload {
  size_t row_count = kRows;
  AlignedBuffer codes, values, out, scratch;
  std::vector<float> scales;
  std::vector<int32_t> sums;

  static Result<Workload> Create(const kernels::TernaryScratch& wanted, size_t tokens) {
    Workload work;
    if (wanted.bytes > 0 && tokens >= wanted.least_tokens) {
      work.row_count = kRowsWithScratch;
      STERNA_ASSIGN_OR_RETURN(work.scratch, AlignedBuffer::Create(wanted.bytes));
    }
    STERNA_ASSIGN_OR_RETURN(work.codes, AlignedBuffer::Create(work.row_count * kBlocks * kernels::kTernaryBlockBytes));
    STERNA_ASSIGN_OR_RETURN(work.values, AlignedBuffer::Create(tokens * kColumns));
    STERNA_ASSIGN_OR_RETURN(work.out, AlignedBuffer::Create(tokens * work.row_count * sizeof(float)));
    const auto codes = work.codes.as<uint8_t>();
    std::fill(codes.begin(), codes.end(), uint8_t{0b00011000});  // codes 0, 1, 2, 0: no value is special to a kernel
    const auto values = work.values.as<int8_t>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int8_t>(int(i * 37 % 255) - 127);
    work.scales.assign(tokens, 1.0f);
    for (size_t t = 0; t < tokens; ++t) {
      int32_t sum = 0;
      for (size_t i = 0; i < kColumns; ++i) sum += values[t * kColumns + i];
      work.sums.push_back(sum);
    }
    return work;
  }

  // Calls until `seconds` have passed; returns multiply-adds per second.
  double Run(const kernels::KernelTable& table, double seconds) {
    const kernels::TernaryRows weights{codes.as<uint8_t>().data(), row_count, kBlocks, 1.0f, nullptr};
    const kernels::Int8Rows rows{values.as<int8_t>().data(),
                                 scales.data(),
                                 sums.data(),
                                 scales.size(),
                                 kColumns,
                                 scratch.size() > 0 ? scratch.data() : nullptr};
    const auto start = Clock::now();
    uint64_t calls = 0;
    double passed = 0;
    while (passed < seconds) {
      for (int i = 0; i < 64; ++i) table.ternary_linear(weights, rows, out.as<float>().data(), row_count);
      calls += 64;
      passed = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return double(calls) * double(row_count * kColumns * scales.size()) / passed;
  }
};

// The sum of one(thread) over `threads` threads at once; the best of a few runs.
template <class One>
Result<double> BestRate(uint32_t threads, One&& one) {
  STERNA_ASSIGN_OR_RETURN(const auto pool, platform::ThreadPool::Create(threads));
  double best = 0;
  std::vector<double> rates(threads);
  for (int run = 0; run < kRuns; ++run) {
    pool->ParallelFor(threads, [&](size_t piece, uint32_t) { rates[piece] = one(piece); });
    best = std::max(best, std::accumulate(rates.begin(), rates.end(), 0.0));
  }
  return best;
}

}  // namespace

Result<double> MeasureTernaryMacsPerSecond(const kernels::KernelTable& table, uint32_t threads, size_t tokens) {
  std::vector<Workload> work;
  for (uint32_t i = 0; i < threads; ++i) {
    STERNA_ASSIGN_OR_RETURN(Workload one, Workload::Create(table.ternary_scratch, tokens));
    work.push_back(std::move(one));
  }
  return BestRate(threads, [&](size_t thread) { return work[thread].Run(table, kSecondsPerRun); });
}

Result<double> MeasureIntegerPeak(const kernels::KernelTable& table, uint32_t threads) {
  if (table.integer_peak == nullptr) return 0.0;
  return BestRate(threads, [&](size_t) {
    const auto start = Clock::now();
    double macs = 0, passed = 0;
    while (passed < kSecondsPerRun) {
      macs += double(table.integer_peak(100'000));
      passed = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return macs / passed;
  });
}

Result<double> MeasureIntegerPeakOf(std::string_view name, uint32_t threads) {
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    if (name == table->isa) return MeasureIntegerPeak(*table, threads);
  }
  return 0.0;
}

}  // namespace sterna::cli
