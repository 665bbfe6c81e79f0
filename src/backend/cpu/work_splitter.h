// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/cpu/cpu_backend.h"
#include "kernels/table.h"
#include "platform/thread_pool.h"

namespace sterna::backend {

// Decides whether an operation is worth waking the pool for, and counts. Which thread does which piece never changes a
// result: pieces write disjoint outputs and each output is computed by one piece.
class WorkSplitter {
 public:
  WorkSplitter(platform::ThreadPool& pool, const CpuBackendOptions& options) : pool_(pool), options_(options) {}

  void BeginStep(size_t rows) {
    workers_ = rows <= options_.decode_rows ? options_.decode_workers : options_.prefill_workers;
  }

  // body(piece, worker) for each piece; on the caller's thread (worker 0) when `cost`, in multiply-adds or float
  // elements, is below the threshold.
  template <class Body>
  void Run(uint64_t cost, size_t piece_count, Body&& body) {
    if (cost < options_.parallel_threshold || piece_count <= 1 || pool_.thread_count() == 1 || workers_ == 1) {
      for (size_t piece = 0; piece < piece_count; ++piece) body(piece, uint32_t{0});
      return;
    }
    ++counters_.parallel_regions;
    counters_.work_items += piece_count;
    monitor::WorkerTimes* const times = options_.worker_times;
    if (times == nullptr || !times->on()) return pool_.ParallelFor(piece_count, body, workers_);
    pool_.ParallelFor(
        piece_count, [&](size_t piece, uint32_t worker) { times->Note(worker, [&] { body(piece, worker); }); },
        workers_);
  }

  // body(row, worker) for each of `rows` rows of `columns` floats, neighbouring rows in one piece.
  template <class Body>
  void RunRows(size_t rows, size_t columns, Body&& body) {
    const size_t wanted = options_.work_item_bytes / sizeof(float) / (columns == 0 ? 1 : columns);
    const size_t piece_rows = wanted == 0 ? 1 : wanted;
    Run(uint64_t{rows} * columns, (rows + piece_rows - 1) / piece_rows, [&](size_t piece, uint32_t worker) {
      const size_t end = (piece + 1) * piece_rows < rows ? (piece + 1) * piece_rows : rows;
      for (size_t row = piece * piece_rows; row < end; ++row) body(row, worker);
    });
  }

  // Weight rows that make about one piece of work: a multiple of 16 (one cache line of outputs) where it can be.
  size_t WeightRowsPerPiece(size_t row_bytes) const {
    const size_t rows = options_.work_item_bytes / (row_bytes == 0 ? 1 : row_bytes);
    if (rows >= 16) return rows / 16 * 16;
    return rows >= 4 ? rows / 4 * 4 : (rows == 0 ? 1 : rows);
  }

  // Weight rows of a piece whose activations are brought into another form first (tables, tiles): all rows, or fewer
  // when `runs` pieces are too few for the threads to share out evenly.
  size_t WeightRowsWithScratch(size_t rows, size_t runs) const {
    if (pool_.thread_count() == 1) return rows;
    const size_t wanted = (size_t{kPiecesPerThread} * pool_.thread_count() + runs - 1) / runs;
    const size_t most = rows / kMinScratchRows == 0 ? 1 : rows / kMinScratchRows;
    const size_t parts = wanted < most ? wanted : most;
    return ((rows + parts - 1) / parts + 15) / 16 * 16;
  }

  const CpuBackendCounters& counters() const { return counters_; }
  CpuBackendCounters& counters() { return counters_; }
  const CpuBackendOptions& options() const { return options_; }

 private:
  static constexpr size_t kPiecesPerThread = 4;
  static constexpr size_t kMinScratchRows = 512;

  platform::ThreadPool& pool_;
  CpuBackendOptions options_;
  uint32_t workers_ = platform::ThreadPool::kMaxThreads;
  CpuBackendCounters counters_;
};

}  // namespace sterna::backend
