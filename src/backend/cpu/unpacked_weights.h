// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/cpu/cpu_counters.h"
#include "backend/cpu/ternary_weights.h"
#include "backend/cpu/work_splitter.h"
#include "backend/unpack_options.h"
#include "platform/aligned_buffer.h"

namespace sterna::backend {

// Weights -1, 0, 1 of rows, a byte each: [rows][stride].
struct Int8Weights {
  const int8_t* values = nullptr;  // null: there are none
  size_t stride = 0;
};

// Packed codes (kernels/table.h) to values.
void UnpackCodes(const uint8_t* codes, size_t blocks, int8_t* values);
// Rows first .. first + count - 1 times int8 rows: what KernelTable::ternary_linear gives for their codes.
void Int8Linear(const Int8Weights& w, float scale, size_t first, size_t count, const kernels::Int8Rows& x, float* out,
                size_t out_stride);
// The same as KernelTable::ternary_listed_rows.
void Int8ListedRows(const Int8Weights& w, float scale, const kernels::Int8Rows& x, const uint32_t* listed, size_t count,
                    float* out);

// As RepackTernary, to values instead of codes. With several scales in a row: to codes.
Result<TernaryMatrix> UnpackTernary(const quant::TernarySource& source, float scale_factor, WeightArena& arena,
                                    platform::ThreadPool& pool);
// Values in place of the codes of a matrix that is stored by row with one scale for each; others stay as they are.
Status UnpackMatrix(TernaryMatrix& matrix, WeightArena& arena, platform::ThreadPool& pool);

// Values of packed matrices that steps of many rows need again and again.
class UnpackedCache {
 public:
  explicit UnpackedCache(const UnpackOptions& options) : options_(options) {}
  // Takes its memory: no more than all matrices need.
  Status Allocate(std::span<const TernaryMatrix> matrices, const BufferPlacement& placement);

  // Values of matrix `index`, unpacked now if that was not done before; none where there is no room for them.
  Int8Weights Take(size_t index, const TernaryMatrix& matrix, WorkSplitter& work);
  uint64_t size_bytes() const { return values_.size(); }

 private:
  const UnpackOptions options_;
  AlignedBuffer values_;
  uint64_t used_bytes_ = 0;
  std::vector<const int8_t*> of_matrix_;  // null: not there
};

}  // namespace sterna::backend
